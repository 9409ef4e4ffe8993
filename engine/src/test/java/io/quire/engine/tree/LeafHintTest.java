package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** T14 of native-notes/tree.md: what a hint is, and what it is not. */
class LeafHintTest {
    private static final long FAR = (1L << 40) + 5;

    private final NodeSlab slab = new NodeSlab(64);
    private final PageTree tree = new PageTree(slab, "one");
    private final PageTree other = new PageTree(slab, "other");

    @BeforeEach
    void thereAreLeaves() {
        // A page alone would be in the root word.
        replace(tree, FAR + 1, PageTree.page(1));
        replace(tree, 0, PageTree.page(1));
        replace(other, 1L << 50, PageTree.page(1));
        replace(other, 0, PageTree.page(1));
    }

    @AfterEach
    void theSlabIsWhole() {
        for (final PageTree each : new PageTree[] {tree, other}) {
            for (final long index : new long[] {0, FAR + 1, 1L << 50}) {
                replace(each, index, PageTree.EMPTY);
            }
        }
        tree.close();
        other.close();
        slab.verify();
        slab.close();
    }

    @Test
    void whereNothingIsKnownTheAnswerIsAPageThatEveryArenaHas() {
        try (NodeSlab fresh = new NodeSlab(64); PageTree empty = new PageTree(fresh, "empty")) {
            assertThat(empty.hint(0)).isEqualTo(PageTree.page(0));
            assertThat(empty.hint(PageTree.MAX_INDEX)).isEqualTo(PageTree.page(0));
        }
    }

    @Test
    void aHintNamesThePageThatALookupFound() {
        replace(tree, FAR, PageTree.page(7));
        assertThat(tree.lookupForHint(FAR)).isEqualTo(PageTree.page(7));
        assertThat(tree.hint(FAR)).isEqualTo(PageTree.page(7));
        replace(tree, FAR, PageTree.EMPTY);
    }

    @Test
    void aPageInTheRootWordIsFoundByTheLookup() {
        replace(tree, 0, PageTree.EMPTY);
        assertThat(tree.lookupForHint(FAR + 1)).isEqualTo(PageTree.page(1));
        replace(tree, FAR + 1, PageTree.EMPTY);
        replace(tree, 0, PageTree.page(7));
        assertThat(tree.lookupForHint(0)).isEqualTo(PageTree.page(7));
    }

    @Test
    void aMissIsAMissWhateverTheHintSays() {
        assertThat(tree.lookupForHint(FAR)).isEqualTo(PageTree.EMPTY);
        assertThat(tree.lookupForHint(PageTree.MAX_INDEX + 1)).isEqualTo(PageTree.EMPTY);
    }

    @Test
    void afterTheLeafWasFreedTheHintMayNameAnothersPageAndTheLookupDoesNot() {
        replace(tree, FAR, PageTree.page(7));
        tree.lookupForHint(FAR);
        replace(tree, FAR, PageTree.EMPTY);
        replace(tree, FAR + 1, PageTree.EMPTY);
        assertThat(tree.hint(FAR)).isEqualTo(PageTree.page(0));
        // Nodes are handed out again last in, first out: one of these is what was the leaf.
        for (long index = FAR & 63; index < 20 * 64; index += 64) {
            replace(other, index, PageTree.page(9));
        }
        assertThat(tree.hint(FAR)).isEqualTo(PageTree.page(9));
        assertThat(tree.lookupForHint(FAR)).isEqualTo(PageTree.EMPTY);
        for (long index = FAR & 63; index < 20 * 64; index += 64) {
            replace(other, index, PageTree.EMPTY);
        }
    }

    @Test
    void ofALeafWithABlockOfFramesInOrderEveryPageIsKnownByTheNoteAlone() {
        fill(FAR & -64, 128);
        assertThat(tree.lookupForHint(FAR)).isEqualTo(PageTree.page((int) (128 + (FAR & 63))));
        // The slots are not looked at any more: what is not there is named all the same, and the descriptor knows.
        fill(FAR & -64, -1);
        for (int slot = 0; slot < 64; slot++) {
            assertThat(tree.hint((FAR & -64) + slot)).isEqualTo(PageTree.page(128 + slot));
        }
        replace(tree, FAR + 1, PageTree.page(1));
    }

    @Test
    void afterAnotherFrameTookThePlaceOfOneTheLookupNotesTheLeafAgain() {
        exchangeOneAfterALook(128);
        assertThat(tree.lookupForHint(FAR)).isEqualTo(PageTree.page(7));
        assertThat(tree.hint(FAR)).isEqualTo(PageTree.page(7));
        assertThat(tree.hint(FAR & -64)).isEqualTo(PageTree.page(128));
        replace(tree, FAR & -64, PageTree.page(9));
        assertThat(tree.hint(FAR & -64)).isEqualTo(PageTree.page(9));
        emptyTheLeaf();
    }

    @Test
    void framesInOrderThatBeginElsewhereThanABlockAreReadFromTheirSlots() {
        exchangeOneAfterALook(129);
        assertThat(tree.hint(FAR)).isEqualTo(PageTree.page(7));
        emptyTheLeaf();
    }

    /** Frames in order in FAR's leaf, a lookup that notes the leaf, and then frame 7 in the place of one of them. */
    private void exchangeOneAfterALook(final int firstFrame) {
        fill(FAR & -64, firstFrame);
        tree.lookupForHint(FAR);
        replace(tree, FAR, PageTree.page(7));
    }

    private void emptyTheLeaf() {
        fill(FAR & -64, -1);
        replace(tree, FAR + 1, PageTree.page(1));
    }

    /** A leaf's 64 slots: frames in order, or nothing for a negative one. */
    private void fill(final long index, final int frame) {
        for (int slot = 0; slot < 64; slot++) {
            replace(tree, index + slot, frame < 0 ? PageTree.EMPTY : PageTree.page(frame + slot));
        }
    }

    private static void replace(final PageTree target, final long index, final int entry) {
        target.lock();
        try {
            target.replace(index, entry);
        } finally {
            target.unlock();
        }
    }
}
