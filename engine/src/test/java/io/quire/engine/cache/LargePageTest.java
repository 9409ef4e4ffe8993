package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.List;
import java.util.ArrayList;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** Compound pages, one order of events at a time: a file of eight pages that comes in as one of order 3. */
class LargePageTest extends InterleavingFixture {
    private static final int TAIL = 5;

    @Override
    PageCacheBuilder builder() {
        return super.builder().largePages(true);
    }

    private void load() throws Exception {
        fresh();
        final long before = counter(CacheCounter.LARGE_PAGES);
        assertThat(readAll()).isEqualTo(content);
        assertThat(counter(CacheCounter.LARGE_PAGES)).isEqualTo(before + 1);
    }

    private int head() {
        final int frame = pages().getPage(0);
        cache.release(frame);
        return frame;
    }

    private void split() {
        final int head = pages().getPage(0);
        cache.locker.lock(head);
        cache.large.isolate(pages(), head, cache.threads.current());
        cache.locker.unlock(head);
        cache.release(head);
    }

    private void reclaimAll() {
        for (int i = 0; i < 20; i++) {
            cache.reclaimer.reclaim(cache.threads.current());
        }
    }

    @Test
    @DisplayName("H5: a large fill brings one aligned page in, by one call of the store, and every frame is bound to its index")
    void fill() throws Exception {
        fresh();
        store.forgetCalls();
        assertThat(readAll()).isEqualTo(content);
        assertThat(store.calls(ProbeFile.Kind.READ)).hasSize(1);
        final int head = head();
        assertThat(head % PAGES).isZero();
        assertThat(cache.descriptors.order(head)).isEqualTo(3);
        for (int i = 1; i < PAGES; i++) {
            assertThat(cache.descriptors.head(head + i)).isEqualTo(head);
            assertThat(pages().isBound(head + i, i)).isTrue();
        }
        assertThat(file.cachedPages()).isEqualTo(PAGES);
    }

    @Test
    @DisplayName("H1, H2: a pin on a tail counts there and on the head, and a try-get of the tail itself finds nothing")
    void pin() throws Exception {
        load();
        final int head = head();
        final int tail = pages().getPage(TAIL);
        assertThat(tail).isEqualTo(head + TAIL);
        assertThat(cache.compounds.pins(tail)).isEqualTo(1);
        assertThat(cache.descriptors.refs(head)).isEqualTo(2);
        assertThat(cache.descriptors.tryGet(tail)).isFalse();
        cache.release(tail);
        assertThat(cache.descriptors.refs(head)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"GET_SLOT_READ", "GET_REFERENCED"})
    @DisplayName("H4: a lookup that a split overtakes has a reference to the right piece, and nobody else has one")
    void lookupAgainstSplit(final CachePoint at) throws Exception {
        load();
        final int head = head();
        final Actor<Integer> lookup = actor("lookup", () -> pages().getPage(TAIL)).stopAt(points, at, TAIL).start();
        assertThat(lookup.isStopped()).isTrue();
        split();
        assertThat(lookup.end()).isEqualTo(head + TAIL);
        assertThat(cache.descriptors.refs(head + TAIL)).isEqualTo(2);
        assertThat(cache.descriptors.refs(head)).isEqualTo(1);
        cache.release(head + TAIL);
        assertThat(readAll()).isEqualTo(content);
    }

    @Test
    @DisplayName("H4: pins taken before a split are given back after it, on the piece that they were taken on")
    void releaseAfterSplit() throws Exception {
        load();
        final int tail = pages().getPage(TAIL);
        assertThat(pages().getPage(TAIL)).isEqualTo(tail);
        final int head = pages().getPage(0);
        split();
        assertThat(cache.descriptors.refs(tail)).isEqualTo(3);
        assertThat(cache.descriptors.refs(head)).isEqualTo(2);
        cache.release(tail);
        cache.release(head);
        reclaimAll();
        assertThat(file.cachedPages()).as("the piece that is still pinned").isEqualTo(1);
        cache.release(tail);
    }

