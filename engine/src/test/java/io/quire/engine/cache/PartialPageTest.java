package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;
import io.quire.engine.write.WritePolicies;

/** Pages of which only some blocks are valid, as a write under {@code range} leaves them: C14, W6, W11. */
class PartialPageTest extends CacheFixture {
    private static final int PAGES = 6;
    private static final int BLOCK = 512;

    private final byte[] old = random(1, PAGES * PAGE);
    private final byte[] bytes = random(2, PAGES * PAGE);

    @BeforeEach
    void storedAndNotCached() throws Exception {
        write(0, old);
        file.invalidate();
        cache.writePolicy(WritePolicies.RANGE);
        store.forgetCalls();
    }

    private Mapping mapping() {
        return cache.mappings.values().iterator().next();
    }

    private int frame(final long index) {
        final int entry = mapping().tree.lookup(index);
        assertThat(PageTree.isPage(entry)).as("page %d is cached", index).isTrue();
        return PageTree.frame(entry);
    }

    private boolean isUptodate(final long index) {
        return cache.descriptors.has(frame(index), UPTODATE);
    }

    private int valid(final long index) {
        return cache.descriptors.validBlocks(frame(index));
    }

    /** Writes a piece, and what the file holds then. */
    private byte[] overwrite(final byte[] before, final int offset, final int length) throws CacheException {
        write(offset, Arrays.copyOfRange(bytes, offset, offset + length));
        final byte[] after = Arrays.copyOf(before, Math.max(before.length, offset + length));
        System.arraycopy(bytes, offset, after, offset, length);
        return after;
    }

