package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.lock.Points;

/** Whether any page is marked, asked without the lock: a sync that is told no writes nothing. */
class AnyMarkTest {
    private static final long FAR = 1L << 20;

    private final NodeSlab slab = new NodeSlab(64);
    private final PageTree tree = new PageTree(slab, "one");
    private final Points points = new Points();

    @AfterEach
    void theSlabIsWhole() {
        points.close();
        for (final long index : new long[] {0, 1, FAR}) {
            replace(index, PageTree.EMPTY);
        }
        tree.close();
        slab.verify();
        slab.close();
    }

    private void replace(final long index, final int entry) {
        tree.lock();
        try {
            tree.replace(index, entry);
        } finally {
            tree.unlock();
        }
    }

    private void markFirst() {
        replace(0, PageTree.page(7));
        tree.lock();
        try {
            tree.setMark(0, PageTree.MARK_DIRTY);
        } finally {
            tree.unlock();
        }
    }

    @Test
    @DisplayName("T15: a mark of the page in the root word is seen by who read the root before a leaf grew over it")
    void growth() {
        markFirst();
        points.run(TreePoint.ROOT_READ_FOR_MARKS, () -> replace(1, PageTree.page(8)));
        assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).isTrue();
    }

    @Test
    @DisplayName("T15: a mark is seen by who read the root before the levels above it were taken away")
    void shrinking() {
        markFirst();
        replace(1, PageTree.page(8));
        replace(FAR, PageTree.page(9));
        points.run(TreePoint.ROOT_READ_FOR_MARKS, () -> replace(FAR, PageTree.EMPTY));
        assertThat(tree.isAnyMarked(PageTree.MARK_DIRTY)).isTrue();
    }

    @Test
    @DisplayName("T15: an index keeps its mark for who asks while the tree changes its height")
    void oneIndex() {
        markFirst();
        points.run(TreePoint.ROOT_READ_FOR_MARKS, () -> replace(1, PageTree.page(8)));
        assertThat(tree.isMarked(0, PageTree.MARK_DIRTY)).isTrue();
    }
}