    @Test
    @DisplayName("H7: who waits for the lock of a tail that a split makes a page of its own waits for the right lock in the end")
    void lockAgainstSplit() throws Exception {
        load();
        final int head = pages().getPage(0);
        cache.locker.lock(head);
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Actor<Void> waiter = action("waiter", () -> {
            final int tail = pages().getPage(TAIL);
            cache.locker.lock(tail);
            assertThat(cache.descriptors.head(tail)).isEqualTo(tail);
            assertThat(cache.locker.isLocked(head)).isFalse();
            assertThat(cache.locker.isLocked(tail)).isTrue();
            cache.locker.unlock(tail);
            cache.release(tail);
        }).start();
        awaitSleeper(sleeps);
        cache.large.isolate(pages(), head, cache.threads.current());
        cache.locker.unlock(head);
        cache.release(head);
        waiter.end();
    }

    @Test
    @DisplayName("H7: the lock follows the frame that is isolated")
    void isolateTail() throws Exception {
        load();
        final int tail = pages().getPage(TAIL);
        cache.locker.lock(tail);
        final int head = head();
        assertThat(cache.locks.isLocked(head)).isTrue();
        cache.large.isolate(pages(), tail, cache.threads.current());
        assertThat(cache.locks.isLocked(head)).isFalse();
        assertThat(cache.locks.isLocked(tail)).isTrue();
        cache.locker.unlock(tail);
        cache.release(tail);
    }

    @ParameterizedTest
    @EnumSource(names = {"FAULT_SIZE_CHECKED", "LARGE_INSERTED", "FAULT_INSERTED", "FAULT_LEFT_STRIPE", "FILL_BEFORE_READ",
        "FILL_BEFORE_SETTLE", "FILL_SIZE_READ", "READ_HAS_PAGE"})
    @DisplayName("H6: a truncate into a compound page that is being filled leaves no page and no byte beyond the size")
    void truncateAgainstFill(final CachePoint at) throws Exception {
        fresh();
        final Actor<byte[]> fill = reader().stopAt(points, at).start();
        assertThat(fill.isStopped()).isTrue();
        final Actor<Void> truncate = action("truncate", () -> file.truncate(3 * PAGE + 100)).start();
        assertFront(fill.end());
        truncate.end();
        assertThat(file.cachedPages()).isLessThanOrEqualTo(4);
        assertContent(Arrays.copyOf(content, 3 * PAGE + 100));
    }

    @Test
    @DisplayName("H6: a fill that went by the size before a truncate, whose mutexes it does not hold, brings nothing in beyond the new one")
    void truncateBeforeInsertion() throws Exception {
        fresh();
        final Actor<byte[]> fill = reader().stopAt(points, CachePoint.LARGE_HAS_FRAMES).start();
        assertThat(fill.isStopped()).isTrue();
        final Actor<Void> truncate = action("truncate", () -> file.truncate(3 * PAGE)).start();
        truncate.end();
        assertThat(file.cachedPages()).isZero();
        assertFront(fill.end());
        assertThat(file.cachedPages()).isLessThanOrEqualTo(3);
    }

    @Test
    @DisplayName("H6: of two fills whose compound pages overlap, the second takes what is left free")
    void overlappingFills() throws Exception {
        fresh();
        final Actor<byte[]> fill = reader().stopAt(points, CachePoint.FAULT_SIZE_CHECKED).start();
        assertThat(read(6 * PAGE, 10)).isEqualTo(Arrays.copyOfRange(content, 6 * PAGE, 6 * PAGE + 10));
        assertThat(fill.end()).isEqualTo(content);
        assertThat(cache.descriptors.order(head())).isEqualTo(2);
    }

    @Test
    @DisplayName("H2: a pin on a tail keeps the whole page from being evicted; without it the page goes as one")
    void evictionAgainstPin() throws Exception {
        load();
        final int tail = pages().getPage(TAIL);
        reclaimAll();
        assertThat(file.cachedPages()).isEqualTo(PAGES);
        assertThat(bytesAt(cache.arena.address(tail), PAGE)).isEqualTo(Arrays.copyOfRange(content, TAIL * PAGE, 6 * PAGE));
        cache.release(tail);
        reclaimAll();
        assertThat(file.cachedPages()).isZero();
        assertThat(counter(CacheCounter.EVICTIONS)).isEqualTo(PAGES);
        assertThat(counter(CacheCounter.SPLITS)).isZero();
    }

