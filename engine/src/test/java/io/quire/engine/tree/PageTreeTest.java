package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One invariant of native-notes/tree.md at a time. */
class PageTreeTest {
    private static final long MAX = PageTree.MAX_INDEX;

    private final NodeSlab slab = new NodeSlab(4096);
    private final PageTree tree = new PageTree(slab, "test");

    @AfterEach
    void theSlabIsWhole() {
        tree.verify();
        clear(tree);
        tree.close();
        assertThat(slab.nodesUsed()).isZero();
        slab.verify();
        slab.close();
    }

    @Test
    void entriesKeepTheirKindAndValue() {
        for (final int value : new int[] {0, 1, 12_345, (1 << 29) - 1, 1 << 29, (1 << 30) - 1}) {
            assertThat(PageTree.isPage(PageTree.page(value))).isTrue();
            assertThat(PageTree.isShadow(PageTree.page(value))).isFalse();
            assertThat(PageTree.frame(PageTree.page(value))).isEqualTo(value);
            assertThat(PageTree.isShadow(PageTree.shadow(value))).isTrue();
            assertThat(PageTree.isPage(PageTree.shadow(value))).isFalse();
            assertThat(PageTree.shadowValue(PageTree.shadow(value))).isEqualTo(value);
        }
        for (final int other : new int[] {PageTree.EMPTY, PageTree.OUT_OF_NODES}) {
            assertThat(PageTree.isPage(other) || PageTree.isShadow(other)).isFalse();
        }
    }

    /** T2: a page alone needs no node. */
    @Test
    void aFileOfOnePageNeedsNoNode() {
        assertThat(replace(0, PageTree.page(7))).isEqualTo(PageTree.EMPTY);
        tree.lock();
        assertThat(tree.setMark(0, PageTree.MARK_DIRTY)).isTrue();
        assertThat(tree.setMark(0, PageTree.MARK_DIRTY)).isFalse();
        tree.unlock();
        assertThat(slab.nodesUsed()).isZero();
        assertThat(tree.lookup(0)).isEqualTo(PageTree.page(7));
        assertThat(tree.lookup(1)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.nextMarked(0, MAX, PageTree.MARK_DIRTY)).isZero();
    }

    /** T3: the tree is no higher than its largest index needs; what was in the root word survives growing and shrinking. */
    @Test
    void marksSurviveGrowingAndShrinking() {
        replace(0, PageTree.page(7));
        tree.lock();
        tree.setMark(0, PageTree.MARK_WRITEBACK);
        tree.unlock();
        for (final long far : new long[] {1, 64, 4096, 1L << 30, MAX}) {
            replace(far, PageTree.page(8));
            assertThat(tree.isMarked(0, PageTree.MARK_WRITEBACK)).isTrue();
            assertThat(tree.isMarked(far, PageTree.MARK_WRITEBACK)).isFalse();
            tree.verify();
            replace(far, PageTree.EMPTY);
            assertThat(tree.isMarked(0, PageTree.MARK_WRITEBACK)).isTrue();
            assertThat(slab.nodesUsed()).isZero();
        }
        tree.lock();
        assertThat(tree.clearMark(0, PageTree.MARK_WRITEBACK)).isTrue();
        tree.unlock();
        assertThat(tree.isAnyMarked(PageTree.MARK_WRITEBACK)).isFalse();
    }