    private void assertRead(final byte[] expected, final int offset, final int length) throws CacheException {
        assertThat(read(offset, length)).as("%d bytes at %d", length, offset)
            .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 512, 1", "512, 512, 2", "0, 1024, 3", "3584, 512, 128", "1024, 2048, 60", "100, 924, 2", "100, 1000, 2",
        "511, 514, 2", "4000, 96, 0", "100, 50, 0", "100, 500, 0"})
    @DisplayName("C14: a partial write of a page that is not cached reads nothing; it leaves the blocks that it covers, or no page")
    void blocksThatAreCovered(final int offset, final int length, final int blocks) throws Exception {
        final byte[] expected = overwrite(old, PAGE + offset, length);
        assertThat(store.calls(Kind.READ)).isEmpty();
        assertThat(store.calls(Kind.WRITE)).hasSize(1);
        assertThat(store.calls(Kind.MAP)).hasSize(1);
        assertThat(file.cachedPages()).isEqualTo(blocks == 0 ? 0 : 1);
        if (blocks != 0) {
            assertThat(isUptodate(1)).isFalse();
            assertThat(valid(1)).isEqualTo(blocks);
            assertThat(cache.locker.isLocked(frame(1))).isFalse();
            cache.verify();
        }
        assertContent(expected);
    }

    @Test
    @DisplayName("C14: a read that lies in valid blocks asks the store for nothing, and leaves the page as it is")
    void readOfValidBlocks() throws Exception {
        final byte[] expected = overwrite(old, PAGE + 512, 1024);
        assertRead(expected, PAGE + 512, 1024);
        assertRead(expected, PAGE + 700, 8);
        assertRead(expected, PAGE + 1535, 1);
        assertThat(store.calls(Kind.READ)).isEmpty();
        assertThat(isUptodate(1)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"511, 1", "1536, 1", "0, 4096", "600, 2000"})
    @DisplayName("C14: a read of anything else fills in what is missing, each run in one call, and the page is uptodate")
    void fillOfMissingBlocks(final int offset, final int length) throws Exception {
        final byte[] expected = overwrite(overwrite(old, PAGE + 512, 1024), PAGE + 3072, 512);
        assertThat(valid(1)).isEqualTo(0b0100_0110);
        assertRead(expected, PAGE + offset, length);
        assertThat(store.calls(Kind.READ)).extracting(call -> call.offset() + "+" + call.length())
            .containsExactly("4096+512", "5632+1536", "7680+512");
        assertThat(isUptodate(1)).isTrue();
        assertThat(valid(1)).isZero();
        assertRead(expected, PAGE, PAGE);
        assertThat(store.calls(Kind.READ)).hasSize(3);
        assertContent(expected);
    }

    @Test
    @DisplayName("C14: a write that adds the last missing block makes the page uptodate without a read")
    void completedByWriting() throws Exception {
        byte[] expected = overwrite(old, PAGE, 1024);
        expected = overwrite(expected, PAGE + 2048, 2048);
        assertThat(isUptodate(1)).isFalse();
        expected = overwrite(expected, PAGE + 1000, 1048);
        assertThat(isUptodate(1)).isTrue();
        assertThat(store.calls(Kind.READ)).isEmpty();
        assertContent(expected);
    }

    @Test
    @DisplayName("W11: a hole that the same write has stored into is none: also when the page leaves between its batches")
    void holeThatWasWrittenInto() throws Exception {
        file.punch(2 * PAGE, PAGE);
        final ProbeFile many = new ProbeFile();
        many.outsideWrite(0, random(3, 2 * (int) PageCache.MIN_CAPACITY));
        final Mapping mine = mapping();
        final CachedFile others = cache.open(many);
        final WriteSource source = new WriteSource() {
            private boolean ready;

            @Override
            public int copy(final long offset, final long destination, final int length) {
                final int n = offset == 0 ? 100 : ready ? length : 0;
                OffHeap.copyFromArray(bytes, (int) offset, destination, n);
                return n;
            }

            @Override
            public int faultIn(final long offset, final int length) throws CacheException {
                for (int page = 0; page < 2 * PageCache.MIN_CAPACITY / PAGE; page++) {
                    // Used more than once, so that they take the place of a page that was.
                    for (int use = 0; use < 4; use++) {
                        read(others, (long) page * PAGE, PAGE);
                    }
                }
                assertThat(PageTree.isPage(mine.tree.lookup(2))).as("the page was evicted").isFalse();
                ready = true;
                return length;
            }
        };
        assertThat(file.writeFrom(source, 2 * PAGE, 600)).isEqualTo(600);
        final byte[] expected = old.clone();
        Arrays.fill(expected, 2 * PAGE, 3 * PAGE, (byte) 0);
        System.arraycopy(bytes, 0, expected, 2 * PAGE, 600);
        assertRead(expected, 2 * PAGE, PAGE);
        others.close();
        assertContent(expected);
    }

    @Test
    @DisplayName("W11: blocks in a hole or beyond the end are zeros without a read; the page is uptodate")
    void holes() throws Exception {
        file.punch(2 * PAGE, PAGE);
        store.forgetCalls();
        byte[] expected = old.clone();
        Arrays.fill(expected, 2 * PAGE, 3 * PAGE, (byte) 0);
        expected = overwrite(expected, 2 * PAGE + 700, 100);
        assertThat(isUptodate(2)).isTrue();
        assertRead(expected, 2 * PAGE, PAGE);
        write(PAGES * PAGE + 1000, Arrays.copyOf(bytes, 7));
        expected = Arrays.copyOf(expected, PAGES * PAGE + 1007);
        System.arraycopy(bytes, 0, expected, PAGES * PAGE + 1000, 7);
        assertThat(isUptodate(PAGES)).isTrue();
        assertThat(store.calls(Kind.READ)).isEmpty();
        assertContent(expected);
    }

    @Test
    @DisplayName("W11: a write of whole pages does not ask for holes; one with two ragged ends asks once")
    void oneQuestion() throws Exception {
        overwrite(old, PAGE, 2 * PAGE);
        assertThat(store.calls(Kind.MAP)).isEmpty();
        file.invalidate();
        overwrite(old, PAGE - 512, 3 * PAGE);
        assertThat(store.calls(Kind.MAP)).extracting(call -> call.offset() + "+" + call.length()).containsExactly("0+16384");
        assertThat(store.calls(Kind.WRITE)).as("ends that are whole blocks do not end a batch").hasSize(2);
    }

    @Test
    @DisplayName("W11: a dirty page in a hole is not written back between the question and the page that the answer is for")
    void writebackMeanwhile() throws Exception {
        file.punch(0, 3 * PAGE);
        read(0, 3 * PAGE);
        final Mapping pages = mapping();
        OffHeap.putByte(cache.arena.address(frame(1)) + 3000, (byte) 0x77);
        cache.dirty.mark(pages, 1, frame(1), cache.threads.current());
        final byte[] expected = old.clone();
        Arrays.fill(expected, 0, 3 * PAGE, (byte) 0);
        expected[PAGE + 3000] = 0x77;
        // The pages beside the dirty one go, so that the store is asked.
        reclaim();
        final AtomicReference<Actor<Void>> writeback = new AtomicReference<>();
        points.run(CachePoint.WRITE_UNLOCKED, () -> {
            if (store.calls(Kind.MAP).size() == 1 && writeback.get() == null) {
                writeback.set(new Actor<>("writeback", () -> {
                    file.sync(true);
                    reclaim();
                    return null;
                }));
                assertThat(writeback.get().start().hasEnded()).as("a writeback overtook the write").isFalse();
            }
        });
        System.arraycopy(bytes, PAGE - 100, expected, PAGE - 100, 100 + 1024);
        write(PAGE - 100, Arrays.copyOfRange(bytes, PAGE - 100, PAGE + 1024));
        writeback.get().end();
        assertRead(expected, 0, 3 * PAGE);
        assertContent(expected);
    }

    private void reclaim() {
        final ThreadState state = cache.threads.current();
        for (int i = 0; i < 50; i++) {
            cache.reclaimer.reclaim(state);
        }
    }

    @Test
    @DisplayName("X25, C14: a fill of the missing blocks does not touch those that are on their way to the store")
    void fillDuringTheStoreWrite() throws Exception {
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
            }
        });
        final Future<byte[]> writer = start(() -> overwrite(old, PAGE + 1024, 1024));
        gate.awaitArrival();
        final byte[] seen = read(PAGE, PAGE);
        gate.open();
        final byte[] expected = end(writer);
        assertThat(seen).isEqualTo(Arrays.copyOfRange(expected, PAGE, 2 * PAGE));
        assertContent(expected);
    }

    @Test
    @DisplayName("X26, W1, C14: a page with a block that is written in part stays locked until the store has it; a read waits and is right")
    void partOfABlock() throws Exception {
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
            }
        });
        final Future<byte[]> writer = start(() -> overwrite(old, PAGE + 1000, 1200));
        gate.awaitArrival();
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<byte[]> reader = start(() -> read(PAGE, PAGE));
        awaitSleeper(sleeps);
        gate.open();
        final byte[] expected = end(writer);
        assertThat(end(reader)).isEqualTo(Arrays.copyOfRange(expected, PAGE, 2 * PAGE));
        assertContent(expected);
    }

    @Test
    @DisplayName("C14: a fill that fails is told to its reader only; the valid blocks stay and can be read")
    void fillFails() throws Exception {
        final byte[] expected = overwrite(old, PAGE + 512, 1024);
        store.before(call -> {
            if (call.is(Kind.READ)) {
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        assertErrno(Errno.EIO, () -> file.read(PAGE, buffer, PAGE));
        assertRead(expected, PAGE + 512, 1024);
        assertThat(valid(1)).isEqualTo(6);
        store.before(call -> {
            if (call.is(Kind.READ) && call.offset() > PAGE) {
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        assertRead(expected, PAGE, 100);
        assertThat(valid(1)).as("the run that could be read stays").isEqualTo(7);
        store.before(call -> {
            if (call.is(Kind.READ)) {
                throw new IllegalStateException("a bug of the store");
            }
        });
        assertThatThrownBy(() -> file.read(PAGE, buffer, PAGE))
            .isInstanceOf(IllegalStateException.class);
        store.behaveWell();
        cache.verify();
        assertContent(expected);
    }

    @Test
    @DisplayName("C14: short reads of the store are gone on with; what the store does not have is zeros")
    void shortFill() throws Exception {
        final byte[] expected = overwrite(old, PAGE + 512, 1024);
        store.behave(new ProbeFile.Behaviour() {
            @Override
            public long limit(final ProbeFile.Call call) {
                return call.is(Kind.READ) ? 100 : Long.MAX_VALUE;
            }
        });
        assertRead(expected, PAGE, PAGE);
        file.invalidate();
        overwrite(expected, PAGE + 512, 1024);
        store.outsideTruncate(PAGE + 2000);
        final byte[] shorter = Arrays.copyOf(Arrays.copyOf(expected, PAGE + 2000), 2 * PAGE);
        assertRead(shorter, PAGE, PAGE);
        store.behaveWell();
        file.invalidate();
    }

    @Test
    @DisplayName("C7, C14: a page with valid blocks can be evicted like any other, and reads right afterwards")
    void eviction() throws Exception {
        final byte[] expected = overwrite(old, PAGE + 512, 1024);
        reclaim();
        assertThat(file.cachedPages()).isZero();
        assertContent(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 511, 512, 513, 1024, 1536, 2000, 4095})
    @DisplayName("C6, C14: a truncate into a page with valid blocks leaves zeros beyond the size, also when the file grows again")
    void truncateIntoIt(final int tail) throws Exception {
        overwrite(old, 2 * PAGE + 512, 1024);
        file.truncate(2 * PAGE + tail);
        cache.verify();
        final byte[] expected = Arrays.copyOf(old, 2 * PAGE + tail);
        System.arraycopy(bytes, 2 * PAGE + 512, expected, 2 * PAGE + Math.min(512, tail), Math.clamp(tail - 512, 0, 1024));
        assertThat(readAll()).isEqualTo(expected);
        file.truncate(4 * PAGE);
        assertContent(Arrays.copyOf(expected, 4 * PAGE));
    }

    @ParameterizedTest
    @CsvSource({"0, 600", "600, 100", "600, 3000", "512, 512", "1024, 2500", "3000, 500"})
    @DisplayName("C14: a hole punched into a page with valid blocks reads as zeros, whether they are in it or not")
    void punchIntoIt(final int offset, final int length) throws Exception {
        final byte[] expected = overwrite(old, 2 * PAGE + 512, 1024);
        file.punch(2 * PAGE + offset, length);
        Arrays.fill(expected, 2 * PAGE + offset, 2 * PAGE + offset + length, (byte) 0);
        assertThat(readAll()).isEqualTo(expected);
        assertContent(expected);
    }

    @Test
    @DisplayName("C6, C14: the last page grows by writes into it, its first block not valid")
    void growingTail() throws Exception {
        file.truncate(PAGE + 700);
        byte[] expected = Arrays.copyOf(old, PAGE + 700);
        file.invalidate();
        expected = overwrite(expected, PAGE + 1600, 900);
        assertThat(valid(1)).as("what lies beyond the former end is known").isEqualTo(0b1111_1100);
        cache.verify();
        expected = overwrite(expected, PAGE + 3000, 1000);
        assertThat(readAll()).isEqualTo(expected);
        assertContent(expected);
    }

    @EveryPolicy(with = {"0, 4096", "100, 200", "512, 1024", "600, 3000", "1000, 4000"})
    @ParameterizedTest
    @DisplayName("W6, C14: any policy may find a page with valid blocks; what it writes there is read, cached and stored")
    void otherPolicies(final String policy, final int offset, final int length) throws Exception {
        byte[] expected = overwrite(old, PAGE + 512, 1024);
        cache.writePolicy(WritePolicies.byName(policy));
        System.arraycopy(old, 3, bytes, PAGE + offset, length);
        expected = overwrite(expected, PAGE + offset, length);
        cache.verify();
        assertThat(readAll()).isEqualTo(expected);
        assertContent(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 600, 700})
    @DisplayName("W3, C14: a write to valid blocks that does not reach the store leaves none of them valid")
    void failedOverwrite(final int offset) throws Exception {
        final byte[] expected = overwrite(old, PAGE + 512, 1024);
        System.arraycopy(old, 3, bytes, PAGE + offset, 300);
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                throw new StoreException(Errno.ENOSPC, "scripted");
            }
        });
        assertErrno(Errno.ENOSPC, () -> file.write(PAGE + offset, bytes, PAGE + offset, 300));
        store.behaveWell();
        assertThat(file.cachedPages()).isZero();
        assertContent(expected);
    }

    @Test
    @DisplayName("C14: the longest read that there is asks the store for the missing blocks of its first page as any other does")
    void longestRead() throws Exception {
        final byte[] expected = overwrite(old, 1024, BLOCK);
        file.truncate(3L << 30);
        store.before(call -> {
            if (call.is(Kind.READ) && call.offset() >= PAGE) {
                throw new StoreException(Errno.EIO, "only the first page is wanted");
            }
        });
        assertThat(file.read(1, buffer, Integer.MAX_VALUE)).isEqualTo(PAGE - 1);
        assertThat(bytesAt(buffer, PAGE - 1)).isEqualTo(Arrays.copyOfRange(expected, 1, PAGE));
    }
}
