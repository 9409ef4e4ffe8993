package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;
import io.quire.engine.write.WritePolicies;

/** Replacement and reclaim: C7, C9, and the bound of the memory. */
class EvictionTest extends CacheFixture {
    private static final int FRAMES = (int) (PageCache.MIN_CAPACITY / PAGE);

    private Mapping mapping() {
        return cache.mappings.values().iterator().next();
    }

    private void reclaim(final int times) {
        final ThreadState state = cache.threads.current();
        for (int i = 0; i < times; i++) {
            cache.reclaimer.reclaim(state);
        }
    }

    private static byte[] page(final long index) {
        return filled(PAGE, (int) (index * 31 + 7));
    }

    /** A file of so many pages, each with bytes of its own, none of them in the cache. */
    private void makeFile(final int pages) throws CacheException {
        for (int index = 0; index < pages; index++) {
            store.outsideWrite((long) index * PAGE, page(index));
        }
        file.invalidate();
    }

    private void touch(final long index) throws CacheException {
        assertThat(file.read(index * PAGE, buffer, PAGE)).isEqualTo(PAGE);
        assertThat(bytesAt(buffer, PAGE)).as("page %d", index).isEqualTo(page(index));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("C1: reading and writing four times the capacity never holds more than the capacity, and loses nothing")
    void bounded(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final int pages = 4 * FRAMES;
        for (int index = 0; index < pages; index += 16) {
            final byte[] bytes = new byte[16 * PAGE];
            for (int i = 0; i < 16; i++) {
                System.arraycopy(page(index + i), 0, bytes, i * PAGE, PAGE);
            }
            write((long) index * PAGE, bytes);
            assertThat(counter(CacheCounter.PAGES)).isLessThanOrEqualTo(FRAMES);
        }
        for (int index = 0; index < pages; index++) {
            touch(index);
        }
        assertThat(counter(CacheCounter.EVICTIONS)).isGreaterThanOrEqualTo(2L * pages - FRAMES - 64);
        assertThat(counter(CacheCounter.PAGES)).isLessThanOrEqualTo(FRAMES);
        assertThat(file.cachedPages()).isEqualTo(counter(CacheCounter.PAGES));
    }

    @Test
    @DisplayName("R9: pages that cannot go are never in the way of those that can, wherever they stand in the queues")
    void pagesThatCannotGo() throws Exception {
        makeFile(FRAMES + 1);
        final int busy = FRAMES - 24;
        for (int index = 0; index < FRAMES; index++) {
            touch(index);
        }
        final int[] held = new int[busy];
        for (int index = 0; index < busy; index++) {
            held[index] = mapping().getPage(index);
        }
        // A few rounds, so that each of them has been tried in vain and stands where such pages stand.
        final ThreadState state = cache.threads.current();
        int evicted = 0;
        for (int attempts = 0; attempts < 8 * FRAMES / state.victims(cache.evictionBatch).length; attempts++) {
            evicted += cache.reclaimer.reclaim(state);
        }
        assertThat(evicted).as("of %d pages that nobody uses", FRAMES - busy).isEqualTo(FRAMES - busy);
        touch(FRAMES);
        for (final int frame : held) {
            cache.release(frame);
        }
    }

    @Test
    @DisplayName("a set of pages that is used again survives a scan of four times the capacity")
    void scanResistance() throws Exception {
        makeFile(5 * FRAMES);
        final int hot = FRAMES / 4;
        for (int round = 0; round < 3; round++) {
            for (int index = 0; index < hot; index++) {
                touch(index);
            }
        }
        for (int index = hot; index < 5 * FRAMES; index++) {
            touch(index);
        }
        int survivors = 0;
        for (int index = 0; index < hot; index++) {
            survivors += PageTree.isPage(mapping().tree.lookup(index)) ? 1 : 0;
        }
        assertThat(survivors).as("hot pages still cached of %d", hot).isGreaterThanOrEqualTo(hot * 9 / 10);
    }

    @Test
    @DisplayName("a page that comes back soon after its eviction is counted as a refault; one that is new is not")
    void refaults() throws Exception {
        makeFile(2 * FRAMES);
        for (int index = 0; index < FRAMES + 100; index++) {
            touch(index);
        }
        assertThat(counter(CacheCounter.REFAULTS)).isZero();
        assertThat(counter(CacheCounter.EVICTIONS)).isPositive();
        long gone = 0;
        while (!PageTree.isShadow(mapping().tree.lookup(gone))) {
            gone++;
        }
        touch(gone);
        assertThat(counter(CacheCounter.REFAULTS)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 50})
    @DisplayName("K10, R13: what was evicted and then cut off is new when it is written again, what was not cut off is not")
    void refaultsAfterACut(final int kept) throws Exception {
        final int pages = FRAMES + 200;
        makeFile(pages);
        for (int index = 0; index < pages; index++) {
            touch(index);
        }
        int gone = 0;
        for (int index = 0; index < kept; index++) {
            gone += PageTree.isPage(mapping().tree.lookup(index)) ? 0 : 1;
        }
        assertThat(counter(CacheCounter.EVICTIONS)).isGreaterThanOrEqualTo(200);
        file.truncate((long) kept * PAGE);
        for (int index = kept; index < pages; index++) {
            write((long) index * PAGE, page(index));
        }
        assertThat(counter(CacheCounter.REFAULTS)).as("of what was cut off").isZero();
        for (int index = 0; index < kept; index++) {
            touch(index);
        }
        assertThat(counter(CacheCounter.REFAULTS)).as("of what was not").isEqualTo(gone);
        assertThat(gone).isEqualTo(kept);
    }

    @Test
    @DisplayName("K11: a cut that is long for what was evicted looks at none of it, and the next cannot spend what one has spent")
    void priceOfACut() throws Exception {
        makeFile(FRAMES + 100);
        for (int index = 0; index < FRAMES + 100; index++) {
            touch(index);
        }
        final long evicted = counter(CacheCounter.EVICTIONS);
        assertThat(mapping().history).isEqualTo(evicted);
        file.truncate(1L << 40);
        file.truncate((FRAMES + 100L) * PAGE);
        assertThat(mapping().history).as("a hole of a tebibyte").isEqualTo(evicted);
        file.truncate(0);
        assertThat(mapping().history).isEqualTo(evicted - (FRAMES + 99) / 16 - 1);
    }

    @Test
    @DisplayName("a page that was read ahead and touched once goes before one that was used twice")
    void readAheadIsNotReuse() throws Exception {
        makeFile(200);
        final ReadAhead window = new ReadAhead(() -> 32);
        final ThreadState state = cache.threads.current();
        cache.filler.readThrough(mapping(), window, 0, buffer, PAGE, state);
        assertThat(cache.descriptors.use(PageTree.frame(mapping().tree.lookup(1)))).as("read ahead").isEqualTo((byte) -1);
        touch(1);
        assertThat(cache.descriptors.use(PageTree.frame(mapping().tree.lookup(1)))).as("first touch").isZero();
        touch(1);
        touch(1);
        touch(1);
        touch(1);
        touch(1);
        assertThat(cache.descriptors.use(PageTree.frame(mapping().tree.lookup(1)))).as("saturated").isEqualTo((byte) 3);
    }

    @Test
    @DisplayName("R10: what a read brings in was used once by it, whichever of its pages it is; what a write brings in too")
    void broughtInIsNotReuse() throws Exception {
        makeFile(40);
        final PageDescriptors descriptors = cache.descriptors;
        final long large = NativeMemory.reserve(16L * PAGE, false);
        for (int round = 0; round < 3; round++) {
            assertThat(file.read(PAGE, large, 9 * PAGE)).isEqualTo(9 * PAGE);
            for (int index = 1; index <= 9; index++) {
                assertThat(descriptors.use(PageTree.frame(mapping().tree.lookup(index)))).as("page %d after read %d", index, round)
                    .isEqualTo((byte) round);
            }
        }
        // A compound page that begins with what was asked for, by itself and with a page behind it.
        for (final int length : new int[] {9, 8, 1}) {
            file.invalidate();
            for (int round = 0; round < 3; round++) {
                assertThat(file.read(24L * PAGE, large, length * PAGE)).isEqualTo(length * PAGE);
                for (int index = 24; index < 24 + length; index++) {
                    assertThat(descriptors.use(PageTree.frame(mapping().tree.lookup(index))))
                        .as("page %d of %d from 24 on, after read %d", index, length, round).isEqualTo((byte) round);
                }
            }
        }
        NativeMemory.release(large, 16L * PAGE);
        for (final String policy : List.of("multi-page", "multi-page-read-head")) {
            cache.writePolicy(WritePolicies.byName(policy));
            file.invalidate();
            write(20L * PAGE + 100, new byte[3 * PAGE - 100]);
            for (int index = policy.equals("multi-page") ? 21 : 20; index < 23; index++) {
                assertThat(descriptors.use(PageTree.frame(mapping().tree.lookup(index)))).as("page %d, %s", index, policy).isZero();
            }
        }
    }

    @Test
    @DisplayName("R10, R12: a compound page all of which was read again stays whole through a scan")
    void compoundPageReadAgain() throws Exception {
        makeFile(4 * FRAMES);
        final int pages = 16;
        final long large = NativeMemory.reserve((long) pages * PAGE, false);
        for (int round = 0; round < 2; round++) {
            assertThat(file.read(0, large, pages * PAGE)).isEqualTo(pages * PAGE);
        }
        assertThat(counter(CacheCounter.LARGE_PAGES)).isPositive();
        NativeMemory.release(large, (long) pages * PAGE);
        for (int index = pages + 1; index < 2 * FRAMES; index++) {
            touch(index);
        }
        for (int index = 0; index < pages; index++) {
            assertThat(PageTree.isPage(mapping().tree.lookup(index))).as("page %d is cached", index).isTrue();
        }
        assertThat(counter(CacheCounter.SPLITS)).isZero();
    }

    @Test
    @DisplayName("R11: a large read goes through the small queue, page by page, and leaves the main one alone")
    void largeReadInAFullCache() throws Exception {
        makeFile(4 * FRAMES);
        final int hot = FRAMES * 9 / 10;
        for (int round = 0; round < 3; round++) {
            for (int index = 0; index < hot; index++) {
                touch(index);
            }
        }
        final int size = 32 * PAGE;
        final long large = NativeMemory.reserve(size, false);
        for (long position = (long) hot * PAGE; position + size <= 4L * FRAMES * PAGE; position += size) {
            // From an odd page on, so that they are pages of one frame.
            assertThat(file.read(position + PAGE, large, size - PAGE)).isEqualTo(size - PAGE);
        }
        NativeMemory.release(large, size);
        int survivors = 0;
        for (int index = 0; index < hot; index++) {
            survivors += PageTree.isPage(mapping().tree.lookup(index)) ? 1 : 0;
        }
        assertThat(survivors).as("hot pages still cached of %d", hot).isGreaterThanOrEqualTo(hot * 95 / 100);
    }

    @Test
    @DisplayName("C7: a page in use, locked, dirty, under writeback or mapped is not evicted; the others are")
    void pagesInUse() throws Exception {
        makeFile(16);
        for (int index = 0; index < 16; index++) {
            touch(index);
        }
        final PageDescriptors descriptors = cache.descriptors;
        final int[] frames = new int[5];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = PageTree.frame(mapping().tree.lookup(i));
        }
        descriptors.get(frames[0]);
        assertThat(cache.locks.tryLock(frames[1])).isTrue();
        descriptors.set(frames[2], PageDescriptors.DIRTY);
        descriptors.set(frames[3], PageDescriptors.WRITEBACK);
        OffHeap.putInt(descriptors.address(frames[4]) + PageDescriptors.MAPS_OFFSET, 1);
        reclaim(20);
        assertThat(mapping().tree.pages()).isEqualTo(5);
        for (int i = 0; i < frames.length; i++) {
            assertThat(PageTree.isPage(mapping().tree.lookup(i))).as("page %d", i).isTrue();
            assertThat(descriptors.refs(frames[i])).as("references of page %d", i).isEqualTo(i == 0 ? 2 : 1);
        }
        cache.release(frames[0]);
        cache.locks.unlock(frames[1]);
        descriptors.clear(frames[2], PageDescriptors.DIRTY);
        cache.locks.endWriteback(frames[3]);
        OffHeap.putInt(descriptors.address(frames[4]) + PageDescriptors.MAPS_OFFSET, 0);
        reclaim(20);
        assertThat(mapping().tree.pages()).isZero();
        assertThat(counter(CacheCounter.EVICTIONS)).isEqualTo(16);
    }

