package io.quire.engine.tree;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * How a {@link PageTree} grows and shrinks; everything here runs under its tree lock, against readers that take no lock.
 *
 * <pre>
 *                    first entry                    second entry, anywhere: grow
 *   EMPTY root word ------------&gt; entry in the root word ---------------------&gt; nodes --+ an index beyond: raise
 *         ^                          |        ^                                   |  ^    | nothing but slot 0: shrink
 *         +--------------------------+        +-----------------------------------+  +----+
 *              last entry leaves              last but one leaves: collapse
 * </pre>
 *
 * <p>What readers rely on:
 * <ul>
 * <li>a node is linked when every word of it is valid: new nodes are empty, or built before the root word names them;</li>
 * <li>a node is unlinked, then the version moves, then what is left in it is emptied and it is freed. So a reader that misses
 *     because of that finds another root word than it started from;</li>
 * <li>the index of an entry in the root word is stored before the root word, whose version moves with it; the marks beside it are
 *     stored before a root word that is an entry, and cleared after one that is a node.</li>
 * </ul>
 */
final class TreeShape {
    private static final int NONE = NodeSlab.NONE;
    private static final int EMPTY = PageTree.EMPTY;

    private final PageTree tree;
    private final NodeSlab slab;
    private final TreeWriter writer;
    /** Nodes taken for a growth and not used yet. */
    private int spare = NONE;

    TreeShape(final PageTree tree, final NodeSlab slab, final TreeWriter writer) {
        this.tree = tree;
        this.slab = slab;
        this.writer = writer;
    }

    /** Stores an entry of an index in a root word that is no node, and is empty or the entry of that index. */
    int replaceRoot(final long index, final int entry) {
        final long root = tree.root();
        final int previous = (int) root;
        if (!PageTree.isPage(entry) || !PageTree.isPage(previous)) {
            tree.rootMarks(0);
        }
        if (entry == EMPTY) {
            publish(EMPTY, 0, 0);
        } else if (previous == EMPTY) {
            publishAlone(index, entry);
        } else {
            publish(entry, Words.rootBits(root), 0);
        }
        return previous;
    }

    /**
     * Makes the nodes on the way to an index. An entry in the root word moves to its leaf.
     *
     * @return the leaf's word, or {@link #EMPTY} when the slab has too few nodes and nothing has changed
     */
    int grow(final long index) {
        final long root = tree.root();
        final int word = (int) root;
        final boolean isNode = Words.isNode(word);
        final int bits = isNode ? Words.rootBits(root) : word == EMPTY ? 0 : Words.bitsFor(tree.indexAlone());
        final int wanted = Math.max(bits, Words.bitsFor(index));
        spare = slab.allocateChain(missing(root, index, bits, wanted), writer.owner());
        if (spare == NONE) {
            return EMPTY;
        }
        final int top = isNode ? raise(word, bits, wanted) : plant(root, wanted);
        if (top != word) {
            publish(top, wanted, 0);
            tree.rootMarks(0);
        }
        final int leaf = descend(top, wanted, index);
        assert spare == NONE : "too many nodes asked for at index " + index;
        return leaf;
    }

    /** How many nodes {@link #grow} needs. */
    private int missing(final long root, final long index, final int bits, final int wanted) {
        int word = (int) root;
        if (word == EMPTY) {
            return wanted / Words.BITS;
        }
        if (!Words.isNode(word)) {
            // The path to the entry that is there, and what the other's does not share with it.
            return wanted / Words.BITS + Words.levelsApart(tree.indexAlone(), index);
        }
        if (wanted > bits) {
            // New levels over the old root; and below the new root, where the index is not in slot 0, all is missing.
            return (wanted - bits) / Words.BITS + wanted / Words.BITS - 1;
        }
        int shift = bits;
        while (shift != 0 && word != EMPTY) {
            shift -= Words.BITS;
            word = OffHeap.getInt(slab.slot(word, Words.slotOf(index, shift)));
        }
        return shift / Words.BITS;
    }

    /** Makes a root that is not linked yet, with the entry of the root word at its place below. */
    private int plant(final long root, final int wanted) {
        final int top = take(NONE, 0, wanted - Words.BITS);
        final int entry = (int) root;
        if (entry != EMPTY) {
            final long index = tree.indexAlone();
            writer.settle(descend(top, wanted, index), Words.slotOf(index, 0), entry, tree.rootMarks());
        }
        return top;
    }

