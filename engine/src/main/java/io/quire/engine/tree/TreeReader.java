package io.quire.engine.tree;

import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * The half of a {@link PageTree} that takes no lock: the root word, lookups, and the search for pages and marks in a range.
 * What a reader may believe stands there.
 *
 * <p>Nothing here blocks or allocates. It is a superclass and not a part, so that a lookup loads what it needs from the tree itself.
 */
abstract sealed class TreeReader permits PageTree {
    private static final int EMPTY = PageTree.EMPTY;
    /** 2^64 divided by the golden ratio: the leaves of each tree begin elsewhere in the table of hints. */
    private static final long HINT_SPREAD = 0x9E3779B97F4A7C15L;
    /** In a note that has the word of a page in its upper half. Offsets of slots are multiples of a node's size. */
    private static final long IN_ORDER = 1;
    /** A frame that every arena has. */
    private static final int NO_GUESS = PageTree.page(0);
    private static final AtomicLong SEEDS = new AtomicLong();

    // What a lookup needs comes first and changes seldom; what every change writes is in the writer, another object.
    private final long slots;
    private final long hints;
    private final long hintMask;
    private final long hintSeed;
    private volatile long root;
    /** The index of the root word, where its bits are {@link Words#ALONE}. Changes only while the root word is another. */
    private volatile long alone;
    private volatile int rootMarks;
    private final NodeSlab slab;

    TreeReader(final NodeSlab slab) {
        this.slots = slab.slots();
        this.hints = slab.hints();
        this.hintMask = slab.hintCount() - 1L;
        this.hintSeed = SEEDS.getAndAdd(HINT_SPREAD) >>> 1;
        this.slab = slab;
    }

    /**
     * The entry of an index. Takes no lock, allocates nothing.
     *
     * <p>A page may be stale, or another file's: confirm it by its descriptor, and look up again if it fails.
     * {@link PageTree#EMPTY} and shadows were true at a moment during the call. Repeats its walk only when a node of this
     * tree was freed meanwhile and it found no page, so some other thread has always made progress.
     *
     * @param index page index; one outside 0 to {@link PageTree#MAX_INDEX} is empty
     * @return {@link PageTree#EMPTY}, a page or a shadow
     */
    public final int lookup(final long index) {
        while (true) {
            final long seen = root;
            final int walked = walk(slots, seen, index);
            if (PageTree.isPage(walked)) {
                return walked;
            }
            final int entry = orAlone(walked, seen, index);
            if (root == seen) {
                return entry;
            }
            Thread.onSpinWait();
        }
    }

    /** What a walk found; or the root word, when it is the entry of this index. To be believed if the root word is the same afterwards. */
    private int orAlone(final int walked, final long seen, final long index) {
        return Words.rootBits(seen) == Words.ALONE && aloneIndex(seen) == index ? (int) seen : walked;
    }

    /**
     * The index of the entry in a root word that is no node. Right if the root word is the same afterwards: the index changes only while the
     * root word is another, and the version moves with it (T9).
     */
    final long aloneIndex(final long seen) {
        if (Words.rootBits(seen) != Words.ALONE) {
            return 0;
        }
        StopPoints.reached(TreePoint.ROOT_READ_ALONE, 0, 0);
        final long index = alone;
        StopPoints.reached(TreePoint.INDEX_READ_ALONE, 0, 0);
        return index;
    }

    /**
     * A guess at the entry of an index, in one or two loads whatever the height: by the table of hints, where the leaves of all
     * trees of the slab are noted by {@link #lookupForHint}. Takes no lock, allocates nothing, is never repeated.
     *
     * <p>The answer is worth nothing but as a hint at a page, less than {@link #lookup}'s: the leaf may be another one of this
     * tree or of any other, and where there is no page it is any page, which spares the caller a question. A page is confirmed by its
     * descriptor; when it is not bound to this mapping and index call {@link #lookupForHint}.
     *
     * @param index page index
     * @return any page
     */
    public final int hint(final long index) {
        final long note = OffHeap.getLong(hintAddress(index));
        final int slot = Words.slotOf(index, 0);
        if ((note & IN_ORDER) != 0) {
            return Words.pageAfter((int) (note >>> 32), slot);
        }
        final int word = OffHeap.getIntAcquire(slots + note + 4L * slot);
        return PageTree.isPage(word) ? word : NO_GUESS;
    }

    /**
     * As {@link #lookup}, and notes the leaf for {@link #hint} when it found a page.
     *
     * @param index page index; one outside 0 to {@link PageTree#MAX_INDEX} is empty
     * @return {@link PageTree#EMPTY}, a page or a shadow
     */
    public final int lookupForHint(final long index) {
        final int entry = lookup(index);
        if (PageTree.isPage(entry)) {
            final int leaf = leaf(root, index);
            if (Words.isNode(leaf)) {
                OffHeap.putLong(hintAddress(index), note(leaf));
            }
        }
        return entry;
    }

