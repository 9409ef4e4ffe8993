package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Fault;
import io.quire.engine.store.FaultyStore;
import io.quire.engine.store.FaultyStore.Moment;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreOperation;
import io.quire.engine.tree.PageTree;
import io.quire.engine.write.WritePolicies;

/** The numbered cases of native-notes/write-path.md, under every policy: what a store that fails, dirty pages and readers see. */
class WriteCasesTest extends CacheFixture {
    private static final int PAGES = 6;
    /** From inside a page to inside another, blocks cut in two at both ends. */
    private static final int OFFSET = 100;
    private static final int LENGTH = 3 * PAGE;
    private static final byte MARK = 0x77;

    private final FaultyStore faults = new FaultyStore(new MemoryStore());
    private final ProbeFile stored = new ProbeFile();
    private final byte[] before = random(1, PAGES * PAGE);
    private final byte[] after = random(2, PAGES * PAGE);
    private CachedFile target;

    @BeforeEach
    void openTarget() throws IOException {
        target = cache.open(faults.wrap(stored, "file"));
        assertThat(target.write(0, before, 0, before.length)).isEqualTo(before.length);
    }

    @AfterEach
    void closeTarget() throws IOException {
        points.letGo();
        faults.hook((moment, call) -> { });
        faults.heal();
        target.close();
        faults.close();
    }

    private void under(final String policy, final boolean cached) throws CacheException {
        cache.writePolicy(WritePolicies.byName(policy));
        target.invalidate();
        if (cached) {
            read(target, 0, before.length);
        }
    }

    private Mapping mapping() {
        return cache.mappings.get(2L);
    }

    private boolean isCached(final long index) {
        return PageTree.isPage(mapping().tree.lookup(index));
    }

    private int frame(final long index) {
        final int entry = mapping().tree.lookup(index);
        assertThat(PageTree.isPage(entry)).as("page %d is cached", index).isTrue();
        return PageTree.frame(entry);
    }

    /** What a file of {@code before} is after so many bytes of the usual write. */
    private byte[] written(final int bytes) {
        final byte[] expected = before.clone();
        System.arraycopy(after, 0, expected, OFFSET, bytes);
        return expected;
    }

    private int write() throws CacheException {
        return target.write(OFFSET, after, 0, LENGTH);
    }

    private void assertTarget(final byte[] expected) throws CacheException {
        assertThat(target.size()).isEqualTo(expected.length);
        assertThat(read(target, 0, expected.length + 1)).as("through the cache").isEqualTo(expected);
        assertThat(stored.content(0, expected.length + 1)).as("in the store").isEqualTo(expected);
    }

