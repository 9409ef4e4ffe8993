package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.lock.Points;

/** T16: an entry that is alone is in the root word, and what readers see while it comes there, leaves and changes its index. */
class AloneEntryTest {
    private static final long FAR = (1L << 40) + 5;
    private static final int PAGE = PageTree.page(7);

    private final NodeSlab slab = new NodeSlab(64);
    private final PageTree tree = new PageTree(slab, "one");
    private final PageTree other = new PageTree(slab, "other");
    private final Points points = new Points();

    @AfterEach
    void theSlabIsWhole() {
        points.close();
        tree.verify();
        for (final PageTree each : new PageTree[] {tree, other}) {
            long index;
            while ((index = each.nextPage()) >= 0) {
                replace(each, index, PageTree.EMPTY);
            }
            each.close();
        }
        assertThat(slab.nodesUsed()).isZero();
        slab.verify();
        slab.close();
    }

    private static void replace(final PageTree of, final long index, final int entry) {
        of.lock();
        try {
            of.replace(index, entry);
        } finally {
            of.unlock();
        }
    }

    private void replace(final long index, final int entry) {
        replace(tree, index, entry);
    }

    private void dirty(final long index) {
        tree.lock();
        try {
            tree.setMark(index, PageTree.MARK_DIRTY);
        } finally {
            tree.unlock();
        }
    }

    /** Runs something once, the first time that a point is reached. */
    private void once(final TreePoint point, final Runnable action) {
        final AtomicLong times = new AtomicLong();
        points.run(point, () -> {
            if (times.getAndIncrement() == 0) {
                action.run();
            }
        });
    }

    @Test
    @DisplayName("T16: a page is found by who read it in the root word before a second page took both into leaves")
    void expansion() {
        replace(FAR, PAGE);
        once(TreePoint.ROOT_READ_ALONE, () -> replace(FAR + 1, PageTree.page(8)));
        assertThat(tree.lookup(FAR)).isEqualTo(PAGE);
        assertThat(tree.lookup(FAR + 1)).isEqualTo(PageTree.page(8));
    }

    @Test
    @DisplayName("T16: the second page is found by who read the root word before it came")
    void theSecondPage() {
        replace(FAR, PAGE);
        once(TreePoint.ROOT_READ_ALONE, () -> replace(0, PageTree.page(8)));
        assertThat(tree.lookup(0)).isEqualTo(PageTree.page(8));
    }

    @Test
    @DisplayName("T9, T16: a page that stays alone is not missed by who is on the way to its leaf, whose nodes another tree takes at once")
    void collapse() {
        replace(FAR, PAGE);
        replace(0, PageTree.page(8));
        once(TreePoint.LOOKUP_NODE, () -> {
            replace(0, PageTree.EMPTY);
            replace(other, FAR, PageTree.page(1));
            replace(other, 1, PageTree.page(2));
        });
        assertThat(tree.lookupExact(FAR)).isEqualTo(PAGE);
        assertThat(slab.nodesUsed()).as("the other tree's").isPositive();
    }

    @Test
    @DisplayName("T16: page and mark are there just before, and just after, the page moved into the root word")
    void duringCollapse() {
        for (final TreePoint moment : new TreePoint[] {TreePoint.COLLAPSE, TreePoint.COLLAPSED}) {
            replace(FAR, PAGE);
            dirty(FAR);
            replace(0, PageTree.page(8));
            final AtomicLong seen = new AtomicLong();
            once(moment, () -> seen.set((tree.lookupExact(FAR) == PAGE ? 1 : 0) + (tree.lookup(0) == PageTree.EMPTY ? 2 : 0)
                + (tree.isMarked(FAR, PageTree.MARK_DIRTY) ? 4 : 0) + (tree.isAnyMarked(PageTree.MARK_DIRTY) ? 8 : 0)
                + (tree.nextMarked(1, PageTree.MAX_INDEX, PageTree.MARK_DIRTY) == FAR ? 16 : 0)));
            replace(0, PageTree.EMPTY);
            assertThat(seen.get()).as(moment.name()).isEqualTo(31);
            points.letGo();
        }
    }

    @Test
    @DisplayName("T15: a mark is seen by who read the root before the page moved into the root word")
    void markInCollapse() {
        replace(FAR, PAGE);
        dirty(FAR);
        replace(0, PageTree.page(8));
        once(TreePoint.ROOT_READ_FOR_MARKS, () -> replace(0, PageTree.EMPTY));
        assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).isTrue();
    }

    @Test
    @DisplayName("T15: a mark is seen by who read the root before the page moved into a leaf")
    void markInExpansion() {
        replace(FAR, PAGE);
        dirty(FAR);
        once(TreePoint.ROOT_READ_FOR_MARKS, () -> replace(0, PageTree.page(8)));
        assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).isTrue();
    }

    @Test
    @DisplayName("T9, T16: a shadow is not believed at an index that had another while the root word looked the same before and after")
    void anothersShadow() {
        final int mine = PageTree.shadow(1);
        final int between = PageTree.shadow(2);
        replace(5, mine);
        once(TreePoint.ROOT_READ_ALONE, () -> {
            replace(5, PageTree.EMPTY);
            replace(9, between);
        });
        once(TreePoint.INDEX_READ_ALONE, () -> {
            replace(9, PageTree.EMPTY);
            replace(5, mine);
        });
        assertThat(tree.lookup(9)).isNotEqualTo(mine);
        replace(5, PageTree.EMPTY);
    }

    @Test
    @DisplayName("T16: a run shows the page that is alone at its place, and nowhere else")
    void run() {
        replace(FAR, PAGE);
        final int[] run = new int[64];
        assertThat(tree.lookupRun(FAR - 3, 10, run)).isEqualTo(10);
        for (int i = 0; i < 10; i++) {
            assertThat(run[i]).isEqualTo(i == 3 ? PAGE : PageTree.EMPTY);
        }
        assertThat(tree.lookupRun(FAR + 1, 10, run)).isEqualTo(10);
        assertThat(run[0]).isEqualTo(PageTree.EMPTY);
    }

    @Test
    @DisplayName("T7, T16: a run of pages comes beside, over and instead of a page that is alone")
    void runOverAlone() {
        for (final long first : new long[] {0, 8, FAR - 5}) {
            for (final long alone : new long[] {0, 11, FAR}) {
                tree.lock();
                try {
                    tree.replace(alone, PageTree.shadow(3));
                    final boolean inside = alone >= first && alone < first + 8;
                    assertThat(tree.replaceRun(first, 8, PageTree.page(16))).isEqualTo(inside ? PageTree.shadow(3) : PageTree.EMPTY);
                    assertThat(tree.lookup(alone)).isEqualTo(inside ? PageTree.page(16 + (int) (alone - first)) : PageTree.shadow(3));
                    assertThat(tree.replaceRun(first, 8, PageTree.EMPTY)).isEqualTo(PageTree.EMPTY);
                    assertThat(slab.nodesUsed()).isZero();
                    assertThat(tree.replaceRun(alone & -8, 8, PageTree.EMPTY))
                        .isEqualTo(inside ? PageTree.EMPTY : PageTree.shadow(3));
                    assertThat(tree.root() & 0xffff_ffffL).isZero();
                } finally {
                    tree.unlock();
                }
                tree.verify();
            }
        }
    }
}