    @ParameterizedTest
    @ValueSource(longs = {PageDescriptors.DIRTY, PageDescriptors.WRITEBACK, 0})
    @DisplayName("C7: a page that became dirty, or was referenced, after it was chosen is found so by the freeze, and stays as it was")
    void dirtyAfterTheChoice(final long flag) throws Exception {
        makeFile(1);
        touch(0);
        final Mapping mapping = mapping();
        final int frame = mapping.getPage(0);
        assertThat(cache.locks.tryLock(frame)).isTrue();
        assertThat(mapping.tree.tryLock()).isTrue();
        if (flag == 0) {
            cache.descriptors.get(frame);
        } else {
            cache.descriptors.set(frame, flag);
        }
        assertThat(cache.reclaimer.freezeAndDetach(mapping, frame)).isFalse();
        assertThat(cache.descriptors.refs(frame)).isEqualTo(flag == 0 ? 3 : 2);
        assertThat(mapping.isBound(frame, 0)).isTrue();
        mapping.tree.unlock();
        if (flag == 0) {
            cache.release(frame);
        } else {
            cache.descriptors.clear(frame, flag);
        }
        cache.locks.unlock(frame);
        cache.release(frame);
        touch(0);
    }

    @Test
    @DisplayName("C9: reclaim passes over a mapping whose tree is locked, and evicts from the others")
    void treeLocked() throws Exception {
        makeFile(8);
        for (int index = 0; index < 8; index++) {
            touch(index);
        }
        final ProbeFile otherStore = new ProbeFile();
        try (CachedFile other = cache.open(otherStore)) {
            assertThat(other.write(0, page(1), 0, PAGE)).isEqualTo(PAGE);
            final Gate gate = new Gate();
            final Mapping mine = cache.mappings.get(1);
            final Future<?> holder = start(() -> {
                mine.tree.lock();
                try {
                    gate.pass();
                } finally {
                    mine.tree.unlock();
                }
                return null;
            });
            gate.awaitArrival();
            reclaim(20);
            assertThat(file.cachedPages()).isEqualTo(8);
            assertThat(other.cachedPages()).isZero();
            gate.open();
            end(holder);
            reclaim(20);
            assertThat(file.cachedPages()).isZero();
        }
    }

