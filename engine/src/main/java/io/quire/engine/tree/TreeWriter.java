package io.quire.engine.tree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.quire.engine.memory.OffHeap;

/**
 * The changing half of a {@link PageTree}: entries, marks, counts and history. Everything here runs under its tree lock, against
 * readers that take no lock; what they rely on is with {@link TreeShape}, which makes and frees the nodes.
 *
 * <p><b>History gives way</b> (T17). Where the slab uses more nodes than history may make it use ({@link NodeSlab#isOverHistoryLimit}),
 * a tree in which at most one page and a leaf's worth of shadows are left forgets the shadows, so that its page needs no node.
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
    private final TreeShape shape;
    private final ShadowList shadowLeaves;
    private volatile long pages;
    private long shadows;

    TreeWriter(final PageTree tree, final NodeSlab slab) {
        this.tree = tree;
        this.slab = slab;
        this.owner = slab.newOwner();
        this.shape = new TreeShape(tree, slab, this);
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
        int leaf = tree.leaf(root, index);
        if (!Words.isNode(leaf)) {
            if (!Words.isNode((int) root) && ((int) root == EMPTY || tree.indexAlone() == index)) {
                return replaceRoot(index, entry);
            }
            if (entry == EMPTY) {
                return EMPTY;
            }
            if (PageTree.isPage(entry) && pages == 0 && historyGivesWay()) {
                clear();
                return replaceRoot(index, entry);
            }
            leaf = shape.grow(index);
            if (leaf == EMPTY) {
                return PageTree.OUT_OF_NODES;
            }
        }
        final int previous = store(leaf, Words.slotOf(index, 0), entry);
        left(leaf, entry == EMPTY && previous != EMPTY);
        return previous;
    }

    /** {@link PageTree#replaceRun}, arguments checked. */
    int replaceRun(final long first, final int count, final int entry) {
        final long root = tree.root();
        int leaf = tree.leaf(root, first);
        if (!Words.isNode(leaf)) {
            if (entry == EMPTY) {
                final long offset = tree.indexAlone() - first;
                final int alone = !Words.isNode((int) root) && offset >= 0 && offset < count
                    ? replaceRoot(first + offset, EMPTY) : EMPTY;
                return PageTree.isShadow(alone) ? alone : EMPTY;
            }
            leaf = shape.grow(first);
            if (leaf == EMPTY) {
                return PageTree.OUT_OF_NODES;
            }
        }
        final int shadow = storeRun(leaf, Words.slotOf(first, 0), count, entry);
        left(leaf, entry == EMPTY);
        return shadow;
    }

    private int replaceRoot(final long index, final int entry) {
        final int previous = shape.replaceRoot(index, entry);
        change(previous, entry);
        return previous;
    }

    /** Gives the tree the shape that a change of a leaf asks for, and history up where it takes nodes that others need. */
    private void left(final int leaf, final boolean removed) {
        if (removed && slab.occupied(leaf) == 0) {
            shape.freeUpwards(leaf);
        } else if (pages == 1 && shadows != 0 && historyGivesWay()) {
            forget();
            return;
        } else if (!removed) {
            return;
        }
        if (pages + shadows == 1) {
            shape.collapse();
        } else {
            shape.shrink();
        }
    }

    private boolean historyGivesWay() {
        return shadows <= Words.SLOTS && slab.isOverHistoryLimit();
    }

    /** Takes every shadow out of a tree with one page, which moves into the root word. */
    private void forget() {
        pruneShadows(Integer.MAX_VALUE);
        final long root = tree.root();
        if (Words.isNode((int) root)) {
            final int leaf = tree.leaf(root, tree.nextPage());
            clearShadows(leaf);
            shape.collapse();
        }
    }

    private void clearShadows(final int leaf) {
        long slots = slab.occupied(leaf) & ~OffHeap.getLong(slab.mark(leaf, MARK_PAGE));
        shadows -= Long.bitCount(slots);
        slab.occupied(leaf, slab.occupied(leaf) & ~slots);
        while (slots != 0) {
            OffHeap.putIntRelease(slab.slot(leaf, Long.numberOfTrailingZeros(slots)), EMPTY);
            slots &= slots - 1;
        }
        shadowLeaves.update(leaf);
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
        slab.occupied(leaf, entry == EMPTY ? slab.occupied(leaf) & ~run : slab.occupied(leaf) | run);
        count((PageTree.isPage(entry) ? count : 0) - pagesBefore, (PageTree.isShadow(entry) ? count : 0) - shadowsBefore);
        shadowLeaves.update(leaf);
        return shadow;
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
        slab.occupied(leaf, entry == EMPTY ? slab.occupied(leaf) & ~bit : slab.occupied(leaf) | bit);
        change(previous, entry);
        shadowLeaves.update(leaf);
        return previous;
    }

    /** Puts an entry that is in the root word, and counted, into a leaf that is not linked yet. */
    void settle(final int leaf, final int slot, final int entry, final int marks) {
        final long bit = 1L << slot;
        OffHeap.putIntRelease(slab.slot(leaf, slot), entry);
        slab.occupied(leaf, bit);
        if (PageTree.isPage(entry)) {
            mark(leaf, bit, MARK_PAGE);
        }
        for (int mark = 0; mark < MARK_PAGE; mark++) {
            if ((marks >>> mark & 1) != 0) {
                mark(leaf, bit, mark);
            }
        }
        shadowLeaves.update(leaf);
    }

    /** {@link PageTree#setMark}, arguments checked. */
    boolean setMark(final long index, final int mark) {
        final long root = tree.root();
        if (!Words.isNode((int) root)) {
            final int before = tree.rootMarks();
            if (index != tree.indexAlone() || !PageTree.isPage((int) root) || (before >>> mark & 1) != 0) {
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
        if (!Words.isNode((int) root)) {
            final int before = tree.rootMarks();
            if (index != tree.indexAlone() || (before >>> mark & 1) == 0) {
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
            clearShadows(leaf);
            left(leaf, true);
            freed++;
        }
        return freed;
    }

    /** Empties a tree without pages. */
    void clear() {
        pruneShadows(Integer.MAX_VALUE);
        // Without a leaf there is at most a shadow in the root word.
        final long root = tree.root();
        assert !Words.isNode((int) root) : "nodes are left in a tree without pages";
        replaceRoot(tree.indexAlone(), EMPTY);
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
}
