package io.quire.engine.tree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.quire.engine.memory.OffHeap;

/**
 * The changing half of a {@link PageTree}; everything here runs under its tree lock, against readers that take no lock.
 *
 * <p>What readers rely on:
 * <ul>
 * <li>a node is linked when every word of it is valid: new nodes are empty, or built before the root word names
 *     them;</li>
 * <li>a node is unlinked, then the version moves, then its last slot is emptied and it is freed. So a reader that
 *     misses because of that finds another root word than it started from.</li>
 * </ul>
 */
final class TreeWriter {
    private static final int NONE = NodeSlab.NONE;
    private static final int EMPTY = PageTree.EMPTY;
    private static final int MARK_PAGE = NodeSlab.MARK_PAGE;
    private static final VarHandle PAGES;

    static {
        try {
            PAGES = MethodHandles.lookup().findVarHandle(TreeWriter.class, "pages", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final PageTree tree;
    private final NodeSlab slab;
    private final long owner;
    private final ShadowList shadowLeaves;
    private volatile long pages;
    private long shadows;

    TreeWriter(final PageTree tree, final NodeSlab slab) {
        this.tree = tree;
        this.slab = slab;
        this.owner = slab.newOwner();
        this.shadowLeaves = new ShadowList(slab);
    }

    /** The tree's number in its nodes' headers. */
    long owner() {
        return owner;
    }

    ShadowList shadowLeaves() {
        return shadowLeaves;
    }

    long pages() {
        return pages;
    }

    long shadows() {
        return shadows;
    }

    /** {@link PageTree#replace}, arguments checked. */
    int replace(final long index, final int entry) {
        final long root = tree.root();
        if (Words.rootBits(root) == 0 && (index == 0 || entry == EMPTY)) {
            return index == 0 ? replaceRoot(entry) : EMPTY;
        }
        int leaf = tree.leaf(root, index);
        if (!Words.isNode(leaf)) {
            if (entry == EMPTY) {
                return EMPTY;
            }
            leaf = grow(index);
            if (leaf == EMPTY) {
                return PageTree.OUT_OF_NODES;
            }
        }
        final int previous = store(leaf, Words.slotOf(index, 0), entry);
        if (entry == EMPTY && previous != EMPTY) {
            if (occupied(leaf) == 0) {
                freeUpwards(leaf);
            }
            shrink();
        }
        return previous;
    }

    /** {@link PageTree#replaceRun}, arguments checked. */
    int replaceRun(final long first, final int count, final int entry) {
        // By the last index, as index 0 alone may live in the root word, and no index of the run then needs a leaf.
        final long last = first + count - 1;
        int leaf = tree.leaf(tree.root(), last);
        if (!Words.isNode(leaf)) {
            if (entry == EMPTY) {
                final int alone = first == 0 && Words.rootBits(tree.root()) == 0 ? replaceRoot(EMPTY) : EMPTY;
                return PageTree.isShadow(alone) ? alone : EMPTY;
            }
            leaf = grow(last);
            if (leaf == EMPTY) {
                return PageTree.OUT_OF_NODES;
            }
        }
        final int shadow = storeRun(leaf, Words.slotOf(first, 0), count, entry);
        if (entry == EMPTY) {
            if (occupied(leaf) == 0) {
                freeUpwards(leaf);
            }
            shrink();
        }
        return shadow;
    }

    /** As {@link #store} for consecutive slots, with marks, counts and the shadow list brought up to them once. */
    private int storeRun(final int leaf, final int slot, final int count, final int entry) {
        final long run = -1L >>> Long.SIZE - count << slot;
        final int step = PageTree.isPage(entry) ? PageTree.page(1) - PageTree.page(0) : 0;
        int shadow = EMPTY;
        int pagesBefore = 0;
        int shadowsBefore = 0;
        for (int i = 0; i < count; i++) {
            final long address = slab.slot(leaf, slot + i);
            final int previous = OffHeap.getInt(address);
            OffHeap.putIntRelease(address, entry + i * step);
            if (PageTree.isPage(previous)) {
                pagesBefore++;
            } else if (previous != EMPTY) {
                shadowsBefore++;
                shadow = previous;
            }
        }
        if (PageTree.isPage(entry)) {
            mark(leaf, run, MARK_PAGE);
        } else if (pagesBefore != 0) {
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                unmark(leaf, run, mark);
            }
        }
        occupied(leaf, entry == EMPTY ? occupied(leaf) & ~run : occupied(leaf) | run);
        count((PageTree.isPage(entry) ? count : 0) - pagesBefore, (PageTree.isShadow(entry) ? count : 0) - shadowsBefore);
        shadowLeaves.update(leaf);
        return shadow;
    }

    private int replaceRoot(final int entry) {
        final int previous = (int) tree.root();
        if (!PageTree.isPage(entry) || !PageTree.isPage(previous)) {
            tree.rootMarks(0);
        }
        publish(entry, 0, 0);
        change(previous, entry);
        return previous;
    }

    /** Stores an entry in a leaf and brings marks, counts and the shadow list up to it. */
    private int store(final int leaf, final int slot, final int entry) {
        final long address = slab.slot(leaf, slot);
        final int previous = OffHeap.getInt(address);
        OffHeap.putIntRelease(address, entry);
        if (PageTree.isPage(entry)) {
            mark(leaf, 1L << slot, MARK_PAGE);
        } else if (PageTree.isPage(previous)) {
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                unmark(leaf, 1L << slot, mark);
            }
        }
        final long bit = 1L << slot;
        occupied(leaf, entry == EMPTY ? occupied(leaf) & ~bit : occupied(leaf) | bit);
        change(previous, entry);
        shadowLeaves.update(leaf);
        return previous;
    }

    /** {@link PageTree#setMark}, arguments checked. */
    boolean setMark(final long index, final int mark) {
        final long root = tree.root();
        if (Words.rootBits(root) == 0) {
            final int before = tree.rootMarks();
            if (index != 0 || !PageTree.isPage((int) root) || (before >>> mark & 1) != 0) {
                return false;
            }
            tree.rootMarks(before | 1 << mark);
            return true;
        }
        final int leaf = tree.leaf(root, index);
        final int slot = Words.slotOf(index, 0);
        return Words.isNode(leaf) && PageTree.isPage(OffHeap.getInt(slab.slot(leaf, slot)))
            && mark(leaf, 1L << slot, mark);
    }

    /** {@link PageTree#clearMark}, arguments checked. */
    boolean clearMark(final long index, final int mark) {
        final long root = tree.root();
        if (Words.rootBits(root) == 0) {
            final int before = tree.rootMarks();
            if (index != 0 || (before >>> mark & 1) == 0) {
                return false;
            }
            tree.rootMarks(before & ~(1 << mark));
            return true;
        }
        final int leaf = tree.leaf(root, index);
        return Words.isNode(leaf) && unmark(leaf, 1L << Words.slotOf(index, 0), mark);
    }

    /** {@link PageTree#pruneShadows}. */
    int pruneShadows(final int maxNodes) {
        int freed = 0;
        while (freed < maxNodes && shadowLeaves.oldest() != NONE) {
            final int leaf = Words.nodeWord(shadowLeaves.oldest());
            long slots = occupied(leaf);
            shadows -= Long.bitCount(slots);
            while (slots != 0) {
                OffHeap.putIntRelease(slab.slot(leaf, Long.numberOfTrailingZeros(slots)), EMPTY);
                slots &= slots - 1;
            }
            occupied(leaf, 0);
            shadowLeaves.update(leaf);
            freeUpwards(leaf);
            shrink();
            freed++;
        }
        return freed;
    }

    /** Empties a tree without pages. */
    void clear() {
        pruneShadows(Integer.MAX_VALUE);
        // Without a leaf there is at most a shadow in the root word.
        assert Words.rootBits(tree.root()) == 0 : "nodes are left in a tree without pages";
        replaceRoot(EMPTY);
    }

    /**
     * Makes the nodes on the way to an index.
     *
     * @return the leaf's word, or {@link #EMPTY} when the slab has too few nodes and nothing has changed
     */
    private int grow(final long index) {
        final long root = tree.root();
        final int bits = Words.rootBits(root);
        final int wanted = Math.max(bits, Words.bitsFor(index));
        int chain = slab.allocateChain(missing(root, index, wanted), owner);
        if (chain == NONE) {
            return EMPTY;
        }
        int word = (int) root;
        if (word == EMPTY) {
            word = Words.nodeWord(chain);
            chain = next(chain);
            initialise(word, NONE, 0, wanted - Words.BITS);
        } else {
            for (int covered = bits; covered < wanted; covered += Words.BITS) {
                final int top = Words.nodeWord(chain);
                chain = next(chain);
                raise(top, covered, word);
                word = top;
            }
        }
        if (wanted != bits) {
            publish(word, wanted, 0);
            tree.rootMarks(0);
        }
        for (int shift = wanted - Words.BITS; shift != 0; shift -= Words.BITS) {
            final int slot = Words.slotOf(index, shift);
            int child = OffHeap.getInt(slab.slot(word, slot));
            if (child == EMPTY) {
                child = Words.nodeWord(chain);
                chain = next(chain);
                initialise(child, Words.node(word), slot, shift - Words.BITS);
                occupied(word, occupied(word) | 1L << slot);
                OffHeap.putIntRelease(slab.slot(word, slot), child);
            }
            word = child;
        }
        assert chain == NONE : "too many nodes asked for at index " + index;
        return word;
    }

    /** How many nodes {@link #grow} needs. */
    private int missing(final long root, final long index, final int wanted) {
        final int bits = Words.rootBits(root);
        int word = (int) root;
        if (word == EMPTY) {
            return wanted / Words.BITS;
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

    /** Makes {@code top} a root over the old root, which becomes its slot 0. */
    private void raise(final int top, final int shift, final int below) {
        initialise(top, NONE, 0, shift);
        occupied(top, 1);
        OffHeap.putIntRelease(slab.slot(top, 0), below);
        for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
            final boolean any;
            if (shift != 0) {
                any = OffHeap.getLong(slab.mark(below, mark)) != 0;
            } else {
                any = mark == MARK_PAGE ? PageTree.isPage(below) : (tree.rootMarks() >>> mark & 1) != 0;
            }
            OffHeap.putLongRelease(slab.mark(top, mark), any ? 1 : 0);
        }
        if (shift != 0) {
            OffHeap.putInt(slab.header(below) + NodeSlab.PARENT_OFFSET, Words.node(top));
        } else {
            shadowLeaves.update(top);
        }
    }

    private void initialise(final int word, final int parent, final int offset, final int shift) {
        final long header = slab.header(word);
        OffHeap.putInt(header + NodeSlab.PARENT_OFFSET, parent);
        OffHeap.putByte(header + NodeSlab.OFFSET_OFFSET, (byte) offset);
        OffHeap.putByte(header + NodeSlab.SHIFT_OFFSET, (byte) shift);
    }

    /** Frees an empty node and the ancestors that this leaves empty. */
    private void freeUpwards(final int word) {
        int empty = word;
        while (true) {
            final long header = slab.header(empty);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if (parent == NONE) {
                publish(EMPTY, 0, 1);
                slab.free(Words.node(empty), owner);
                return;
            }
            final int above = Words.nodeWord(parent);
            final int slot = OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            OffHeap.putIntRelease(slab.slot(above, slot), EMPTY);
            occupied(above, occupied(above) & ~(1L << slot));
            final long root = tree.root();
            publish((int) root, Words.rootBits(root), 1);
            slab.free(Words.node(empty), owner);
            if (occupied(above) != 0) {
                return;
            }
            empty = above;
        }
    }

    /** Takes levels away while the root has nothing but slot 0. */
    private void shrink() {
        while (true) {
            final long root = tree.root();
            final int bits = Words.rootBits(root);
            final int top = (int) root;
            if (bits == 0 || occupied(top) != 1) {
                return;
            }
            final int below = OffHeap.getInt(slab.slot(top, 0));
            if (Words.isNode(below)) {
                OffHeap.putInt(slab.header(below) + NodeSlab.PARENT_OFFSET, NONE);
            } else {
                int marks = 0;
                for (int mark = 0; mark < MARK_PAGE; mark++) {
                    marks |= (int) (OffHeap.getLong(slab.mark(top, mark)) & 1) << mark;
                }
                tree.rootMarks(marks);
            }
            publish(below, bits - Words.BITS, 1);
            // Only now, when the version has moved, may a reader that is still in the old root find nothing there.
            OffHeap.putIntRelease(slab.slot(top, 0), EMPTY);
            occupied(top, 0);
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                OffHeap.putLongRelease(slab.mark(top, mark), 0);
            }
            shadowLeaves.update(top);
            slab.free(Words.node(top), owner);
        }
    }

    /** Sets a mark of slots of a leaf and, where it was the first, above. */
    private boolean mark(final int leaf, final long slots, final int mark) {
        int word = leaf;
        long bits = slots;
        while (true) {
            final long before = OffHeap.getLong(slab.mark(word, mark));
            if ((before & bits) == bits) {
                return word != leaf;
            }
            OffHeap.putLongRelease(slab.mark(word, mark), before | bits);
            final long header = slab.header(word);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if (before != 0 || parent == NONE) {
                return true;
            }
            bits = 1L << OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            word = Words.nodeWord(parent);
        }
    }

    /** Clears a mark of slots of a leaf and, where it was the last, above. */
    private boolean unmark(final int leaf, final long slots, final int mark) {
        int word = leaf;
        long bits = slots;
        while (true) {
            final long before = OffHeap.getLong(slab.mark(word, mark));
            if ((before & bits) == 0) {
                return word != leaf;
            }
            OffHeap.putLongRelease(slab.mark(word, mark), before & ~bits);
            final long header = slab.header(word);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if ((before & ~bits) != 0 || parent == NONE) {
                return true;
            }
            bits = 1L << OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            word = Words.nodeWord(parent);
        }
    }

    private void change(final int previous, final int entry) {
        count((PageTree.isPage(entry) ? 1 : 0) - (PageTree.isPage(previous) ? 1 : 0),
            (PageTree.isShadow(entry) ? 1 : 0) - (PageTree.isShadow(previous) ? 1 : 0));
    }

    private void count(final int morePages, final int moreShadows) {
        if (morePages != 0) {
            PAGES.setRelease(this, pages + morePages);
        }
        shadows += moreShadows;
    }

    private void publish(final int word, final int bits, final int versions) {
        tree.root(Words.root(word, bits, Words.rootVersion(tree.root()) + versions));
    }

    private int next(final int node) {
        return OffHeap.getInt(slab.header(Words.nodeWord(node)) + NodeSlab.NEXT_OFFSET);
    }

    private long occupied(final int word) {
        return OffHeap.getLong(slab.header(word) + NodeSlab.OCCUPIED_OFFSET);
    }

    private void occupied(final int word, final long occupied) {
        OffHeap.putLong(slab.header(word) + NodeSlab.OCCUPIED_OFFSET, occupied);
    }
}