    // ---- the store ----

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X1: the store throws at once: its errno, the old bytes, the error once at the next sync; what was touched leaves")
    void storeThrowsAtOnce(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        faults.onNext(StoreOperation.WRITE, Fault.error(Errno.ENOSPC));
        assertErrno(Errno.ENOSPC, this::write);
        assertThat(isCached(0)).isFalse();
        assertTarget(before);
        assertErrno(Errno.ENOSPC, () -> target.sync(false));
        target.sync(false);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X2: the store writes some bytes, then throws: their count; the pages behind leave; the error at the next sync")
    void storeThrowsLater(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        faults.onNext(StoreOperation.WRITE, Fault.errorAfter(1000, Errno.EDQUOT));
        assertThat(write()).isEqualTo(1000);
        assertThat(isCached(0)).as("the page with the last byte that arrived, and more that did not").isFalse();
        assertTarget(written(1000));
        assertErrno(Errno.EDQUOT, () -> target.sync(true));
        target.sync(true);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X3: the store is short: the write goes on where it stopped, and nobody sees an error")
    void storeIsShort(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        faults.onNext(StoreOperation.WRITE, Fault.shorten(1000));
        final long calls = faults.calls(StoreOperation.WRITE);
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(faults.calls(StoreOperation.WRITE) - calls).isGreaterThan(1);
        assertTarget(written(LENGTH));
        target.sync(true);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X4: the store takes nothing without an error: EIO, as if it had thrown")
    void storeTakesNothing(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        stored.behave(new ProbeFile.Behaviour() {
            @Override
            public long limit(final ProbeFile.Call call) {
                return call.is(ProbeFile.Kind.WRITE) ? 0 : Long.MAX_VALUE;
            }
        });
        assertErrno(Errno.EIO, this::write);
        stored.behaveWell();
        assertTarget(before);
        assertErrno(Errno.EIO, () -> target.sync(false));
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true, BEFORE", "true, AFTER", "false, BEFORE", "false, AFTER"})
    @DisplayName("X5: the store breaks: its exception; no page of the batch stays, as nobody knows what arrived; EIO at the next sync")
    void storeBreaks(final String policy, final boolean cached, final Moment when) throws Exception {
        under(policy, cached);
        faults.hook((moment, call) -> {
            if (moment == when && call.operation() == StoreOperation.WRITE) {
                throw new IllegalStateException("a bug of the store");
            }
        });
        assertThatThrownBy(this::write).isInstanceOf(IllegalStateException.class).hasMessage("a bug of the store");
        faults.hook((moment, call) -> { });
        assertThat(isCached(0)).isFalse();
        assertTarget(stored.content(0, before.length));
        assertErrno(Errno.EIO, () -> target.sync(false));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X6: the store cannot tell its holes: range ends with its errno before a byte is written; others do not ask")
    void storeCannotTellItsHoles(final String policy) throws Exception {
        under(policy, false);
        faults.from(StoreOperation.MAP, 1, Fault.error(Errno.EIO));
        if (policy.equals("range")) {
            assertErrno(Errno.EIO, this::write);
            assertTarget(before);
        } else {
            assertThat(write()).isEqualTo(LENGTH);
            assertTarget(written(LENGTH));
        }
        target.sync(false);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X7: the store cannot be read: no write needs it; read-head ends its batch as multi-page does")
    void storeCannotBeRead(final String policy) throws Exception {
        under(policy, false);
        faults.from(StoreOperation.READ, 1, Fault.error(Errno.EIO));
        assertThat(write()).isEqualTo(LENGTH);
        faults.heal();
        assertTarget(written(LENGTH));
        target.sync(false);
    }

    @ParameterizedTest
    @CsvSource({"one-page, 4, 0, 0", "multi-page-locked, 1, 0, 0", "multi-page, 2, 0, 0", "multi-page-read-head, 1, 1, 0",
        "range, 2, 0, 1"})
    @DisplayName("W1, W6: what a write costs the store that begins and ends inside pages that are not cached")
    void storeCalls(final String policy, final int writes, final int reads, final int maps) throws Exception {
        under(policy, false);
        stored.forgetCalls();
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(stored.calls(ProbeFile.Kind.WRITE)).hasSize(writes);
        assertThat(stored.calls(ProbeFile.Kind.READ)).hasSize(reads);
        assertThat(stored.calls(ProbeFile.Kind.MAP)).hasSize(maps);
        assertTarget(written(LENGTH));
    }

    // ---- pages that are dirty through a region ----

    /** What a store through a region does to a page. */
    private void storeThroughRegion(final long index, final int at) {
        cache.dirty.mark(mapping(), index, frame(index), cache.threads.current());
        OffHeap.putByte(cache.arena.address(frame(index)) + at, MARK);
    }

    private void assertDirty(final long index) {
        assertThat(cache.descriptors.has(frame(index), DIRTY | UPTODATE)).as("page %d is dirty", index).isTrue();
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X13: a dirty page that is written stays dirty: the store gets what was written, a writeback the rest")
    void dirtyPageIsWritten(final String policy) throws Exception {
        under(policy, true);
        storeThroughRegion(0, 7);
        storeThroughRegion(1, 7);
        assertThat(write()).isEqualTo(LENGTH);
        assertDirty(0);
        assertThat(stored.content(0, PAGES * PAGE)).as("the store has what was written").isEqualTo(written(LENGTH));
        final byte[] expected = written(LENGTH);
        expected[7] = MARK;
        assertThat(read(target, 0, expected.length)).as("and the cache both").isEqualTo(expected);
        target.sync(true);
        assertTarget(expected);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X14, W10: the store fails under a dirty page: the page stays, uptodate and dirty, with what came through the region")
    void storeFailsUnderADirtyPage(final String policy) throws Exception {
        under(policy, true);
        storeThroughRegion(0, 7);
        faults.onNext(StoreOperation.WRITE, Fault.error(Errno.ENOSPC));
        assertErrno(Errno.ENOSPC, this::write);
        assertDirty(0);
        assertThat(read(target, 0, OFFSET)[7]).isEqualTo(MARK);
        assertThat(stored.content(0, before.length)).isEqualTo(before);
        assertThat(read(target, PAGE, before.length - PAGE)).as("pages that are not dirty")
            .isEqualTo(Arrays.copyOfRange(before, PAGE, before.length));
        assertErrno(Errno.ENOSPC, () -> target.sync(false));
        assertThat(stored.content(0, OFFSET)[7]).as("written back").isEqualTo(MARK);
        assertThat(read(target, 0, before.length)).isEqualTo(stored.content(0, before.length));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X15: a dirty last page whose growing write fails keeps zeros beyond the size: nothing comes back later")
    void dirtyLastPage(final String policy) throws Exception {
        target.truncate(300);
        under(policy, true);
        storeThroughRegion(0, 7);
        faults.onNext(StoreOperation.WRITE, Fault.error(Errno.ENOSPC));
        assertErrno(Errno.ENOSPC, this::write);
        assertThat(target.size()).isEqualTo(300);
        assertDirty(0);
        assertThat(bytesAt(cache.arena.address(frame(0)) + 300, PAGE - 300)).containsOnly(0);
        assertErrno(Errno.ENOSPC, () -> target.sync(true));
        assertThat(target.write(600, after, 0, 10)).isEqualTo(10);
        assertThat(Arrays.copyOfRange(read(target, 0, 600), 300, 600)).containsOnly(0);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X16, W10: a page that gets dirty while its write is at the store stays when the store fails")
    void dirtyDuringTheStoreWrite(final String policy) throws Exception {
        under(policy, true);
        faults.hook((moment, call) -> {
            if (moment == Moment.BEFORE && call.operation() == StoreOperation.WRITE) {
                storeThroughRegion(0, 7);
            }
        });
        faults.onNext(StoreOperation.WRITE, Fault.error(Errno.EIO));
        assertErrno(Errno.EIO, this::write);
        assertDirty(0);
        assertThat(read(target, 0, OFFSET)[7]).isEqualTo(MARK);
        faults.hook((moment, call) -> { });
        assertErrno(Errno.EIO, () -> target.sync(true));
        assertThat(stored.content(0, OFFSET)[7]).as("written back").isEqualTo(MARK);
    }

    // ---- readers that race ----

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X17, X18: who reads the store itself sees old bytes until the store call, new ones from it on, before the write returns")
    void directReadBeforeAndAfterTheStoreCall(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        final AtomicReference<byte[]> first = new AtomicReference<>();
        final AtomicReference<byte[]> last = new AtomicReference<>();
        points.run(CachePoint.WRITE_BEFORE_STORE, () -> first.compareAndSet(null, stored.content(0, before.length)));
        points.run(CachePoint.WRITE_STORED, () -> last.set(stored.content(0, before.length)));
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(first.get()).isEqualTo(before);
        assertThat(last.get()).isEqualTo(written(LENGTH));
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X19: between two store calls of one write the store has the front of it, and a page is read whole, old or new")
    void directReadBetweenStoreCalls(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        faults.onNext(StoreOperation.WRITE, Fault.shorten(1000));
        final AtomicReference<byte[]> between = new AtomicReference<>();
        final long calls = faults.calls(StoreOperation.WRITE);
        faults.hook((moment, call) -> {
            if (moment == Moment.BEFORE && call.operation() == StoreOperation.WRITE && call.number() == calls + 2) {
                between.set(stored.content(0, before.length));
            }
        });
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(between.get()).isEqualTo(written(1000));
        assertTarget(written(LENGTH));
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X20: another handle reads new bytes while they are on their way, or waits for them where the page is locked")
    void otherHandleDuringTheStoreWrite(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        final Gate gate = new Gate();
        faults.hook((moment, call) -> {
            if (moment == Moment.BEFORE && call.operation() == StoreOperation.WRITE) {
                gate.pass();
            }
        });
        final byte[] page = Arrays.copyOf(after, PAGE);
        final Future<Integer> writer = start(() -> target.write(PAGE, page, 0, PAGE));
        gate.awaitArrival();
        final boolean waits = !cached && (policy.equals("one-page") || policy.equals("multi-page-locked"));
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        try (CachedFile other = target.reopen()) {
            final Future<byte[]> reader = start(() -> read(other, PAGE, PAGE));
            if (waits) {
                awaitSleeper(sleeps);
            } else {
                assertThat(end(reader)).isEqualTo(page);
            }
            assertThat(stored.content(PAGE, PAGE)).as("not stored yet").isEqualTo(Arrays.copyOfRange(before, PAGE, 2 * PAGE));
            gate.open();
            assertThat(end(reader)).isEqualTo(page);
        }
        assertThat(end(writer)).isEqualTo(PAGE);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X21: who drops the pages waits for the write, and then reads what the store has")
    void droppedDuringTheStoreWrite(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        final Gate gate = new Gate();
        faults.hook((moment, call) -> {
            if (moment == Moment.BEFORE && call.operation() == StoreOperation.WRITE) {
                gate.pass();
            }
        });
        final Future<Integer> writer = start(this::write);
        gate.awaitArrival();
        final Actor<byte[]> dropper = new Actor<>("dropper", () -> {
            target.invalidate();
            return read(target, 0, before.length);
        });
        assertThat(dropper.start().hasEnded()).as("the pages were dropped while the write was on its way").isFalse();
        gate.open();
        assertThat(end(writer)).isEqualTo(LENGTH);
        assertThat(dropper.end()).isEqualTo(written(LENGTH));
    }

    // ---- others that touch the pages ----

    private void reclaimAll() {
        final ThreadState state = cache.threads.current();
        for (int i = 0; i < 50; i++) {
            cache.reclaimer.reclaim(state);
        }
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("X22: reclaim while the batch is on its way takes none of its pages, and every other one")
    void reclaimDuringTheStoreWrite(final String policy, final boolean cached) throws Exception {
        under(policy, cached);
        final AtomicBoolean found = new AtomicBoolean();
        points.run(CachePoint.WRITE_BEFORE_STORE, () -> {
            reclaimAll();
            found.compareAndSet(false, isCached(0));
            assertThat(isCached(PAGES - 1)).as("a page that the write does not touch").isFalse();
        });
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(found).as("the first page of the write").isTrue();
        assertTarget(written(LENGTH));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X23: reclaim between finding a page and locking it takes it from nobody: the writer has a reference")
    void reclaimBeforeTheLock(final String policy) throws Exception {
        under(policy, true);
        points.run(CachePoint.WRITE_FOUND, this::reclaimAll);
        assertThat(write()).isEqualTo(LENGTH);
        assertTarget(written(LENGTH));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X24: a fault brings the page in that the writer has a frame for: the writer takes the fault's page")
    void faultBeforeTheInsertion(final String policy) throws Exception {
        under(policy, false);
        final AtomicBoolean once = new AtomicBoolean();
        points.run(CachePoint.WRITE_HAS_FRAME, () -> {
            if (once.compareAndSet(false, true)) {
                try {
                    assertThat(end(start(() -> read(target, 0, PAGE)))).isEqualTo(Arrays.copyOf(before, PAGE));
                } catch (final Exception e) {
                    throw new AssertionError(e);
                }
            }
        });
        assertThat(write()).isEqualTo(LENGTH);
        assertThat(once).isTrue();
        assertTarget(written(LENGTH));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("X27: memory runs out in the middle of a batch: the batch ends there, the write goes on with the frames it gives back")
    void memoryRunsOut(final String policy) throws Exception {
        under(policy, false);
        file.invalidate();
        final int leave = 3;
        final int[] held = new int[cache.allocator.available() - leave];
        for (int i = 0; i < held.length; i++) {
            held[i] = cache.allocator.allocate();
        }
        assertThat(target.write(OFFSET, after, 0, after.length - OFFSET)).isEqualTo(after.length - OFFSET);
        final byte[] expected = before.clone();
        System.arraycopy(after, 0, expected, OFFSET, after.length - OFFSET);
        assertTarget(expected);
        for (final int frame : held) {
            cache.allocator.free(frame);
        }
    }

    @Test
    @DisplayName("X28: no frame for the first page for as long as the cache is patient: ENOMEM, and nothing was written")
    void noMemoryAtAll() throws Exception {
        target.invalidate();
        final int[] held = new int[cache.allocator.available()];
        for (int i = 0; i < held.length; i++) {
            held[i] = cache.allocator.allocate();
        }
        final List<Future<?>> writers = new ArrayList<>();
        // All at once, as each waits for seconds.
        for (final WritePolicy policy : WritePolicies.all()) {
            writers.add(start(() -> {
                final ProbeFile own = new ProbeFile();
                try (CachedFile one = cache.open(own)) {
                    one.writePolicy(policy);
                    assertErrno(Errno.ENOMEM, () -> one.write(OFFSET, after, 0, LENGTH));
                    assertThat(own.storedSize()).isZero();
                    one.sync(false);
                }
                return null;
            }));
        }
        for (final Future<?> writer : writers) {
            end(writer);
        }
        for (final int frame : held) {
            cache.allocator.free(frame);
        }
        assertTarget(before);
    }
}