    @Test
    @DisplayName("C9: a page whose fill is in flight is not evicted; reads of other pages go on in a full cache")
    void fillInFlight() throws Exception {
        makeFile(3 * FRAMES);
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.READ) && call.touches(0)) {
                gate.pass();
            }
        });
        final Future<byte[]> filling = start(() -> read(0, PAGE));
        gate.awaitArrival();
        for (int index = 1; index < 2 * FRAMES; index++) {
            touch(index);
        }
        assertThat(PageTree.isPage(mapping().tree.lookup(0))).isTrue();
        gate.open();
        assertThat(end(filling)).isEqualTo(page(0));
    }

    @Test
    @DisplayName("C1: many threads on a working set larger than the cache: every page has its bytes, no frame is lost")
    void manyThreads() throws Exception {
        final int pages = 2 * FRAMES;
        makeFile(pages);
        final List<Future<?>> readers = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            final long seed = 4_000 + thread;
            readers.add(start(() -> {
                final Random random = new Random(seed);
                final byte[] bytes = new byte[4 * PAGE];
                for (int i = 0; i < 2000; i++) {
                    final int index = random.nextInt(pages - 4);
                    assertThat(file.read((long) index * PAGE, bytes, 0, bytes.length)).isEqualTo(bytes.length);
                    for (int k = 0; k < 4; k++) {
                        final byte expected = (byte) ((index + k) * 31 + 7);
                        if (bytes[k * PAGE] != expected || bytes[k * PAGE + PAGE - 1] != expected) {
                            throw new AssertionError("seed " + seed + " step " + i + " page " + (index + k));
                        }
                    }
                }
                return null;
            }));
        }
        for (final Future<?> reader : readers) {
            end(reader);
        }
        assertThat(counter(CacheCounter.EVICTIONS)).isPositive();
    }

    @Test
    @DisplayName("pages of many sparse places, then evicted, leave bounded history in the trees")
    void shadowsAreBounded() throws Exception {
        file.truncate(1L << 60);
        final Random random = new Random(9);
        for (int i = 0; i < 6 * FRAMES; i++) {
            file.read((random.nextLong() >>> 4) & -PAGE, buffer, 8);
        }
        assertThat(cache.nodes.shadowNodes()).isLessThanOrEqualTo(FRAMES);
        assertThat(cache.nodes.nodesUsed()).isLessThanOrEqualTo(9 * FRAMES + 1024);
        file.truncate(0);
    }

    @Test
    @DisplayName("memory beside the pages stays within 2 % of the capacity for dense files")
    void overhead() throws Exception {
        makeFile(FRAMES);
        for (int index = 0; index < FRAMES; index++) {
            touch(index);
        }
        assertThat(cache.overheadBytes()).isLessThanOrEqualTo(cache.capacity() / 50);
    }

    @Test
    @DisplayName("W7: writers of large ranges at once do not pin the cache against each other")
    void manyWriters() throws Exception {
        final List<Future<?>> writers = new ArrayList<>();
        final List<CachedFile> files = new ArrayList<>();
        final List<ProbeFile> stores = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            final ProbeFile own = new ProbeFile();
            stores.add(own);
            files.add(cache.open(own));
        }
        for (int i = 0; i < 12; i++) {
            final CachedFile mine = files.get(i);
            final byte[] bytes = random(i, 200 * PAGE + 99);
            writers.add(start(() -> {
                for (int round = 0; round < 4; round++) {
                    assertThat(mine.write(round * 50L, bytes, 0, bytes.length)).isEqualTo(bytes.length);
                }
                return null;
            }));
        }
        for (final Future<?> writer : writers) {
            end(writer);
        }
        for (int i = 0; i < 12; i++) {
            final byte[] bytes = random(i, 200 * PAGE + 99);
            final byte[] expected = new byte[150 + bytes.length];
            for (int round = 0; round < 4; round++) {
                System.arraycopy(bytes, 0, expected, round * 50, bytes.length);
            }
            assertThat(read(files.get(i), 0, expected.length + 1)).isEqualTo(expected);
            assertThat(Arrays.equals(stores.get(i).content(0, expected.length + 1), expected)).isTrue();
            files.get(i).close();
        }
    }
}