    /** Makes roots over a root, which becomes their slot 0, until they cover so many bits. */
    private int raise(final int root, final int bits, final int wanted) {
        int below = root;
        for (int covered = bits; covered < wanted; covered += Words.BITS) {
            final int top = take(NONE, 0, covered);
            slab.occupied(top, 1);
            OffHeap.putIntRelease(slab.slot(top, 0), below);
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                OffHeap.putLongRelease(slab.mark(top, mark), OffHeap.getLong(slab.mark(below, mark)) != 0 ? 1 : 0);
            }
            slab.parent(below, Words.node(top));
            below = top;
        }
        return below;
    }

    /** The leaf of an index below a node, with what is missing on the way. */
    private int descend(final int top, final int bits, final long index) {
        int word = top;
        for (int shift = bits - Words.BITS; shift != 0; shift -= Words.BITS) {
            final int slot = Words.slotOf(index, shift);
            int child = OffHeap.getInt(slab.slot(word, slot));
            if (child == EMPTY) {
                child = take(Words.node(word), slot, shift - Words.BITS);
                slab.occupied(word, slab.occupied(word) | 1L << slot);
                OffHeap.putIntRelease(slab.slot(word, slot), child);
            }
            word = child;
        }
        return word;
    }

    private int take(final int parent, final int offset, final int shift) {
        final int word = Words.nodeWord(spare);
        spare = OffHeap.getInt(slab.header(word) + NodeSlab.NEXT_OFFSET);
        slab.initialise(word, parent, offset, shift);
        return word;
    }

    /** Frees an empty node and the ancestors that this leaves empty. */
    void freeUpwards(final int word) {
        int empty = word;
        while (true) {
            final int parent = slab.parent(empty);
            if (parent == NONE) {
                publish(EMPTY, 0, 1);
                slab.free(Words.node(empty), writer.owner());
                return;
            }
            final int above = Words.nodeWord(parent);
            final int slot = slab.offset(empty);
            OffHeap.putIntRelease(slab.slot(above, slot), EMPTY);
            slab.occupied(above, slab.occupied(above) & ~(1L << slot));
            final long root = tree.root();
            publish((int) root, Words.rootBits(root), 1);
            slab.free(Words.node(empty), writer.owner());
            if (slab.occupied(above) != 0) {
                return;
            }
            empty = above;
        }
    }

    /** Takes levels away while the root, which is a node or nothing, has nothing but slot 0. Two entries or more are left, or none. */
    void shrink() {
        while (true) {
            final long root = tree.root();
            final int top = (int) root;
            if (!Words.isNode(top) || slab.occupied(top) != 1 || Words.rootBits(root) == Words.BITS) {
                return;
            }
            final int below = OffHeap.getInt(slab.slot(top, 0));
            slab.parent(below, NONE);
            publish(below, Words.rootBits(root) - Words.BITS, 1);
            // Only now, when the version has moved, may a reader that is still in the old root find nothing there.
            free(top);
        }
    }

    /** Moves the only entry that is left from its leaf into the root word (T2). */
    void collapse() {
        final long root = tree.root();
        int word = (int) root;
        int shift = Words.rootBits(root);
        long index = 0;
        int leaf = word;
        while (shift != 0) {
            leaf = word;
            shift -= Words.BITS;
            final int slot = Long.numberOfTrailingZeros(slab.occupied(leaf));
            index |= (long) slot << shift;
            word = OffHeap.getInt(slab.slot(leaf, slot));
        }
        StopPoints.reached(TreePoint.COLLAPSE, 0, index);
        int marks = 0;
        for (int mark = 0; mark < NodeSlab.MARK_PAGE; mark++) {
            marks |= OffHeap.getLong(slab.mark(leaf, mark)) != 0 ? 1 << mark : 0;
        }
        tree.rootMarks(marks);
        publishAlone(index, word);
        StopPoints.reached(TreePoint.COLLAPSED, 0, index);
        int node = Words.node(leaf);
        while (node != NONE) {
            final int emptied = Words.nodeWord(node);
            node = slab.parent(emptied);
            free(emptied);
        }
    }

    /** Empties a node with one entry or child, which is no longer linked, and frees it. */
    private void free(final int word) {
        assert Long.bitCount(slab.occupied(word)) == 1 : "node " + Words.node(word) + " has more than one entry";
        OffHeap.putIntRelease(slab.slot(word, Long.numberOfTrailingZeros(slab.occupied(word))), EMPTY);
        slab.occupied(word, 0);
        for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
            OffHeap.putLongRelease(slab.mark(word, mark), 0);
        }
        writer.shadowLeaves().update(word);
        slab.free(Words.node(word), writer.owner());
    }

    /** The version moves, also where no node is freed: it tells this entry from one that another index has left in the same frame. */
    private void publishAlone(final long index, final int entry) {
        if (index == 0) {
            publish(entry, 0, 1);
        } else {
            tree.alone(index);
            publish(entry, Words.ALONE, 1);
        }
    }

    private void publish(final int word, final int bits, final int versions) {
        tree.root(Words.root(word, bits, Words.rootVersion(tree.root()) + versions));
    }
}
