package io.quire.engine.tree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.memory.OffHeap;

/**
 * Maps the page indices of one file to frames: a 64-way radix tree whose nodes are off-heap, in a {@link NodeSlab}.
 *
 * <pre>
 *   root word, one volatile long on the heap
 *   63 .................. 38 | 37 .... 32 | 31 ............. 2 | 1  0
 *   version (26)             | bits (6)   | value (30)         | tag         tag 0: empty   1: page    value = frame
 *                                                                            tag 2: shadow  3: node    value = node
 *   bits 0:  the word is the entry of index 0, and nothing else is present
 *   bits n:  the word is a node that covers the indices 0 .. 2^n - 1, n a multiple of 6
 *
 *   root word ---&gt; node, shift 12 ---&gt; node, shift 6 ---&gt; leaf, shift 0 ---&gt; slot: empty, page or shadow
 * </pre>
 *
 * <p><b>Readers</b> ({@link #lookup}, {@link #lookupRun}, {@link #nextMarked}, {@link #gang}) take no lock. They may walk into a
 * node that has been freed and serves other indices, or another tree. The walk ends all the same, because it goes down one level a
 * step from the height it started with, and a word of a kind that its level cannot have counts as empty. So
 * <ul>
 * <li>a <i>page</i> found by a reader is a hint: confirm, after taking a reference or between two reads of the generation, that
 *     the frame is bound to this mapping and index;</li>
 * <li><i>empty</i> or a <i>shadow</i> from {@link #lookup} or {@link #lookupRun} was true at a moment during the call: the version
 *     in the root word moves before a node that was unlinked can be reused, and an answer that is no page is given only
 *     if the root word is still the one that the walk started from. A fault mutex held by the caller keeps it true, as far as
 *     every other user of that index takes it too.</li>
 * </ul>
 *
 * <p><b>Changes</b> are made under the tree lock ({@link #lock}), which is of class {@link LockClass#TREE}. Methods that change the
 * tree assert that the caller holds it.
 *
 * <p><b>Shadows</b> remember evicted pages in the slots they left. A leaf that holds shadows and no page is on the tree's shadow
 * list, oldest first, from where {@link #pruneShadows} frees it.
 *
 * <p>No method but {@link #lock} blocks, and none but {@link #verify} allocates on the heap. Sources: Linux {@code lib/xarray.c} for the
 * tree, {@code mm/workingset.c} for shadows. The numbered invariants are in {@code native-notes/tree.md}.
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

    /** log2 of {@link #SLOTS}. */
    static final int BITS = 6;
    /** Slots of a node. */
    static final int SLOTS = 1 << BITS;

    private static final int TAG_MASK = 3;
    private static final int TAG_PAGE = 1;
    private static final int TAG_SHADOW = 2;
    private static final int TAG_NODE = 3;
    private static final int VALUE_LIMIT = 1 << 30;

    private static final int ROOT_BITS_SHIFT = 32;
    private static final int ROOT_BITS_MASK = 63;
    private static final int ROOT_VERSION_SHIFT = 38;

    private static final int NONE = NodeSlab.NONE;
    private static final int MARK_PAGE = NodeSlab.MARK_PAGE;

    private static final VarHandle PAGES;

    static {
        try {
            PAGES = MethodHandles.lookup().findVarHandle(PageTree.class, "pages", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long slots;
    private final long headers;
    private volatile long root;

    private final NodeSlab slab;
    private final long owner;
    private final String name;
    private final OrderedMutex mutex;
    private volatile long pages;
    private volatile int rootMarks;
    private long shadows;
    private int oldestShadow = NONE;
    private int youngestShadow = NONE;
    private int listed;
    private boolean closed;

    /**
     * Makes an empty tree. It uses no node until it holds an index other than 0.
     *
     * @param slab the nodes, shared with other trees
     * @param name names the tree in messages of the lock validator and of {@link #verify}
     */
    public PageTree(final NodeSlab slab, final String name) {
        this.slab = slab;
        this.slots = slab.slots();
        this.headers = slab.headers();
        this.owner = slab.newOwner();
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
        return (entry & TAG_MASK) == TAG_PAGE;
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
     * The entry of a page.
     *
     * @param frame frame number, 0 to 2^30 - 1
     * @return the entry
     */
    public static int page(final int frame) {
        assert frame >= 0 && frame < VALUE_LIMIT : frame;
        return frame << 2 | TAG_PAGE;
    }

    /**
     * Whether an entry is the shadow of an evicted page.
     *
     * @param entry a word returned by this class
     * @return true for a shadow
     */
    public static boolean isShadow(final int entry) {
        return (entry & TAG_MASK) == TAG_SHADOW;
    }

    /**
     * The entry of a shadow.
     *
     * @param value30 what to remember, 0 to 2^30 - 1
     * @return the entry
     */
    public static int shadow(final int value30) {
        assert value30 >= 0 && value30 < VALUE_LIMIT : value30;
        return value30 << 2 | TAG_SHADOW;
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

    static boolean isNode(final int word) {
        return (word & TAG_MASK) == TAG_NODE;
    }

    static int node(final int word) {
        return word >>> 2;
    }

    private static int nodeWord(final int node) {
        return node << 2 | TAG_NODE;
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
     * <p>A page may be stale, or another file's: confirm it by its descriptor. {@link #EMPTY} and shadows were true at a moment
     * during the call. Repeats its walk only when a node of this tree was freed meanwhile and it found no page, so some
     * other thread has always made progress.
     *
     * @param index page index; one outside 0 to {@link #MAX_INDEX} is empty
     * @return {@link #EMPTY}, a page or a shadow
     */
    public int lookup(final long index) {
        while (true) {
            final long seen = root;
            final int entry = walk(slots, seen, index);
            if (isPage(entry) || root == seen) {
                return entry;
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Walks from a root word that may be long out of date. Never fails; see {@link #lookup} for what the answer is worth.
     *
     * @param slots address of slot 0 of node 0
     * @param root  a root word that the tree once had
     * @param index page index
     * @return {@link #EMPTY}, a page or a shadow
     */
    static int walk(final long slots, final long root, final long index) {
        int bits = rootBits(root);
        int word = (int) root;
        if (index >>> bits != 0) {
            return EMPTY;
        }
        while (bits != 0) {
            if (!isNode(word)) {
                // Empty; or a page or shadow above the leaves, which only a recycled node can show.
                return EMPTY;
            }
            bits -= BITS;
            word = OffHeap.getIntAcquire(slotAddress(slots, word, (int) (index >>> bits) & SLOTS - 1));
        }
        return isNode(word) ? EMPTY : word;
    }

    /**
     * The entries of consecutive indices, up to the end of their leaf, in one walk. Takes no lock, allocates nothing. What each
     * entry is worth is as in {@link #lookup}; they are not of one moment.
     *
     * @param first   index of the first, 0 to {@link #MAX_INDEX}
     * @param count   how many are wanted, at least 1
     * @param entries receives {@link #EMPTY}, a page or a shadow for each; at least 1 long
     * @return how many were filled: at least 1, at most {@code count}, the array's length and 64
     * @throws IllegalArgumentException when fewer than 1 is wanted or fits
     */
    public int lookupRun(final long first, final int count, final int[] entries) {
        final int slot = (int) first & SLOTS - 1;
        final int run = Math.min(Math.min(count, entries.length), SLOTS - slot);
        if (run < 1) {
            throw new IllegalArgumentException("a run of " + count + " in an array of " + entries.length);
        }
        while (true) {
            final long seen = root;
            int other = 0;
            final int leaf = leafWord(seen, first);
            if (isNode(leaf)) {
                final long address = slotAddress(slots, leaf, slot);
                for (int i = 0; i < run; i++) {
                    final int entry = OffHeap.getIntAcquire(address + 4L * i);
                    entries[i] = entry;
                    other |= entry ^ TAG_PAGE;
                }
            } else {
                other = TAG_MASK;
                for (int i = 0; i < run; i++) {
                    entries[i] = EMPTY;
                }
                if (rootBits(seen) == 0 && first == 0) {
                    entries[0] = (int) seen;
                }
            }
            // Unless all are pages the tree must still be the one that was walked. Then no entry is a node either.
            if ((other & TAG_MASK) == 0 || root == seen) {
                return run;
            }
            Thread.onSpinWait();
        }
    }

    /** The word of the leaf that covers an index, or a word that is no node. */
    private int leafWord(final long seen, final long index) {
        int bits = rootBits(seen);
        int word = (int) seen;
        if (bits == 0 || index >>> bits != 0) {
            return EMPTY;
        }
        while (bits != BITS && isNode(word)) {
            bits -= BITS;
            word = OffHeap.getIntAcquire(slotAddress(slots, word, (int) (index >>> bits) & SLOTS - 1));
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
        final long seen = root;
        if (rootBits(seen) == 0) {
            return index == 0 && (rootMarks >>> mark & 1) != 0;
        }
        final int leaf = leafWord(seen, index);
        return isNode(leaf) && (marks(leaf, mark) >>> (index & SLOTS - 1) & 1) != 0;
    }

    /**
     * Whether any page has a mark. One read; exact under the tree lock, otherwise approximate.
     *
     * @param mark {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return whether it is set anywhere
     */
    public boolean isAnyMarked(final int mark) {
        checkMark(mark);
        final long seen = root;
        return rootBits(seen) == 0 ? (rootMarks >>> mark & 1) != 0 : marks((int) seen, mark) != 0;
    }

    /**
     * The smallest index of a range that has a mark, at a cost of the height of the tree. Exact under the tree lock, otherwise
     * approximate.
     *
     * @param from first index of the range, 0 or more
     * @param to   last index of the range; {@link Long#MAX_VALUE} for no end
     * @param mark {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @return an index, or -1 when there is none
     */
    public long nextMarked(final long from, final long to, final int mark) {
        checkMark(mark);
        final long seen = root;
        final int bits = rootBits(seen);
        final long last = Math.min(to, (1L << bits) - 1);
        if (from > last) {
            return -1;
        }
        if (bits == 0) {
            return from == 0 && (rootMarks >>> mark & 1) != 0 ? 0 : -1;
        }
        return TreeScan.next(this, (int) seen, bits - BITS, 0, from, last, mark);
    }

    /**
     * Collects the pages of a range in ascending order, up to the length of the shorter array. Costs O(height) for each run of
     * pages, whatever the length of the range and however many shadows it holds. Exact under the tree lock, otherwise
     * approximate, and each page then as in {@link #lookup}.
     *
     * @param from    first index of the range, 0 or more
     * @param to      last index of the range; {@link Long#MAX_VALUE} for no end
     * @param indices receives the indices
     * @param frames  receives the frames
     * @return how many were found
     */
    public int gang(final long from, final long to, final long[] indices, final int[] frames) {
        return scan(from, to, MARK_PAGE, indices, frames);
    }

    /**
     * Collects the pages of a range that have a mark; otherwise as {@link #gang}.
     *
     * @param from    first index of the range, 0 or more
     * @param to      last index of the range; {@link Long#MAX_VALUE} for no end
     * @param mark    {@link #MARK_DIRTY}, {@link #MARK_WRITEBACK} or {@link #MARK_TOWRITE}
     * @param indices receives the indices
     * @param frames  receives the frames, at least as long as {@code indices}
     * @return how many were found
     */
    public int gangMarked(final long from, final long to, final int mark, final long[] indices, final int[] frames) {
        checkMark(mark);
        return scan(from, to, mark, indices, frames);
    }

    private int scan(final long from, final long to, final int mark, final long[] indices, final int[] frames) {
        if (frames.length < indices.length) {
            throw new IllegalArgumentException(indices.length + " indices with " + frames.length + " frames");
        }
        final long seen = root;
        final int bits = rootBits(seen);
        final long last = Math.min(to, (1L << bits) - 1);
        if (from > last || indices.length == 0) {
            return 0;
        }
        if (bits != 0) {
            return TreeScan.gang(this, (int) seen, bits - BITS, 0, from, last, mark, indices, frames, 0);
        }
        final int word = (int) seen;
        if (from != 0 || !isPage(word) || mark != MARK_PAGE && (rootMarks >>> mark & 1) == 0) {
            return 0;
        }
        indices[0] = 0;
        frames[0] = frame(word);
        return 1;
    }

    /**
     * The number of pages. Exact under the tree lock, otherwise a recent value.
     *
     * @return 0 or more
     */
    public long pages() {
        return pages;
    }

    // ---------------------------------------------------------------------------------------------------- changes

    /**
     * Stores an entry. The caller holds the tree lock.
     *
     * <p>A page that takes a page's place keeps its marks (migration); in every other case the index has no mark afterwards. Nodes
     * left empty are freed.
     *
     * @param index 0 to {@link #MAX_INDEX}
     * @param entry {@link #EMPTY} to remove, a page, or a shadow
     * @return what was there: {@link #EMPTY}, a page or a shadow; or {@link #OUT_OF_NODES}, and then nothing has changed. Removing and
     *     replacing something never runs out of nodes
     * @throws IndexOutOfBoundsException when the index is out of range
     */
    public int replace(final long index, final int entry) {
        checkIndex(index);
        assert entry == EMPTY || isPage(entry) || isShadow(entry) : "entry " + entry;
        assert mutex.isHeldByCurrentThread() && !closed : name;
        final long seen = root;
        if (rootBits(seen) == 0 && (index == 0 || entry == EMPTY)) {
            return index == 0 ? replaceRoot(entry) : EMPTY;
        }
        int leaf = leafWord(seen, index);
        if (!isNode(leaf)) {
            if (entry == EMPTY) {
                return EMPTY;
            }
            leaf = grow(index);
            if (leaf == EMPTY) {
                return OUT_OF_NODES;
            }
        }
        final int slot = (int) index & SLOTS - 1;
        final long address = slot(leaf, slot);
        final int previous = OffHeap.getInt(address);
        OffHeap.putIntRelease(address, entry);
        count(previous, entry);
        if (isPage(entry)) {
            mark(leaf, slot, MARK_PAGE);
        } else if (isPage(previous)) {
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                unmark(leaf, slot, mark);
            }
        }
        final long header = header(leaf);
        final long occupied = OffHeap.getLong(header + NodeSlab.OCCUPIED_OFFSET);
        final long bit = 1L << slot;
        final long now = entry == EMPTY ? occupied & ~bit : occupied | bit;
        if (now != occupied) {
            OffHeap.putLong(header + NodeSlab.OCCUPIED_OFFSET, now);
        }
        list(leaf);
        if (now == 0) {
            freeUpwards(leaf);
        }
        if (entry == EMPTY) {
            shrink();
        }
        return previous;
    }

    private int replaceRoot(final int entry) {
        final int previous = (int) root;
        if (!isPage(entry) || !isPage(previous)) {
            rootMarks = 0;
        }
        publish(entry, 0, 0);
        count(previous, entry);
        return previous;
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
        final long seen = root;
        if (rootBits(seen) == 0) {
            if (index != 0 || !isPage((int) seen) || (rootMarks >>> mark & 1) != 0) {
                return false;
            }
            rootMarks |= 1 << mark;
            return true;
        }
        final int leaf = leafWord(seen, index);
        final int slot = (int) index & SLOTS - 1;
        return isNode(leaf) && isPage(OffHeap.getInt(slot(leaf, slot))) && mark(leaf, slot, mark);
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
        final long seen = root;
        if (rootBits(seen) == 0) {
            if (index != 0 || (rootMarks >>> mark & 1) == 0) {
                return false;
            }
            rootMarks &= ~(1 << mark);
            return true;
        }
        final int leaf = leafWord(seen, index);
        return isNode(leaf) && unmark(leaf, (int) index & SLOTS - 1, mark);
    }

    /**
     * Frees leaves that hold shadows and no page, the oldest first, with what they remember. The caller holds the tree lock.
     *
     * @param maxNodes how many leaves to free at most, 0 or more
     * @return how many leaves were freed; nodes above them that are left empty are freed in addition and not counted
     */
    public int pruneShadows(final int maxNodes) {
        assert mutex.isHeldByCurrentThread() : name;
        int freed = 0;
        while (freed < maxNodes && oldestShadow != NONE) {
            final int leaf = nodeWord(oldestShadow);
            final long header = header(leaf);
            long occupied = OffHeap.getLong(header + NodeSlab.OCCUPIED_OFFSET);
            shadows -= Long.bitCount(occupied);
            while (occupied != 0) {
                OffHeap.putIntRelease(slot(leaf, Long.numberOfTrailingZeros(occupied)), EMPTY);
                occupied &= occupied - 1;
            }
            OffHeap.putLong(header + NodeSlab.OCCUPIED_OFFSET, 0);
            list(leaf);
            freeUpwards(leaf);
            shrink();
            freed++;
        }
        return freed;
    }

    /**
     * Checks the tree from the root word to every leaf against its invariants. Nothing else may change it meanwhile; takes the tree
     * lock, which the caller must not hold.
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
     * Frees every node, with the shadows. Takes the tree lock, which the caller must not hold. Readers may still run and find
     * everything empty; nothing may be stored any more. Closing again does nothing.
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
            if (pages != 0) {
                throw new IllegalStateException("tree " + name + " is closed with " + pages + " pages present");
            }
            pruneShadows(Integer.MAX_VALUE);
            publish(EMPTY, 0, 0);
            shadows = 0;
            closed = true;
        } finally {
            unlock();
        }
    }

    /**
     * Makes the nodes on the way to an index.
     *
     * @return the leaf's word, or {@link #EMPTY} when the slab has too few nodes and nothing has changed
     */
    private int grow(final long index) {
        final long seen = root;
        final int bits = rootBits(seen);
        final int wanted = Math.max(bits, bitsFor(index));
        int chain = slab.allocateChain(missing(seen, index, wanted), owner);
        if (chain == NONE) {
            return EMPTY;
        }
        int word = (int) seen;
        if (word != EMPTY) {
            for (int covered = bits; covered < wanted; covered += BITS) {
                final int top = chain;
                chain = next(chain);
                raise(top, covered, word);
                word = nodeWord(top);
            }
        } else {
            final int top = chain;
            chain = next(chain);
            initialise(top, NONE, 0, wanted - BITS);
            word = nodeWord(top);
        }
        if (wanted != bits) {
            publish(word, wanted, 0);
            rootMarks = 0;
        }
        for (int shift = wanted - BITS; shift != 0; shift -= BITS) {
            final int slot = (int) (index >>> shift) & SLOTS - 1;
            int child = OffHeap.getInt(slot(word, slot));
            if (child == EMPTY) {
                final int made = chain;
                chain = next(chain);
                initialise(made, node(word), slot, shift - BITS);
                child = nodeWord(made);
                final long occupied = header(word) + NodeSlab.OCCUPIED_OFFSET;
                OffHeap.putLong(occupied, OffHeap.getLong(occupied) | 1L << slot);
                OffHeap.putIntRelease(slot(word, slot), child);
            }
            word = child;
        }
        assert chain == NONE : "tree " + name + " asked for too many nodes at index " + index;
        return word;
    }

    /** How many nodes {@link #grow} needs. */
    private int missing(final long seen, final long index, final int wanted) {
        final int bits = rootBits(seen);
        int word = (int) seen;
        if (word == EMPTY) {
            return wanted / BITS;
        }
        if (wanted > bits) {
            // New levels over the old root; and below the new root, where the index is not in slot 0, all is missing.
            return (wanted - bits) / BITS + wanted / BITS - 1;
        }
        int shift = bits;
        while (shift != 0 && word != EMPTY) {
            shift -= BITS;
            word = OffHeap.getInt(slot(word, (int) (index >>> shift) & SLOTS - 1));
        }
        return shift / BITS;
    }

    /** Makes {@code top} a root over the old root, which becomes its slot 0. */
    private void raise(final int top, final int shift, final int below) {
        initialise(top, NONE, 0, shift);
        final int word = nodeWord(top);
        final long header = header(word);
        OffHeap.putLong(header + NodeSlab.OCCUPIED_OFFSET, 1);
        OffHeap.putIntRelease(slot(word, 0), below);
        if (shift != 0) {
            final long child = header(below);
            OffHeap.putInt(child + NodeSlab.PARENT_OFFSET, top);
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                final long any = OffHeap.getLong(child + NodeSlab.MARKS_OFFSET + 8L * mark) == 0 ? 0 : 1;
                OffHeap.putLongRelease(header + NodeSlab.MARKS_OFFSET + 8L * mark, any);
            }
        } else {
            for (int mark = 0; mark < MARK_PAGE; mark++) {
                OffHeap.putLongRelease(header + NodeSlab.MARKS_OFFSET + 8L * mark, rootMarks >>> mark & 1);
            }
            OffHeap.putLongRelease(header + NodeSlab.MARKS_OFFSET + 8L * MARK_PAGE, isPage(below) ? 1 : 0);
            list(word);
        }
    }

    private void initialise(final int node, final int parent, final int offset, final int shift) {
        final long header = header(nodeWord(node));
        OffHeap.putInt(header + NodeSlab.PARENT_OFFSET, parent);
        OffHeap.putByte(header + NodeSlab.OFFSET_OFFSET, (byte) offset);
        OffHeap.putByte(header + NodeSlab.SHIFT_OFFSET, (byte) shift);
    }

    /** Frees an empty node and the ancestors that this leaves empty. */
    private void freeUpwards(final int word) {
        int empty = word;
        while (true) {
            final long header = header(empty);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if (parent == NONE) {
                publish(EMPTY, 0, 1);
                slab.free(node(empty), owner);
                return;
            }
            final int above = nodeWord(parent);
            final int slot = OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            OffHeap.putIntRelease(slot(above, slot), EMPTY);
            final long occupied = OffHeap.getLong(header(above) + NodeSlab.OCCUPIED_OFFSET) & ~(1L << slot);
            OffHeap.putLong(header(above) + NodeSlab.OCCUPIED_OFFSET, occupied);
            free(empty);
            if (occupied != 0) {
                return;
            }
            empty = above;
        }
    }

    /** Frees a node that nothing refers to any more. The version moves first: from then on no reader believes what it misses. */
    private void free(final int word) {
        final long seen = root;
        publish((int) seen, rootBits(seen), 1);
        slab.free(node(word), owner);
    }

    /** Takes levels away while the root has nothing but slot 0. */
    private void shrink() {
        while (true) {
            final long seen = root;
            final int bits = rootBits(seen);
            if (bits == 0) {
                return;
            }
            final int top = (int) seen;
            final long header = header(top);
            if (OffHeap.getLong(header + NodeSlab.OCCUPIED_OFFSET) != 1) {
                return;
            }
            final int below = OffHeap.getInt(slot(top, 0));
            if (isNode(below)) {
                OffHeap.putInt(header(below) + NodeSlab.PARENT_OFFSET, NONE);
            } else {
                int marks = 0;
                for (int mark = 0; mark < MARK_PAGE; mark++) {
                    marks |= (int) (OffHeap.getLong(header + NodeSlab.MARKS_OFFSET + 8L * mark) & 1) << mark;
                }
                rootMarks = marks;
            }
            publish(below, bits - BITS, 1);
            // Only now, when the version has moved, may a reader that is still in the old root find nothing there.
            OffHeap.putIntRelease(slot(top, 0), EMPTY);
            OffHeap.putLong(header + NodeSlab.OCCUPIED_OFFSET, 0);
            for (int mark = 0; mark < NodeSlab.MARKS; mark++) {
                OffHeap.putLongRelease(header + NodeSlab.MARKS_OFFSET + 8L * mark, 0);
            }
            list(top);
            slab.free(node(top), owner);
        }
    }

    /** Sets a mark in a leaf and, where it was the first, above. */
    private boolean mark(final int leaf, final int leafSlot, final int mark) {
        int word = leaf;
        int slot = leafSlot;
        while (true) {
            final long header = header(word);
            final long address = header + NodeSlab.MARKS_OFFSET + 8L * mark;
            final long before = OffHeap.getLong(address);
            final long after = before | 1L << slot;
            if (after == before) {
                return word != leaf;
            }
            OffHeap.putLongRelease(address, after);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if (before != 0 || parent == NONE) {
                return true;
            }
            slot = OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            word = nodeWord(parent);
        }
    }

    /** Clears a mark in a leaf and, where it was the last, above. */
    private boolean unmark(final int leaf, final int leafSlot, final int mark) {
        int word = leaf;
        int slot = leafSlot;
        while (true) {
            final long header = header(word);
            final long address = header + NodeSlab.MARKS_OFFSET + 8L * mark;
            final long before = OffHeap.getLong(address);
            final long after = before & ~(1L << slot);
            if (after == before) {
                return word != leaf;
            }
            OffHeap.putLongRelease(address, after);
            final int parent = OffHeap.getInt(header + NodeSlab.PARENT_OFFSET);
            if (after != 0 || parent == NONE) {
                return true;
            }
            slot = OffHeap.getByte(header + NodeSlab.OFFSET_OFFSET);
            word = nodeWord(parent);
        }
    }

    /** Puts a leaf on the shadow list, or takes it off, as its contents demand. */
    private void list(final int leaf) {
        final long header = header(leaf);
        final boolean should = OffHeap.getLong(header + NodeSlab.OCCUPIED_OFFSET) != 0
            && OffHeap.getByte(header + NodeSlab.SHIFT_OFFSET) == 0 && marks(leaf, MARK_PAGE) == 0;
        if (should == (OffHeap.getByte(header + NodeSlab.LISTED_OFFSET) != 0)) {
            return;
        }
        final int node = node(leaf);
        if (should) {
            OffHeap.putInt(header + NodeSlab.PREVIOUS_OFFSET, youngestShadow);
            OffHeap.putInt(header + NodeSlab.NEXT_OFFSET, NONE);
            if (youngestShadow == NONE) {
                oldestShadow = node;
            } else {
                OffHeap.putInt(header(nodeWord(youngestShadow)) + NodeSlab.NEXT_OFFSET, node);
            }
            youngestShadow = node;
            listed++;
        } else {
            final int previous = OffHeap.getInt(header + NodeSlab.PREVIOUS_OFFSET);
            final int next = OffHeap.getInt(header + NodeSlab.NEXT_OFFSET);
            if (previous == NONE) {
                oldestShadow = next;
            } else {
                OffHeap.putInt(header(nodeWord(previous)) + NodeSlab.NEXT_OFFSET, next);
            }
            if (next == NONE) {
                youngestShadow = previous;
            } else {
                OffHeap.putInt(header(nodeWord(next)) + NodeSlab.PREVIOUS_OFFSET, previous);
            }
            listed--;
        }
        OffHeap.putByte(header + NodeSlab.LISTED_OFFSET, (byte) (should ? 1 : 0));
        slab.addShadowNodes(should ? 1 : -1);
    }

    private void count(final int previous, final int entry) {
        final int pagesDelta = (isPage(entry) ? 1 : 0) - (isPage(previous) ? 1 : 0);
        if (pagesDelta != 0) {
            PAGES.setRelease(this, pages + pagesDelta);
        }
        shadows += (isShadow(entry) ? 1 : 0) - (isShadow(previous) ? 1 : 0);
    }

    private void publish(final int word, final int bits, final int versions) {
        final long version = (root >>> ROOT_VERSION_SHIFT) + versions;
        root = version << ROOT_VERSION_SHIFT | (long) bits << ROOT_BITS_SHIFT | word & 0xffff_ffffL;
    }

    private int next(final int node) {
        return OffHeap.getInt(header(nodeWord(node)) + NodeSlab.NEXT_OFFSET);
    }

    private long marks(final int word, final int mark) {
        return OffHeap.getLongAcquire(header(word) + NodeSlab.MARKS_OFFSET + 8L * mark);
    }

    private static int bitsFor(final long index) {
        return Math.max(BITS, (Long.SIZE - Long.numberOfLeadingZeros(index) + BITS - 1) / BITS * BITS);
    }

    private static int rootBits(final long root) {
        return (int) (root >>> ROOT_BITS_SHIFT) & ROOT_BITS_MASK;
    }

    private static void checkIndex(final long index) {
        if (index < 0 || index > MAX_INDEX) {
            throw new IndexOutOfBoundsException("page index " + index + " is not in 0 to 2^51 - 1");
        }
    }

    private static void checkMark(final int mark) {
        if (mark < 0 || mark >= MARK_PAGE) {
            throw new IllegalArgumentException("mark " + mark + " is not 0, 1 or 2");
        }
    }

    private static long slotAddress(final long slots, final int word, final int slot) {
        return slots + ((word & ~TAG_MASK & 0xffff_ffffL) << NodeSlab.SLOTS_SHIFT - 2) + 4L * slot;
    }

    /** Address of a slot of a node. */
    long slot(final int word, final int slot) {
        return slotAddress(slots, word, slot);
    }

    /** Address of the header of a node. */
    long header(final int word) {
        return headers + ((word & ~TAG_MASK & 0xffff_ffffL) << NodeSlab.HEADER_SHIFT - 2);
    }

    /** The root word's entry or node. */
    int rootWord() {
        return (int) root;
    }

    /** Index bits that the root covers. */
    int rootBits() {
        return rootBits(root);
    }

    /** The whole root word, for {@link #walk}. */
    long root() {
        return root;
    }

    int rootMarks() {
        return rootMarks;
    }

    long owner() {
        return owner;
    }

    String name() {
        return name;
    }

    long shadows() {
        return shadows;
    }

    int listed() {
        return listed;
    }

    int oldestShadow() {
        return oldestShadow;
    }

    int youngestShadow() {
        return youngestShadow;
    }
}