    @Test
    @DisplayName("C7: an eviction finds a tail that is dirty, or shown by somebody, after it froze the head, and all stays")
    void evictionAgainstDirtyTail() throws Exception {
        load();
        final int tail = head() + TAIL;
        final AtomicLong frozen = new AtomicLong();
        points.run(CachePoint.EVICT_FROZEN, () -> {
            if (frozen.getAndIncrement() == 0) {
                cache.descriptors.set(tail, PageDescriptors.DIRTY);
            }
        });
        cache.reclaimer.reclaim(cache.threads.current());
        assertThat(frozen).hasValue(1);
        assertThat(file.cachedPages()).isEqualTo(PAGES);
        cache.descriptors.clear(tail, PageDescriptors.DIRTY);
        cache.descriptors.addMap(tail);
        reclaimAll();
        assertThat(file.cachedPages()).isEqualTo(PAGES);
        cache.descriptors.removeMap(tail);
        reclaimAll();
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("H8: under memory pressure a page of which some frames were used again is split, and those stay")
    void pressure() throws Exception {
        load();
        final int head = head();
        for (int i = 0; i < PAGES; i++) {
            cache.descriptors.use(head + i, (byte) (i == 2 || i == TAIL ? 3 : 0));
        }
        cache.reclaimer.reclaim(cache.threads.current());
        assertThat(counter(CacheCounter.SPLITS)).isEqualTo(1);
        assertThat(pages().isBound(head + 2, 2)).isTrue();
        assertThat(pages().isBound(head + TAIL, TAIL)).isTrue();
        assertThat(file.cachedPages()).as("these two, and not the head").isEqualTo(2);
    }

    @Test
    @DisplayName("H2: a page that is removed while a tail is pinned gives its frames back with the last pin")
    void removedWhilePinned() throws Exception {
        load();
        final int free = cache.allocator.available();
        final int tail = pages().getPage(TAIL);
        file.truncate(0);
        assertThat(file.cachedPages()).isZero();
        assertThat(cache.allocator.available()).isEqualTo(free);
        assertThat(pages().isBound(tail, TAIL)).isFalse();
        cache.release(tail);
        assertThat(cache.allocator.available()).isEqualTo(free + PAGES);
    }

    @Test
    @DisplayName("H8: a hole in a compound page splits it, and takes out what the hole has")
    void punch() throws Exception {
        load();
        file.punch(2 * PAGE + 100, 2 * PAGE);
        assertThat(counter(CacheCounter.SPLITS)).isEqualTo(1);
        final byte[] expected = content.clone();
        Arrays.fill(expected, 2 * PAGE + 100, 4 * PAGE + 100, (byte) 0);
        assertThat(file.cachedPages()).isEqualTo(PAGES - 1);
        assertContent(expected);
    }

    @Test
    @DisplayName("H8: a hole over a compound page takes it out as one")
    void punchAll() throws Exception {
        load();
        file.punch(0, PAGES * PAGE);
        assertThat(counter(CacheCounter.SPLITS)).isZero();
        assertThat(file.cachedPages()).isZero();
        assertContent(new byte[PAGES * PAGE]);
    }

    @Test
    @DisplayName("H9: a compound page that the store gives only a part of leaves as one; what can be read is read page by page")
    void failedFill() throws Exception {
        fresh();
        store.behave(new ProbeFile.Behaviour() {
            @Override
            public void before(final ProbeFile.Call call) throws StoreException {
                if (call.is(ProbeFile.Kind.READ) && call.offset() == 2 * PAGE && call.length() > PAGE) {
                    throw new StoreException(Errno.EIO, "a bad sector");
                }
            }

            @Override
            public long limit(final ProbeFile.Call call) {
                return 2 * PAGE;
            }
        });
        assertThat(readAll()).isEqualTo(Arrays.copyOf(content, 2 * PAGE));
        assertThat(cache.descriptors.order(head())).isZero();
        store.behaveWell();
        assertThat(readAll()).isEqualTo(content);
    }

    @Test
    @DisplayName("H8: a write that the store refuses drops its pages and no other of the compound page")
    void failedWrite() throws Exception {
        load();
        store.before(call -> {
            if (call.is(ProbeFile.Kind.WRITE)) {
                throw new StoreException(Errno.EIO, "read-only after an error");
            }
        });
        assertErrno(Errno.EIO, () -> file.write(TAIL * PAGE, other, 0, PAGE));
        assertThat(file.cachedPages()).isEqualTo(PAGES - 1);
        assertThat(readAll()).isEqualTo(content);
    }

    /** Gives at most so many bytes in one copy, and counts the copies. */
    private static final class Portions implements WriteSource {
        private final byte[] bytes;
        private final int most;
        private int copies;

        Portions(final byte[] bytes, final int most) {
            this.bytes = bytes;
            this.most = most;
        }

        @Override
        public int copy(final long offset, final long destination, final int length) {
            copies++;
            final int n = Math.min(length, most);
            OffHeap.copyFromArray(bytes, (int) offset, destination, n);
            return n;
        }

        @Override
        public int faultIn(final long offset, final int length) {
            return length;
        }
    }

    @Test
    @DisplayName("H10: whole pages that are not in the cache are overwritten as one compound page, by one copy and one store write")
    void largeWrite() throws Exception {
        fresh();
        store.forgetCalls();
        final long before = counter(CacheCounter.LARGE_PAGES);
        final Portions source = new Portions(other, Integer.MAX_VALUE);
        assertThat(file.writeFrom(source, 0, other.length)).isEqualTo(other.length);
        assertThat(source.copies).isEqualTo(1);
        assertThat(store.calls(ProbeFile.Kind.WRITE)).hasSize(1);
        assertThat(counter(CacheCounter.LARGE_PAGES)).isEqualTo(before + 1);
        assertThat(cache.descriptors.order(head())).isEqualTo(3);
        assertContent(other);
    }

    @Test
    @DisplayName("H10, W1: a source that gives a part only is asked again page by page, and no compound page is left")
    void portions() throws Exception {
        fresh();
        final Portions source = new Portions(other, 3 * PAGE);
        assertThat(file.writeFrom(source, 0, other.length)).isEqualTo(other.length);
        assertThat(cache.descriptors.order(head())).isZero();
        assertContent(other);
    }

    @Test
    @DisplayName("H10, W2: pages of a large write stay referenced one by one when they are split before the store has them")
    void splitBeforeStore() throws Exception {
        fresh();
        final Actor<Void> writer = action("writer", () -> write(0, other)).stopAt(points, CachePoint.WRITE_BEFORE_STORE).start();
        assertThat(writer.isStopped()).isTrue();
        split();
        reclaimAll();
        assertThat(file.cachedPages()).isEqualTo(PAGES);
        assertThat(readAll()).isEqualTo(other);
        writer.end();
        assertContent(other);
    }

    @Test
    @DisplayName("H10, W3: what the store did not take of a large write leaves the cache, and what it took stays")
    void largeWriteFails() throws Exception {
        fresh();
        store.behave(new ProbeFile.Behaviour() {
            @Override
            public void before(final ProbeFile.Call call) throws StoreException {
                if (call.is(ProbeFile.Kind.WRITE) && call.offset() > 0) {
                    throw new StoreException(Errno.ENOSPC, "full");
                }
            }

            @Override
            public long limit(final ProbeFile.Call call) {
                return 3 * PAGE;
            }
        });
        assertThat(file.write(0, other, 0, other.length)).isEqualTo(3 * PAGE);
        store.behaveWell();
        assertThat(file.cachedPages()).isEqualTo(3);
        final byte[] expected = content.clone();
        System.arraycopy(other, 0, expected, 0, 3 * PAGE);
        assertContent(expected);
    }

    @Test
    @DisplayName("H7: who waits for the lock of a tail does not wait for that of the page that its former head holds by now")
    void lockAgainstReusedHead() throws Exception {
        load();
        final int head = head();
        final Actor<Void> waiter = action("waiter", () -> {
            final int tail = pages().getPage(TAIL);
            cache.locker.lock(tail);
            cache.locker.unlock(tail);
            cache.release(tail);
        }).stopAt(points, CachePoint.LOCK_HEAD_READ, TAIL).start();
        assertThat(waiter.isStopped()).isTrue();
        file.punch(0, PAGE);
        assertThat(cache.allocator.allocate()).isEqualTo(head);
        cache.descriptors.bind(head, pages().id + 1, 0, PageDescriptors.LOCKED);
        cache.locks.adopted(head);
        waiter.end();
        cache.descriptors.unbind(head);
        cache.locker.unlock(head);
        cache.release(head);
    }

    @Test
    @DisplayName("H8: a page whose first frame is dirty is split under memory pressure, and its clean frames go")
    void pressureOnDirtyHead() throws Exception {
        dirtyUnderPressure(0);
    }

    @Test
    @DisplayName("H8: a page that has a dirty tail which nobody used is split under memory pressure, and its clean frames go")
    void pressureOnDirtyTail() throws Exception {
        dirtyUnderPressure(TAIL);
    }

    private void dirtyUnderPressure(final int index) throws Exception {
        load();
        final int frame = head() + index;
        cache.locker.lock(head());
        cache.dirty.mark(pages(), index, frame, cache.threads.current());
        cache.locker.unlock(head());
        reclaimAll();
        assertThat(file.cachedPages()).isEqualTo(1);
        assertThat(pages().isBound(frame, index)).isTrue();
        assertThat(bytesAt(cache.arena.address(frame), PAGE)).isEqualTo(Arrays.copyOfRange(content, index * PAGE, (index + 1) * PAGE));
        file.sync(true);
        reclaimAll();
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("A fill for which no block is free looks for one once, not at every few pages of its window")
    void fragmented() throws Exception {
        fresh();
        final List<Integer> frames = new ArrayList<>();
        for (int frame = cache.allocator.allocate(); frame >= 0; frame = cache.allocator.allocate()) {
            frames.add(frame);
        }
        frames.stream().filter(frame -> frame % 2 == 0).forEach(cache.allocator::free);
        final AtomicLong wanted = points.count(CachePoint.LARGE_WANTED);
        assertThat(readAll()).isEqualTo(content);
        assertThat(wanted).hasValue(1);
        frames.stream().filter(frame -> frame % 2 != 0).forEach(cache.allocator::free);
    }

    @Test
    @DisplayName("W1: a large write over pages that are in the cache makes no room for others")
    void overwritePresent() throws Exception {
        load();
        final AtomicLong wanted = points.count(CachePoint.LARGE_WANTED);
        write(0, other);
        assertThat(wanted).hasValue(0);
        assertContent(other);
    }

    @Test
    @DisplayName("H11, W1: a write over a part of a compound page copies once, at any byte, and leaves no pin and nothing else changed")
    void overwritten() throws Exception {
        load();
        final int head = head();
        final byte[] bytes = random(7, 4 * PAGE);
        final List<Integer> copies = new ArrayList<>();
        store.forgetCalls();
        assertThat(file.writeFrom(whole(bytes, copies), PAGE + 100, bytes.length)).isEqualTo(bytes.length);
        System.arraycopy(bytes, 0, content, PAGE + 100, bytes.length);
        assertThat(copies).containsExactly(bytes.length);
        assertThat(store.calls(ProbeFile.Kind.WRITE)).hasSize(1);
        assertThat(readAll()).isEqualTo(content);
        assertThat(store.content(0, content.length)).isEqualTo(content);
        assertThat(cache.descriptors.order(head)).as("nothing was split").isEqualTo(3);
        assertThat(cache.descriptors.refs(head)).isEqualTo(1);
        for (int i = 1; i < PAGES; i++) {
            assertThat(cache.compounds.pins(head + i)).as("pins of tail %d", i).isZero();
        }
    }

    @Test
    @DisplayName("H11, W2: a split and a reclaim between the copy and the store take none of the pages that the store does not have")
    void splitBeforeTheStore() throws Exception {
        load();
        final byte[] bytes = random(8, 4 * PAGE);
        final Actor<Long> writer = actor("writer", () -> file.writeFrom(whole(bytes, new ArrayList<>()), 2 * PAGE, bytes.length))
            .stopAt(points, CachePoint.WRITE_BEFORE_STORE, 2).start();
        assertThat(writer.isStopped()).isTrue();
        split();
        reclaimAll();
        for (int page = 2; page < 6; page++) {
            final int frame = pages().getPage(page);
            assertThat(frame).as("page %d is still there", page).isNotEqualTo(Mapping.NONE);
            cache.release(frame);
        }
        assertThat(file.cachedPages()).as("the others are not").isEqualTo(4);
        assertThat(writer.end()).isEqualTo(bytes.length);
        System.arraycopy(bytes, 0, content, 2 * PAGE, bytes.length);
        reclaimAll();
        assertThat(file.cachedPages()).isZero();
        assertThat(readAll()).isEqualTo(content);
    }

    @Test
    @DisplayName("H11, W3: of a write over a compound page that the store takes a part of, what arrived stays and the rest leaves")
    void overwriteFails() throws Exception {
        load();
        store.behave(new ProbeFile.Behaviour() {
            @Override
            public void before(final ProbeFile.Call call) throws StoreException {
                if (call.is(ProbeFile.Kind.WRITE) && call.offset() > PAGE + 100) {
                    throw new StoreException(Errno.ENOSPC, "full");
                }
            }

            @Override
            public long limit(final ProbeFile.Call call) {
                return 2 * PAGE;
            }
        });
        final byte[] bytes = random(9, 5 * PAGE);
        assertThat(file.write(PAGE + 100, bytes, 0, bytes.length)).isEqualTo(2 * PAGE);
        store.behaveWell();
        System.arraycopy(bytes, 0, content, PAGE + 100, 2 * PAGE);
        assertThat(file.cachedPages()).as("pages 0 to 2, and 7").isEqualTo(4);
        assertErrno(Errno.ENOSPC, () -> file.sync(true));
        assertContent(content);
    }

    @Test
    @DisplayName("H11, X11: a source that breaks in the middle of a copy over a compound page leaves nothing of it, and no pin")
    void overwriteBreaks() throws Exception {
        load();
        final byte[] bytes = random(10, 4 * PAGE);
        assertThatThrownBy(() -> file.writeFrom(new WriteSource() {
            @Override
            public int copy(final long offset, final long destination, final int length) {
                OffHeap.copyFromArray(bytes, (int) offset, destination, length - PAGE);
                throw new UnsupportedOperationException("broken");
            }

            @Override
            public int faultIn(final long offset, final int length) {
                return length;
            }
        }, PAGE, bytes.length)).hasMessage("broken");
        assertThat(file.cachedPages()).as("the four of the run have left").isEqualTo(PAGES - 4);
        assertContent(content);
    }

    @Test
    @DisplayName("H11, X10: a source that gives parts of pages over a compound page is asked again where each ended")
    void overwriteInPortions() throws Exception {
        for (final int portion : new int[] {1000, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE - 7}) {
            load();
            final byte[] bytes = random(portion, 5 * PAGE + 5);
            assertThat(file.writeFrom(new Portions(bytes, portion), PAGE + 100, bytes.length)).isEqualTo(bytes.length);
            System.arraycopy(bytes, 0, content, PAGE + 100, bytes.length);
            assertContent(content);
        }
    }

    /** Gives all that is asked for, and notes how much that was. */
    private static WriteSource whole(final byte[] bytes, final List<Integer> copies) {
        return new WriteSource() {
            @Override
            public int copy(final long offset, final long destination, final int length) {
                copies.add(length);
                OffHeap.copyFromArray(bytes, (int) offset, destination, length);
                return length;
            }

            @Override
            public int faultIn(final long offset, final int length) {
                return length;
            }
        };
    }
}