    /** T2: a page alone needs no node, wherever it lies, and its marks are beside the root word. */
    @Test
    void aPageAloneNeedsNoNodeWhereverItLies() {
        for (final long index : new long[] {5, 64, 1_000_000, 1L << 40, MAX}) {
            replace(index, PageTree.page(7));
            tree.lock();
            assertThat(tree.setMark(index, PageTree.MARK_DIRTY)).isTrue();
            assertThat(tree.setMark(index - 1, PageTree.MARK_DIRTY)).isFalse();
            tree.unlock();
            tree.verify();
            assertThat(slab.nodesUsed()).isZero();
            assertThat(tree.lookup(index)).isEqualTo(PageTree.page(7));
            assertThat(tree.lookupExact(index)).isEqualTo(PageTree.page(7));
            assertThat(tree.lookupForHint(index)).isEqualTo(PageTree.page(7));
            for (final long other : new long[] {0, index - 1, index + 1, index ^ 64, -1, -index, Long.MAX_VALUE}) {
                assertThat(tree.lookup(other)).isEqualTo(PageTree.EMPTY);
                assertThat(tree.isMarked(other, PageTree.MARK_DIRTY)).isFalse();
            }
            assertThat(tree.nextMarked(0, Long.MAX_VALUE, PageTree.MARK_DIRTY)).isEqualTo(index);
            assertThat(tree.nextMarked(0, index - 1, PageTree.MARK_DIRTY)).isEqualTo(-1);
            assertThat(tree.nextMarked(index + 1, Long.MAX_VALUE, PageTree.MARK_DIRTY)).isEqualTo(-1);
            assertThat(tree.hasPage(index, index)).isTrue();
            assertThat(tree.hasPage(0, index - 1)).isFalse();
            assertThat(replace(index, PageTree.page(8))).isEqualTo(PageTree.page(7));
            assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).as("T5").isTrue();
            assertThat(replace(index, PageTree.shadow(9))).isEqualTo(PageTree.page(8));
            assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).isFalse();
            assertThat(tree.hasPage(0, MAX)).isFalse();
            assertThat(replace(index, PageTree.EMPTY)).isEqualTo(PageTree.shadow(9));
            assertThat(tree.lookup(index)).isEqualTo(PageTree.EMPTY);
        }
    }

    /** T2: two pages need the paths to both, and what they share once. */
    @Test
    void theLastIndexBesideAnotherCostsAPathOfNineNodes() {
        replace(MAX, PageTree.page(1));
        replace(MAX - 1, PageTree.page(2));
        assertThat(slab.nodesUsed()).isEqualTo(9);
        assertThat(slab.bytesUsed()).isEqualTo(9 * NodeSlab.NODE_SIZE);
        assertThat(tree.lookup(MAX)).isEqualTo(PageTree.page(1));
        assertThat(tree.lookup(Long.MAX_VALUE)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.lookup(-1)).isEqualTo(PageTree.EMPTY);
        replace(0, PageTree.page(3));
        assertThat(slab.nodesUsed()).isEqualTo(17);
    }

    /** T2, T3: whoever stays last moves into the root word, with its marks, whatever was there before. */
    @Test
    void theLastOneOfTwoMovesIntoTheRootWord() {
        final long[] indices = {0, 5, 63, 64, 4096, 1_000_000, 1L << 40, MAX};
        for (final long one : indices) {
            for (final long two : indices) {
                if (one == two) {
                    continue;
                }
                replace(one, PageTree.page(1));
                tree.lock();
                tree.setMark(one, PageTree.MARK_TOWRITE);
                tree.unlock();
                replace(two, PageTree.page(2));
                tree.verify();
                assertThat(tree.isMarked(one, PageTree.MARK_TOWRITE)).isTrue();
                assertThat(tree.isMarked(two, PageTree.MARK_TOWRITE)).isFalse();
                replace(two, PageTree.EMPTY);
                tree.verify();
                assertThat(slab.nodesUsed()).isZero();
                assertThat(tree.lookup(one)).isEqualTo(PageTree.page(1));
                assertThat(tree.isMarked(one, PageTree.MARK_TOWRITE)).isTrue();
                replace(two, PageTree.shadow(2));
                replace(one, PageTree.EMPTY);
                tree.verify();
                assertThat(slab.nodesUsed()).isZero();
                assertThat(tree.lookup(two)).isEqualTo(PageTree.shadow(2));
                assertThat(tree.isAnyMarked(PageTree.MARK_TOWRITE)).isFalse();
                replace(two, PageTree.EMPTY);
            }
        }
    }

    /** T17: over the limit, what is left of history goes where it would cost one page a node. */
    @Test
    void overTheLimitAPageAloneKeepsNoNodeForHistory() {
        slab.historyLimit(0);
        replace(5, PageTree.page(1));
        replace(5, PageTree.shadow(1));
        assertThat(tree.lookup(5)).as("a shadow alone costs nothing").isEqualTo(PageTree.shadow(1));
        replace(9, PageTree.page(2));
        replace(1L << 20, PageTree.page(3));
        assertThat(tree.lookup(9)).isEqualTo(PageTree.page(2));
        final int paths = slab.nodesUsed();
        assertThat(paths).isPositive();
        replace(9, PageTree.shadow(4));
        assertThat(slab.nodesUsed()).isZero();
        assertThat(tree.lookup(9)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.lookup(1L << 20)).isEqualTo(PageTree.page(3));
        slab.historyLimit(paths);
        replace(9, PageTree.page(2));
        replace(9, PageTree.shadow(4));
        assertThat(tree.lookup(9)).as("within the limit").isEqualTo(PageTree.shadow(4));
    }

    /** T17: a tree of history alone makes room for a page the same way, and tells of the shadow that the page replaces. */
    @Test
    void overTheLimitHistoryAloneGivesWayToAPage() {
        for (final long index : new long[] {1, 2, 70}) {
            replace(index, PageTree.page(1));
        }
        for (final long index : new long[] {1, 2, 70}) {
            replace(index, PageTree.shadow((int) index));
        }
        assertThat(slab.nodesUsed()).isEqualTo(3);
        slab.historyLimit(2);
        assertThat(replace(2, PageTree.page(1))).isEqualTo(PageTree.shadow(2));
        assertThat(slab.nodesUsed()).isZero();
        assertThat(tree.lookup(2)).isEqualTo(PageTree.page(1));
        assertThat(tree.lookup(70)).isEqualTo(PageTree.EMPTY);
        assertThat(slab.shadowNodes()).isZero();
    }

    /** T17: the history of a large file is not given up for its last page. */
    @Test
    void overTheLimitALongHistoryStays() {
        for (int index = 0; index < 100; index++) {
            replace(index, PageTree.page(index));
        }
        slab.historyLimit(0);
        for (int index = 0; index < 99; index++) {
            replace(index, PageTree.shadow(index));
        }
        assertThat(tree.lookup(98)).isEqualTo(PageTree.shadow(98));
        tree.verify();
    }

    @Test
    void indicesOutOfRangeAreRefused() {
        tree.lock();
        try {
            assertThatThrownBy(() -> tree.replace(-1, PageTree.page(1))).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> tree.replace(MAX + 1, PageTree.page(1)))
                .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> tree.setMark(0, 3)).isInstanceOf(IllegalArgumentException.class);
        } finally {
            tree.unlock();
        }
        assertThatThrownBy(() -> tree.lookupRun(0, 0, new int[1])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void changesNeedTheTreeLock() {
        assertThatThrownBy(() -> tree.replace(0, PageTree.page(1))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> tree.pruneShadows(1)).isInstanceOf(AssertionError.class);
    }

    /** T5: a page that takes a page's place keeps its marks; anything else clears them. */
    @Test
    void migrationKeepsMarksAndEvictionClearsThem() {
        replace(5, PageTree.page(1));
        tree.lock();
        tree.setMark(5, PageTree.MARK_DIRTY);
        tree.replace(5, PageTree.page(2));
        assertThat(tree.isMarked(5, PageTree.MARK_DIRTY)).isTrue();
        tree.replace(5, PageTree.shadow(3));
        assertThat(tree.isMarked(5, PageTree.MARK_DIRTY)).isFalse();
        assertThat(tree.setMark(5, PageTree.MARK_DIRTY)).isFalse();
        tree.unlock();
        assertThat(tree.nextMarked(0, Long.MAX_VALUE, PageTree.MARK_DIRTY)).isEqualTo(-1);
    }

    /** T6: leaves with shadows alone are pruned oldest first. */
    @Test
    void shadowLeavesArePrunedOldestFirst() {
        for (final long leaf : new long[] {9, 3, 7, 5}) {
            replace(leaf * 64, PageTree.page(1));
            replace(leaf * 64, PageTree.shadow(1));
        }
        replace(3 * 64 + 1, PageTree.page(2));
        assertThat(slab.shadowNodes()).isEqualTo(3);
        tree.lock();
        assertThat(tree.pruneShadows(2)).isEqualTo(2);
        tree.unlock();
        assertThat(tree.lookup(9 * 64)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.lookup(7 * 64)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.lookup(5 * 64)).isEqualTo(PageTree.shadow(1));
        assertThat(tree.lookup(3 * 64)).isEqualTo(PageTree.shadow(1));
        tree.lock();
        assertThat(tree.pruneShadows(2)).isEqualTo(1);
        assertThat(tree.pruneShadows(2)).isZero();
        tree.unlock();
    }

    /** T7: too few nodes change nothing, and replacing needs none. */
    @Test
    void outOfNodesChangesNothing() {
        try (NodeSlab small = new NodeSlab(10); PageTree full = new PageTree(small, "full")) {
            full.lock();
            assertThat(full.replace(0, PageTree.page(3))).isEqualTo(PageTree.EMPTY);
            assertThat(full.replace(MAX, PageTree.page(1))).isEqualTo(PageTree.OUT_OF_NODES);
            assertThat(small.nodesUsed()).isZero();
            assertThat(full.replace(MAX >>> 6, PageTree.page(1))).isEqualTo(PageTree.OUT_OF_NODES);
            assertThat(full.lookup(0)).isEqualTo(PageTree.page(3));
            assertThat(full.replace(1L << 24, PageTree.page(1))).isEqualTo(PageTree.EMPTY);
            assertThat(full.replace(1L << 24, PageTree.page(2))).isEqualTo(PageTree.page(1));
            assertThat(full.replace(1L << 24, PageTree.EMPTY)).isEqualTo(PageTree.page(2));
            assertThat(full.lookup(0)).isEqualTo(PageTree.page(3));
            full.unlock();
            full.verify();
            clear(full);
        }
    }

    /** The shorter array bounds a gang, and an empty one takes nothing. */
    @Test
    void aGangFillsTheShorterArray() {
        for (int index = 0; index < 10; index++) {
            replace(index, PageTree.page(index));
        }
        assertThat(tree.gang(0, MAX, new long[10], new int[3])).isEqualTo(3);
        assertThat(tree.gang(0, MAX, new long[3], new int[10])).isEqualTo(3);
        assertThat(tree.gang(0, MAX, new long[0], new int[10])).isZero();
        assertThat(tree.gang(5, 4, new long[3], new int[3])).isZero();
    }

    @Test
    void closingWithPagesIsRefused() {
        replace(100, PageTree.page(1));
        assertThatThrownBy(tree::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("test");
        assertThat(tree.lookup(100)).isEqualTo(PageTree.page(1));
    }

    /** T8: a node is freed once, by its owner. */
    @Test
    void doubleFreeIsReported() {
        final int node = slab.allocateChain(1, 99);
        assertThatThrownBy(() -> slab.free(node, 98)).isInstanceOf(IllegalStateException.class);
        slab.free(node, 99);
        assertThatThrownBy(() -> slab.free(node, 99)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("node " + node);
    }

    /** T9: a walk that started long ago ends, whatever its nodes have become; and a miss in it is noticed. */
    @Test
    void aWalkThroughRecycledNodesEndsAndItsMissIsNoticed() {
        try (PageTree other = new PageTree(slab, "other")) {
            replace(3, PageTree.page(1));
            replace(64 * 64, PageTree.page(2));
            final long old = tree.root();
            clear(tree);
            assertThat(tree.root() >>> 38).as("the version moved").isNotEqualTo(old >>> 38);
            assertThat(walk(old, 3)).isEqualTo(PageTree.EMPTY);
            // The freed nodes come back in another tree at other heights: nodes for leaves and leaves for nodes.
            for (long index = 3; index < 1L << 40; index *= 67) {
                other.lock();
                other.replace(index, PageTree.page(77));
                other.unlock();
                for (long sought = 0; sought < 64 * 65; sought++) {
                    final int entry = walk(old, sought);
                    assertThat(entry == PageTree.EMPTY || entry == PageTree.page(77)).isTrue();
                }
            }
            clear(other);
        }
    }

    /** T9: the version moves with each node freed, so a tree that looks the same again is told from the one walked. */
    @Test
    void theSameShapeAgainHasAnotherVersion() {
        replace(1, PageTree.page(1));
        replace(2, PageTree.page(2));
        final long old = tree.root();
        replace(1, PageTree.EMPTY);
        replace(1, PageTree.page(1));
        assertThat((int) tree.root()).as("same node").isEqualTo((int) old);
        assertThat(tree.root()).isNotEqualTo(old);
    }

    /** T10. */
    @Test
    void readersAllocateNothing() {
        for (long index = 0; index < 10_000; index++) {
            replace(index, PageTree.page((int) index));
        }
        final int[] run = new int[64];
        final long[] indices = new long[64];
        final int[] frames = new int[64];
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long thread = Thread.currentThread().threadId();
        long sum = readEverything(run, indices, frames);
        final long before = threads.getThreadAllocatedBytes(thread);
        final long atRest = threads.getThreadAllocatedBytes(thread) - before;
        final long start = threads.getThreadAllocatedBytes(thread);
        sum += readEverything(run, indices, frames);
        final long allocated = threads.getThreadAllocatedBytes(thread) - start - atRest;
        assertThat(allocated).as("bytes allocated, checksum " + sum).isZero();
    }

    private long readEverything(final int[] run, final long[] indices, final int[] frames) {
        long sum = 0;
        for (long index = 0; index < 20_000; index++) {
            sum += tree.lookup(index * 31 % 20_000);
            sum += tree.lookupExact(index);
            sum += tree.lookupRun(index, 32, run);
            sum += tree.nextMarked(index, MAX, PageTree.MARK_DIRTY);
            sum += tree.gang(index, index + 70, indices, frames);
        }
        return sum;
    }

    private int replace(final long index, final int entry) {
        tree.lock();
        try {
            return tree.replace(index, entry);
        } finally {
            tree.unlock();
        }
    }

    private int walk(final long root, final long index) {
        return PageTree.walk(slab.slots(), root, index);
    }

    private static void clear(final PageTree tree) {
        final long[] indices = new long[64];
        final int[] frames = new int[64];
        tree.lock();
        try {
            int found;
            do {
                found = tree.gang(0, Long.MAX_VALUE, indices, frames);
                for (int i = 0; i < found; i++) {
                    tree.replace(indices[i], PageTree.EMPTY);
                }
            } while (found > 0);
            tree.pruneShadows(Integer.MAX_VALUE);
        } finally {
            tree.unlock();
        }
    }
}
