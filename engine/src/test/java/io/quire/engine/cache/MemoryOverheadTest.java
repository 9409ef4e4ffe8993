package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.tree.NodeSlab;
import io.quire.engine.tree.PageTree;
import io.quire.engine.write.WritePolicies;

/**
 * Memory beside the pages is at most 2 % of the bytes cached, by count and not by clock: for files used in runs, for files of which one
 * page is used, wherever that lies, and while a full cache is turned over.
 */
@Timeout(300)
class MemoryOverheadTest {
    private static final long PAGE = PageCache.PAGE_SIZE;
    /** A page number that is another for each file. */
    private static final LongUnaryOperator SCATTERED = file -> file * 0x9E3779B97F4A7C15L >>> 13;

    private final long buffer = NativeMemory.reserve(PAGE, false);
    private final List<CachedFile> files = new ArrayList<>();
    private PageCache cache;

    private void open(final int frames, final int count) throws Exception {
        open(frames, count, 0);
    }

    private void open(final int frames, final int count, final long readAhead) throws Exception {
        cache = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(frames * PAGE).readAhead(readAhead)
            .build();
        for (int i = 0; i < count; i++) {
            final ProbeFile store = new ProbeFile();
            store.truncate(1L << 62);
            files.add(cache.open(store));
        }
    }

    @AfterEach
    void theCacheIsWhole() throws Exception {
        if (cache != null) {
            cache.verify();
            for (final CachedFile file : files) {
                file.close();
            }
            assertThat(cache.nodes.nodesUsed()).isZero();
            cache.close();
        }
        NativeMemory.release(buffer, PAGE);
    }

    private void touch(final int file, final long index) throws Exception {
        assertThat(files.get(file).read(index * PAGE, buffer, Long.BYTES)).isEqualTo(Long.BYTES);
    }

    private void isWithinTheBound(final String when) {
        final long cached = cache.counters().get(CacheCounter.PAGES) * PAGE;
        assertThat(cache.overhead().total()).as("%s beside %,d bytes cached, %s", cache.overhead(), cached, when)
            .isLessThanOrEqualTo(cached / 50);
    }

    private void fill(final int count, final int pagesEach) throws Exception {
        open(count * pagesEach, count);
        for (int file = 0; file < count; file++) {
            for (int index = 0; index < pagesEach; index++) {
                touch(file, index);
            }
        }
        assertThat(cache.counters().get(CacheCounter.PAGES)).isEqualTo((long) count * pagesEach);
        isWithinTheBound("after the first fill");
    }

    @Test
    @DisplayName("T18: one file")
    void oneFile() throws Exception {
        fill(1, 10_000);
    }

    @Test
    @DisplayName("T18: files of a thousand pages")
    void filesOfAThousandPages() throws Exception {
        fill(10, 1000);
    }

    @Test
    @DisplayName("T2, T18: the first page of each of many files")
    void firstPages() throws Exception {
        fill(10_000, 1);
        assertThat(cache.overhead().treeNodes()).isZero();
    }

    @Test
    @DisplayName("T2, T18: one page of each of many files, wherever it lies")
    void scatteredPages() throws Exception {
        open(10_000, 10_000);
        for (int file = 0; file < 10_000; file++) {
            touch(file, SCATTERED.applyAsLong(file) >>> 1);
        }
        isWithinTheBound("after the first fill");
        assertThat(cache.overhead().treeNodes()).isZero();
    }

    @Test
    @DisplayName("T17, T18: one page of each of many files, another one each time round, with room for a fifth")
    void churnOfSinglePages() throws Exception {
        open(2000, 10_000);
        for (int round = 0; round < 4; round++) {
            for (int file = 0; file < 10_000; file++) {
                touch(file, round == 2 ? SCATTERED.applyAsLong(file) >>> 1 : 5 + round);
                if (file % 500 == 499 && (round > 0 || file > 2000)) {
                    isWithinTheBound("in round " + round + ", file " + file);
                }
            }
        }
        assertThat(cache.counters().get(CacheCounter.EVICTIONS)).isGreaterThan(37_000);
    }

    @Test
    @DisplayName("T17, T18: files of several pages that leave history behind, while their pages come and go one at a time")
    void churnThatLeavesHistory() throws Exception {
        open(2000, 4000);
        for (int round = 0; round < 12; round++) {
            for (int file = 0; file < 4000; file++) {
                touch(file, round % 6 * 70L);
                if (file % 500 == 499 && round > 0) {
                    isWithinTheBound("in round " + round + ", file " + file);
                }
            }
        }
    }

    @Test
    @DisplayName("T18: a scan over files of a thousand pages with room for a tenth")
    void churnOfRuns() throws Exception {
        open(2000, 20);
        for (int round = 0; round < 2; round++) {
            for (int file = 0; file < 20; file++) {
                for (int index = 0; index < 1000; index++) {
                    touch(file, index);
                }
                if (round > 0 || file > 2) {
                    isWithinTheBound("in round " + round + ", file " + file);
                }
            }
        }
    }

    @Test
    @DisplayName("T18: one long scan by compound pages, each of which leaves several leaves of history at once")
    void scanByCompoundPages() throws Exception {
        final int frames = 16_384;
        final int pages = 256;
        open(frames, 1);
        final long large = NativeMemory.reserve(pages * PAGE, false);
        try {
            for (long index = 0; index < 40L * frames; index += pages) {
                assertThat(files.get(0).read(index * PAGE, large, (int) (pages * PAGE))).isEqualTo((int) (pages * PAGE));
                if (index % frames == 0 && index > frames) {
                    isWithinTheBound("after " + index + " pages");
                }
            }
        } finally {
            NativeMemory.release(large, pages * PAGE);
        }
        assertThat(cache.counters().get(CacheCounter.LARGE_PAGES)).as("of 256 pages each").isEqualTo(40L * frames / pages);
    }

    @Test
    @DisplayName("T18: nodes of a million pages, in one file, in a thousand, and one in each of a hundred thousand")
    void nodesOfAMillionPages() {
        final long room = PAGE / 50 - 64;
        assertThat(nodeBytes(1, 1_000_000)).isLessThanOrEqualTo(room * 1_000_000 / 2);
        assertThat(nodeBytes(1000, 1000)).isLessThanOrEqualTo(room * 1_000_000 / 2);
        assertThat(nodeBytes(100_000, 1)).isZero();
    }

    private static long nodeBytes(final int count, final int pagesEach) {
        try (NodeSlab slab = new NodeSlab(1 << 20)) {
            final PageTree[] trees = new PageTree[count];
            for (int i = 0; i < count; i++) {
                trees[i] = new PageTree(slab, "file");
                store(trees[i], i, pagesEach, PageTree.page(i));
            }
            final long bytes = slab.bytesUsed();
            for (int i = 0; i < count; i++) {
                store(trees[i], i, pagesEach, PageTree.EMPTY);
                trees[i].close();
            }
            assertThat(slab.nodesUsed()).isZero();
            return bytes;
        }
    }

    private static void store(final PageTree tree, final int file, final int pages, final int entry) {
        tree.lock();
        try {
            for (int index = 0; index < pages; index++) {
                tree.replace(pages == 1 ? SCATTERED.applyAsLong(file) : index, entry);
            }
        } finally {
            tree.unlock();
        }
    }
}
