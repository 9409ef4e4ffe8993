package io.quire.engine.tree;

import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;

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
public final class PageTree extends TreeReader implements AutoCloseable {
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
        super(slab);
        this.writer = new TreeWriter(this, slab);
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

    /** The index of the first page, or -1; under the tree lock. */
    long nextPage() {
        return TreeScan.next(this, 0, MAX_INDEX, NodeSlab.MARK_PAGE);
    }

    TreeWriter writer() {
        return writer;
    }

    Object name() {
        return name;
    }
}
