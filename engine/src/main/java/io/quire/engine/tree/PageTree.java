package io.quire.engine.tree;

import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * Maps the page indices of one file to frames: a 64-way radix tree whose nodes are off-heap, in a {@link NodeSlab}.
 *
 * <pre>
 *   root word, one volatile long on the heap
 *   63 .................. 38 | 37 .... 32 | 31 ............. 2 | 1  0
 *   version (26)             | bits (6)   | value (30)         | tag
 *
 *   tag 0: empty    1: page, value = frame    2: shadow, value = what to remember    3: node, value = its number
 *
 *   bits 0:  the word is the entry of index 0, and nothing else is present
 *   bits 63: the word is the entry of the index in the field <i>alone</i>, and nothing else is present
 *   bits n:  the word is a node that covers the indices 0 .. 2^n - 1, n a multiple of 6; two entries or more are present
 *
 *   root word ---&gt; node, shift 12 ---&gt; node, shift 6 ---&gt; leaf, shift 0 ---&gt; slot: empty, page or shadow
 * </pre>
 *
 * <p><b>Readers</b> ({@link #lookup}, {@link #lookupRun}, {@link #nextMarked}, {@link #gang}) take no lock. They may
 * walk into a node that has been freed and serves other indices, or another tree. The walk ends all the same, because
 * it goes down one level a step from the height it started with, and a word of a kind that its level cannot have
 * counts as empty. So
 * <ul>
 * <li>a <i>page</i> found by a reader is a hint: confirm, after taking a reference or between two reads of the
 *     generation, that the frame is bound to this mapping and index. If it is not, look up again: the index may well
 *     hold another page;</li>
 * <li><i>empty</i> or a <i>shadow</i> from {@link #lookup} or {@link #lookupRun} was true at a moment during the
 *     call: the version in the root word moves before a node that was unlinked can be reused, and an answer that is
 *     no page is given only if the root word is still the one that the walk started from. A fault mutex held by the
 *     caller keeps it true, as far as every other user of that index takes it too.</li>
 * </ul>
 *
 * <p><b>Changes</b> are made under the tree lock ({@link #lock}), which is of class {@link LockClass#TREE}. Methods
 * that change the tree assert that the caller holds it.
 *
 * <p><b>Shadows</b> remember evicted pages in the slots they left. A leaf that holds shadows and no page is on the
 * tree's shadow list, oldest first, from where {@link #pruneShadows} frees it.
 *
 * <p>No method but {@link #lock} blocks, and none but {@link #verify} allocates on the heap. Sources: Linux
 * {@code lib/xarray.c} for the tree, {@code mm/workingset.c} for shadows. The numbered invariants are in
 * {@code native-notes/tree.md}.
 */
public final class PageTree implements AutoCloseable {
    /** The word of an empty slot. */
    public static final int EMPTY = 0;
    /** Returned by {@link #replace} when the slab has too few nodes; neither a page nor a shadow. */
    public static final int OUT_OF_NODES = -4;
    /** The largest index: 2^63 bytes are 2^51 pages of 4 KiB. */
    public static final long MAX_INDEX = (1L << 51) - 1;
    /** Mark of pages that are newer than the store. */
    public static final int MARK_DIRTY = 0;
    /** Mark of pages on their way to the store. */
    public static final int MARK_WRITEBACK = 1;
    /** Mark of pages that a sync has chosen to write. */
    public static final int MARK_TOWRITE = 2;

    /** 2^64 divided by the golden ratio: the leaves of each tree begin elsewhere in the table of hints. */
    private static final long HINT_SPREAD = 0x9E3779B97F4A7C15L;
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
    private final TreeWriter writer;
    private final OrderedMutex mutex;
    private final Object name;
    private boolean closed;

    /**
     * Makes an empty tree. It uses no node until it holds a second entry.
     *
     * @param slab the nodes, shared with other trees
     * @param name names the tree in messages of the lock validator and of {@link #verify}, turned into a string when there is one
     */
    public PageTree(final NodeSlab slab, final Object name) {
        this.slots = slab.slots();
        this.hints = slab.hints();
        this.hintMask = slab.hintCount() - 1L;
        this.slab = slab;
        this.writer = new TreeWriter(this, slab);
        this.hintSeed = SEEDS.getAndAdd(HINT_SPREAD) >>> 1;
        this.name = name;
        this.mutex = new OrderedMutex(LockClass.TREE, name);
    }

    /**
     * Whether an entry is a page.
     *
     * @param entry a word returned by this class
     * @return true for a page
     */
    public static boolean isPage(final int entry) {
        return (entry & Words.TAG_MASK) == Words.TAG_PAGE;
    }

    /**
     * The frame of a page entry.
     *
     * @param entry a page entry
     * @return frame number, 0 to 2^30 - 1
     */
    public static int frame(final int entry) {
        assert isPage(entry) : entry;
        return entry >>> 2;
    }

    /**
     * The offset of a page entry's frame in a table with a power of two of bytes for each frame: {@code frame << shift}, in
     * fewer instructions.
     *
     * @param entry a page entry
     * @param shift log2 of the bytes for each frame, 2 or more
     * @return bytes from the start of the table, 0 or more
     */
    public static long frameOffset(final int entry, final int shift) {
        assert isPage(entry) : entry;
        return (entry & 0xffff_ffffL) - Words.TAG_PAGE << shift - 2;
    }

    /**
     * The entry of a page.
     *
     * @param frame frame number, 0 to 2^30 - 1
     * @return the entry
     */
    public static int page(final int frame) {
        assert frame >= 0 && frame < Words.VALUE_LIMIT : frame;
        return frame << 2 | Words.TAG_PAGE;
    }

    /**
     * Whether an entry is the shadow of an evicted page.
     *
     * @param entry a word returned by this class
     * @return true for a shadow
     */
    public static boolean isShadow(final int entry) {
        return (entry & Words.TAG_MASK) == Words.TAG_SHADOW;
    }

    /**
     * The entry of a shadow.
     *
     * @param value30 what to remember, 0 to 2^30 - 1
     * @return the entry
     */
    public static int shadow(final int value30) {
        assert value30 >= 0 && value30 < Words.VALUE_LIMIT : value30;
        return value30 << 2 | Words.TAG_SHADOW;
    }

    /**
     * What a shadow remembers.
     *
     * @param entry a shadow entry
     * @return 0 to 2^30 - 1
     */
    public static int shadowValue(final int entry) {
        assert isShadow(entry) : entry;
        return entry >>> 2;
    }

    /** Takes the tree lock. Not reentrant. */
    public void lock() {
        mutex.lock();
    }

    /**
     * Takes the tree lock if it is free.
     *
     * @return whether the caller now holds it
     */
    public boolean tryLock() {
        return mutex.tryLock();
    }

    /** Releases the tree lock, which the caller holds. */
    public void unlock() {
        mutex.unlock();
    }

    // ---------------------------------------------------------------------------------------------------- readers

    /**
     * The entry of an index. Takes no lock, allocates nothing.
     *
     * <p>A page may be stale, or another file's: confirm it by its descriptor, and look up again if it fails.
     * {@link #EMPTY} and shadows were true at a moment during the call. Repeats its walk only when a node of this
     * tree was freed meanwhile and it found no page, so some other thread has always made progress.
     *
     * @param index page index; one outside 0 to {@link #MAX_INDEX} is empty
     * @return {@link #EMPTY}, a page or a shadow
     */
    public int lookup(final long index) {
        while (true) {
            final long seen = root;
            final int walked = walk(slots, seen, index);
            if (isPage(walked)) {
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
    long aloneIndex(final long seen) {
        if (Words.rootBits(seen) != Words.ALONE) {
            return 0;
        }
        StopPoints.reached(TreePoint.ROOT_READ_ALONE, 0, 0);
        final long index = alone;
        StopPoints.reached(TreePoint.INDEX_READ_ALONE, 0, 0);
        return index;
    }

    /**
     * A guess at the entry of an index, in two loads whatever the height: by the table of hints, where the leaves of all
     * trees of the slab are noted by {@link #lookupForHint}. Takes no lock, allocates nothing, is never repeated.
     *
     * <p>The answer is worth nothing but as a hint at a page, less than {@link #lookup}'s: the leaf may be another one of this
     * tree or of any other. A page is confirmed by its descriptor; when it is not bound to this mapping and index, and for
     * every other answer, call {@link #lookupForHint}.
     *
     * @param index page index, 0 or more
     * @return any word
     */
    public int hint(final long index) {
        return OffHeap.getIntAcquire(slots + OffHeap.getLong(hintAddress(index)) + 4L * Words.slotOf(index, 0));
    }

    /**
     * As {@link #lookup}, and notes the leaf for {@link #hint} when it found a page.
     *
     * @param index page index; one outside 0 to {@link #MAX_INDEX} is empty
     * @return {@link #EMPTY}, a page or a shadow
     */
    public int lookupForHint(final long index) {
        final int entry = lookup(index);
        if (isPage(entry)) {
            final int leaf = leaf(root, index);
            if (Words.isNode(leaf)) {
                OffHeap.putLong(hintAddress(index), Words.slotAddress(0, leaf, 0));
            }
        }
        return entry;
    }

    private long hintAddress(final long index) {
        return hints + 8L * ((index >>> Words.BITS) + hintSeed & hintMask);
    }

    /**
     * The entry of an index as it was at a moment during the call, a page too: repeats the walk whenever a node of
     * this tree was freed meanwhile. Takes no lock, allocates nothing. For callers that hold what keeps the index
     * from changing, such as its fault mutex, and so need no second look.
     *
     * @param index page index; one outside 0 to {@link #MAX_INDEX} is empty
     * @return {@link #EMPTY}, a page or a shadow
     */
    public int lookupExact(final long index) {
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
     * @return {@link #EMPTY}, a page or a shadow
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
     * @param first   index of the first, 0 to {@link #MAX_INDEX}
     * @param count   how many are wanted, at least 1
     * @param entries receives {@link #EMPTY}, a page or a shadow for each; at least 1 long
     * @return how many were filled: at least 1, at most {@code count}, the array's length and 64
     * @throws IllegalArgumentException when fewer than 1 is wanted or fits
     */
    public int lookupRun(final long first, final int count, final int[] entries) {
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
    int leaf(final long seen, final long index) {
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
     * @param index 0 to {@link #MAX_INDEX}
     * @param mark  {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return whether it is set
     */
    public boolean isMarked(final long index, final int mark) {
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
     * @param mark {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return whether it is set anywhere
     */
    public boolean isAnyMarked(final int mark) {
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

    private boolean isRootMarked(final int mark) {
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
     * @param mark {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return an index, or -1 when there is none
     */
    public long nextMarked(final long from, final long to, final int mark) {
        checkMark(mark);
        return next(from, to, mark);
    }

    private long next(final long from, final long to, final int mark) {
        final long seen = root;
        final int word = (int) seen;
        if (!Words.isNode(word)) {
            final long index = aloneIndex(seen);
            return index >= from && index <= to && isPageMarked(word, mark) ? index : -1;
        }
        final int bits = Words.rootBits(seen);
        final long last = Math.min(to, (1L << bits) - 1);
        return from > last ? -1 : TreeScan.next(slab, word, bits - Words.BITS, 0, from, last, mark);
    }

    /** Whether an entry in the root word is a page with a mark. */
    private boolean isPageMarked(final int word, final int mark) {
        return isPage(word) && (mark == NodeSlab.MARK_PAGE || isRootMarked(mark));
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
    public int gang(final long from, final long to, final long[] indices, final int[] frames) {
        return scan(from, to, NodeSlab.MARK_PAGE, indices, frames);
    }

    /**
     * Collects the pages of a range that have a mark; otherwise as {@link #gang}.
     *
     * @param from    first index of the range, 0 or more
     * @param to      last index of the range; {@link Long#MAX_VALUE} for no end
     * @param mark    {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @param indices receives the indices
     * @param frames  receives the frames
     * @return how many were found
     */
    public int gangMarked(final long from, final long to, final int mark, final long[] indices, final int[] frames) {
        checkMark(mark);
        return scan(from, to, mark, indices, frames);
    }

    private int scan(final long from, final long to, final int mark, final long[] indices, final int[] frames) {
        final int limit = Math.min(indices.length, frames.length);
        final long seen = root;
        final int word = (int) seen;
        if (limit == 0) {
            return 0;
        }
        if (Words.isNode(word)) {
            final int bits = Words.rootBits(seen);
            final long last = Math.min(to, (1L << bits) - 1);
            return from > last ? 0
                : TreeScan.gang(slab, word, bits - Words.BITS, 0, from, last, mark, indices, frames, limit, 0);
        }
        final long index = aloneIndex(seen);
        if (index < from || index > to || !isPageMarked(word, mark)) {
            return 0;
        }
        indices[0] = index;
        frames[0] = frame(word);
        return 1;
    }

    /**
     * The number of pages. Exact under the tree lock, otherwise a recent value.
     *
     * @return 0 or more
     */
    public long pages() {
        return writer.pages();
    }

    // ---------------------------------------------------------------------------------------------------- changes

    /**
     * Stores an entry. The caller holds the tree lock.
     *
     * <p>A page that takes a page's place keeps its marks (migration); in every other case the index has no mark
     * afterwards. Nodes left empty are freed.
     *
     * @param index 0 to {@link #MAX_INDEX}
     * @param entry {@link #EMPTY} to remove, a page, or a shadow
     * @return what was there: {@link #EMPTY}, a page or a shadow; or {@link #OUT_OF_NODES}, and then nothing has
     *     changed. Removing, and replacing what is there, never runs out of nodes
     * @throws IndexOutOfBoundsException when the index is out of range
     */
    public int replace(final long index, final int entry) {
        checkIndex(index);
        assert entry == EMPTY || isPage(entry) || isShadow(entry) : "entry " + entry;
        assert mutex.isHeldByCurrentThread() && !closed : name;
        return writer.replace(index, entry);
    }

    /**
     * Stores entries in consecutive slots of one leaf, in one walk: the pages of a compound page, or what takes their place. The
     * caller holds the tree lock. As {@link #replace} for each of them.
     *
     * @param first index of the first, a multiple of {@code count}
     * @param count how many, a power of two from 2 to 64
     * @param entry the first entry: {@link #EMPTY} to remove, a page, or a shadow. Pages go up by one frame from slot to slot;
     *              everything else is the same in every slot
     * @return the last shadow that was there, {@link #EMPTY} when there was none; or {@link #OUT_OF_NODES}, and then nothing has
     *     changed. Removing, and replacing what is there, never runs out of nodes
     * @throws IndexOutOfBoundsException when an index is out of range
     * @throws IllegalArgumentException  when the run is not aligned, or does not lie in one leaf
     */
    public int replaceRun(final long first, final int count, final int entry) {
        checkIndex(first);
        checkIndex(first + count - 1);
        if (count < 2 || count > Words.SLOTS || Integer.bitCount(count) != 1 || first % count != 0) {
            throw new IllegalArgumentException("a run of " + count + " pages at " + first + " does not lie in one leaf");
        }
        assert entry == EMPTY || isPage(entry) || isShadow(entry) : "entry " + entry;
        assert mutex.isHeldByCurrentThread() && !closed : name;
        return writer.replaceRun(first, count, entry);
    }

    /**
     * Whether a range holds a page. Exact under the tree lock, otherwise approximate.
     *
     * @param from first index of the range, 0 or more
     * @param to   last index of the range; {@link Long#MAX_VALUE} for no end
     * @return whether there is one
     */
    public boolean hasPage(final long from, final long to) {
        return next(from, to, NodeSlab.MARK_PAGE) >= 0;
    }

    /**
     * Sets a mark. The caller holds the tree lock.
     *
     * @param index 0 to {@link #MAX_INDEX}
     * @param mark  {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return whether that changed anything: false when the mark was set, or the index holds no page
     * @throws IndexOutOfBoundsException when the index is out of range
     */
    public boolean setMark(final long index, final int mark) {
        checkIndex(index);
        checkMark(mark);
        assert mutex.isHeldByCurrentThread() : name;
        return writer.setMark(index, mark);
    }

    /**
     * Clears a mark. The caller holds the tree lock.
     *
     * @param index 0 to {@link #MAX_INDEX}
     * @param mark  {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return whether that changed anything: false when the mark was clear
     * @throws IndexOutOfBoundsException when the index is out of range
     */
    public boolean clearMark(final long index, final int mark) {
        checkIndex(index);
        checkMark(mark);
        assert mutex.isHeldByCurrentThread() : name;
        return writer.clearMark(index, mark);
    }

    /**
     * Frees leaves that hold shadows and no page, the oldest first, with what they remember. The caller holds the
     * tree lock.
     *
     * @param maxNodes how many leaves to free at most, 0 or more
     * @return how many leaves were freed; nodes above them that are left empty are freed in addition and not counted
     */
    public int pruneShadows(final int maxNodes) {
        assert mutex.isHeldByCurrentThread() : name;
        return writer.pruneShadows(maxNodes);
    }

    /**
     * Checks the tree from the root word to every leaf against its invariants. Nothing else may change it meanwhile;
     * takes the tree lock, which the caller must not hold.
     *
     * @throws AssertionError that names the tree and the node found wrong
     */
    public void verify() {
        verify((index, frame) -> { });
    }

    /**
     * Like {@link #verify()}, and shows each page to a visitor that can check it further.
     *
     * @param visitor is called for each page in ascending order, under the tree lock
     * @throws AssertionError that names the tree and the node found wrong
     */
    public void verify(final PageVisitor visitor) {
        lock();
        try {
            new TreeVerifier(this, visitor).verify();
        } finally {
            unlock();
        }
    }

    /** Receives the pages of a tree. */
    @FunctionalInterface
    public interface PageVisitor {
        /**
         * One page.
         *
         * @param index its index
         * @param frame its frame number
         */
        void page(long index, int frame);
    }

    /**
     * Frees every node, with the shadows. Takes the tree lock, which the caller must not hold. Readers may still run
     * and find everything empty; nothing may be stored any more. Closing again does nothing.
     *
     * @throws IllegalStateException when a page is present; then nothing has changed
     */
    @Override
    public void close() {
        lock();
        try {
            if (closed) {
                return;
            }
            if (writer.pages() != 0) {
                throw new IllegalStateException("tree " + name + " is closed with " + pages() + " pages present");
            }
            writer.clear();
            closed = true;
        } finally {
            unlock();
        }
    }

    private static void checkIndex(final long index) {
        if (index < 0 || index > MAX_INDEX) {
            throw new IndexOutOfBoundsException("page index " + index + " is not in 0 to 2^51 - 1");
        }
    }

    private static void checkMark(final int mark) {
        if (mark < 0 || mark >= NodeSlab.MARK_PAGE) {
            throw new IllegalArgumentException("mark " + mark + " is not 0, 1 or 2");
        }
    }

    /** The whole root word. */
    long root() {
        return root;
    }

    void root(final long word) {
        root = word;
    }

    /** The index of a root word that is no node; under the tree lock. */
    long indexAlone() {
        return Words.rootBits(root) == Words.ALONE ? alone : 0;
    }

    /** Changes the index of a root word that is still another. */
    void alone(final long index) {
        assert Words.rootBits(root) != Words.ALONE : "the root word has an index already";
        alone = index;
    }

    /** The marks of the entry in the root word; 0 when that is a node. Bit m is mark m. */
    int rootMarks() {
        return rootMarks;
    }

    void rootMarks(final int marks) {
        rootMarks = marks;
    }

    /** The index of the first page, or -1; under the tree lock. */
    long nextPage() {
        return next(0, MAX_INDEX, NodeSlab.MARK_PAGE);
    }

    TreeWriter writer() {
        return writer;
    }

    NodeSlab slab() {
        return slab;
    }

    Object name() {
        return name;
    }
}