    /**
     * What is noted of a leaf: the offset of its slots, or the first of its pages, when all frames of an aligned block of frames are there in
     * order, as compound pages have them. A slot need not be read then.
     */
    private long note(final int leaf) {
        final long offset = Words.slotAddress(0, leaf, 0);
        final int first = OffHeap.getIntAcquire(slots + offset);
        if (!Words.isBlockStart(first)) {
            return offset;
        }
        for (int slot = 1; slot < Words.SLOTS; slot++) {
            if (OffHeap.getIntAcquire(slots + offset + 4L * slot) != Words.pageAfter(first, slot)) {
                return offset;
            }
        }
        return (long) first << 32 | IN_ORDER;
    }

    private long hintAddress(final long index) {
        return hints + 8L * ((index >>> Words.BITS) + hintSeed & hintMask);
    }

    /**
     * The entry of an index as it was at a moment during the call, a page too: repeats the walk whenever a node of
     * this tree was freed meanwhile. Takes no lock, allocates nothing. For callers that hold what keeps the index
     * from changing, such as its fault mutex, and so need no second look.
     *
     * @param index page index; one outside 0 to {@link PageTree#MAX_INDEX} is empty
     * @return {@link PageTree#EMPTY}, a page or a shadow
     */
    public final int lookupExact(final long index) {
        while (true) {
            final long seen = root;
            final int entry = orAlone(walk(slots, seen, index), seen, index);
            if (root == seen) {
                return entry;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Walks from a root word that may be long out of date. Never fails; see {@link #lookup} for what the answer is
     * worth.
     *
     * @param slots address of slot 0 of node 0
     * @param root  a root word that the tree once had
     * @param index page index
     * @return {@link PageTree#EMPTY}, a page or a shadow
     */
    static int walk(final long slots, final long root, final long index) {
        int bits = Words.rootBits(root);
        int word = (int) root;
        if (index >>> bits != 0) {
            return EMPTY;
        }
        while (bits != 0) {
            if (!Words.isNode(word)) {
                // Empty; or a page or shadow above the leaves, which only a recycled node can show.
                return EMPTY;
            }
            bits -= Words.BITS;
            StopPoints.reached(TreePoint.LOOKUP_NODE, 0, index);
            word = OffHeap.getIntAcquire(Words.slotAddress(slots, word, Words.slotOf(index, bits)));
        }
        return Words.isNode(word) ? EMPTY : word;
    }

    /**
     * The entries of consecutive indices, up to the end of their leaf, in one walk. Takes no lock, allocates nothing.
     * What each entry is worth is as in {@link #lookup}; they are not of one moment.
     *
     * @param first   index of the first, 0 to {@link PageTree#MAX_INDEX}
     * @param count   how many are wanted, at least 1
     * @param entries receives {@link PageTree#EMPTY}, a page or a shadow for each; at least 1 long
     * @return how many were filled: at least 1, at most {@code count}, the array's length and 64
     * @throws IllegalArgumentException when fewer than 1 is wanted or fits
     */
    public final int lookupRun(final long first, final int count, final int[] entries) {
        final int slot = Words.slotOf(first, 0);
        final int run = Math.min(Math.min(count, entries.length), Words.SLOTS - slot);
        if (run < 1) {
            throw new IllegalArgumentException("a run of " + count + " in an array of " + entries.length);
        }
        while (true) {
            final long seen = root;
            int other = 0;
            final int leaf = leaf(seen, first);
            if (Words.isNode(leaf)) {
                final long address = Words.slotAddress(slots, leaf, slot);
                for (int i = 0; i < run; i++) {
                    final int entry = OffHeap.getIntAcquire(address + 4L * i);
                    entries[i] = entry;
                    other |= entry ^ Words.TAG_PAGE;
                }
            } else {
                other = Words.TAG_MASK;
                for (int i = 0; i < run; i++) {
                    entries[i] = EMPTY;
                }
                final long at = Words.isNode((int) seen) ? -1 : aloneIndex(seen) - first;
                if (at >= 0 && at < run) {
                    entries[(int) at] = (int) seen;
                }
            }
            // Unless all are pages the tree must still be the one that was walked. Then no entry is a node either.
            if ((other & Words.TAG_MASK) == 0 || root == seen) {
                return run;
            }
            Thread.onSpinWait();
        }
    }

    /** The word of the leaf that covers an index, or a word that is no node. */
    final int leaf(final long seen, final long index) {
        int bits = Words.rootBits(seen);
        int word = (int) seen;
        if (!Words.isNode(word) || index >>> bits != 0) {
            return EMPTY;
        }
        while (bits != Words.BITS && Words.isNode(word)) {
            bits -= Words.BITS;
            word = OffHeap.getIntAcquire(Words.slotAddress(slots, word, Words.slotOf(index, bits)));
        }
        return word;
    }

    /**
     * Whether an index has a mark. Exact under the tree lock, otherwise approximate.
     *
     * @param index 0 to {@link PageTree#MAX_INDEX}
     * @param mark  {@link PageTree#MARK_DIRTY}, {@link PageTree#MARK_WRITEBACK} or {@link PageTree#MARK_TOWRITE}
     * @return whether it is set
     */
    public final boolean isMarked(final long index, final int mark) {
        checkMark(mark);
        while (true) {
            final long seen = root;
            rootReadForMarks();
            final boolean marked;
            if (!Words.isNode((int) seen)) {
                marked = index == aloneIndex(seen) && isRootMarked(mark);
            } else {
                final int leaf = leaf(seen, index);
                marked = Words.isNode(leaf) && (OffHeap.getLongAcquire(slab.mark(leaf, mark)) >>> index & 1) != 0;
            }
            if (marked || root == seen) {
                return marked;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Whether any page has a mark. Exact under the tree lock. Without it, a mark that is set throughout the call is seen, whatever
     * happens to the tree meanwhile (T15); otherwise approximate.
     *
     * @param mark {@link PageTree#MARK_DIRTY}, {@link PageTree#MARK_WRITEBACK} or {@link PageTree#MARK_TOWRITE}
     * @return whether it is set anywhere
     */
    public final boolean isAnyMarked(final int mark) {
        checkMark(mark);
        while (true) {
            final long seen = root;
            rootReadForMarks();
            final boolean any = !Words.isNode((int) seen) ? isRootMarked(mark)
                : OffHeap.getLongAcquire(slab.mark((int) seen, mark)) != 0;
            // The marks of a root that another has taken the place of may have been cleared with it.
            if (any || root == seen) {
                return any;
            }
            Thread.onSpinWait();
        }
    }

    final boolean isRootMarked(final int mark) {
        return (rootMarks >>> mark & 1) != 0;
    }

    private static void rootReadForMarks() {
        StopPoints.reached(TreePoint.ROOT_READ_FOR_MARKS, 0, 0);
    }

    /**
     * The smallest index of a range that has a mark, at a cost of the height of the tree. Exact under the tree lock,
     * otherwise approximate.
     *
     * @param from first index of the range, 0 or more
     * @param to   last index of the range; {@link Long#MAX_VALUE} for no end
     * @param mark {@link PageTree#MARK_DIRTY}, {@link PageTree#MARK_WRITEBACK} or {@link PageTree#MARK_TOWRITE}
     * @return an index, or -1 when there is none
     */
    public final long nextMarked(final long from, final long to, final int mark) {
        checkMark(mark);
        return TreeScan.next(this, from, to, mark);
    }

    /**
     * Collects the pages of a range in ascending order, up to the length of the shorter array. Costs O(height) for
     * each run of pages, whatever the length of the range and however many shadows it holds. Exact under the tree
     * lock, otherwise approximate, and each page then as in {@link #lookup}.
     *
     * @param from    first index of the range, 0 or more
     * @param to      last index of the range; {@link Long#MAX_VALUE} for no end
     * @param indices receives the indices
     * @param frames  receives the frames
     * @return how many were found
     */
    public final int gang(final long from, final long to, final long[] indices, final int[] frames) {
        return TreeScan.gang(this, from, to, NodeSlab.MARK_PAGE, indices, frames);
    }

    /**
     * Collects the pages of a range that have a mark; otherwise as {@link #gang}.
     *
     * @param from    first index of the range, 0 or more
     * @param to      last index of the range; {@link Long#MAX_VALUE} for no end
     * @param mark    {@link PageTree#MARK_DIRTY}, {@link PageTree#MARK_WRITEBACK} or {@link PageTree#MARK_TOWRITE}
     * @param indices receives the indices
     * @param frames  receives the frames
     * @return how many were found
     */
    public final int gangMarked(final long from, final long to, final int mark, final long[] indices, final int[] frames) {
        checkMark(mark);
        return TreeScan.gang(this, from, to, mark, indices, frames);
    }

    /**
     * Whether a range holds a page. Exact under the tree lock, otherwise approximate.
     *
     * @param from first index of the range, 0 or more
     * @param to   last index of the range; {@link Long#MAX_VALUE} for no end
     * @return whether there is one
     */
    public final boolean hasPage(final long from, final long to) {
        return TreeScan.next(this, from, to, NodeSlab.MARK_PAGE) >= 0;
    }

    static void checkMark(final int mark) {
        if (mark < 0 || mark >= NodeSlab.MARK_PAGE) {
            throw new IllegalArgumentException("mark " + mark + " is not 0, 1 or 2");
        }
    }

    /** The whole root word. */
    final long root() {
        return root;
    }

    final void root(final long word) {
        root = word;
    }

    /** The index of a root word that is no node; under the tree lock. */
    final long indexAlone() {
        return Words.rootBits(root) == Words.ALONE ? alone : 0;
    }

    /** Changes the index of a root word that is still another. */
    final void alone(final long index) {
        assert Words.rootBits(root) != Words.ALONE : "the root word has an index already";
        alone = index;
    }

    /** The marks of the entry in the root word; 0 when that is a node. Bit m is mark m. */
    final int rootMarks() {
        return rootMarks;
    }

    final void rootMarks(final int marks) {
        rootMarks = marks;
    }

    final NodeSlab slab() {
        return slab;
    }
}
