package io.quire.engine.memory;

/**
 * One 64-byte line per frame, off-heap: what Linux calls {@code struct page}.
 *
 * <pre>
 *  0        8        12       16        24       32      36     40   41     42     44          48           56
 *  +--------+--------+--------+---------+--------+-------+------+----+------+------+-----------+------------+----------+
 *  | state  | refs   | maps   | mapping | index  | link  | -    | use| queue| order| block bits| queue links| compound |
 *  | 64     | 32     | 32     | 64      | 64     | 32    | 32   | 8  | 8    | 8    | 32        | 2 x 32     | 64       |
 *  +--------+--------+--------+---------+--------+-------+------+----+------+------+-----------+------------+----------+
 *
 *  state:   63 ............ 32 | 31 ... 9 | 8     7     6      5          4          3      2         1        0
 *           generation           0          TAIL  HEAD  ERROR  READAHEAD  WRITEBACK  DIRTY  UPTODATE  WAITERS  LOCKED
 *
 *  compound: 63 ... 32 | 31 ... 0
 *            head + 1    pins           of a tail (see CompoundPages); 0 for every other frame
 * </pre>
 *
 * <p><b>Type-stable.</b> The table is never unmapped while the cache is open, so any frame number may be dereferenced at
 * any time and then be found stale: by its {@code mapping} and {@code index}, by its reference count, or by its
 * generation, which changes each time the frame is bound to a (mapping, index) or unbound.
 *
 * <p><b>Access modes.</b> {@code state}: acquire reads, atomic read-modify-write only. {@code refs}, {@code maps}: atomic
 * read-modify-write; 0 means free or frozen. {@code mapping}, {@code index}: written by {@link #bind}/{@link #unbind} while
 * the count is frozen or the frame private; read plainly between two reads of the generation. {@code use}: plain byte,
 * races are harmless. {@code link}: owned by whichever list holds the frame. {@code order}, {@code compound}: see
 * {@link CompoundPages}.
 *
 * <p>All methods are thread-safe in that sense and allocate nothing. Frame numbers are 0 to {@link #frames()} - 1.
 */
public final class PageDescriptors implements AutoCloseable {
    /** Size of a descriptor, in bytes: one cache line. */
    public static final int DESCRIPTOR_SIZE = 64;

    /** Offset of the state word. */
    public static final int STATE_OFFSET = 0;
    /** Offset of the reference count. */
    public static final int REFS_OFFSET = 8;
    /** Offset of the map count. */
    public static final int MAPS_OFFSET = 12;
    /** Offset of the mapping's id; 0 when the frame is not bound. */
    public static final int MAPPING_OFFSET = 16;
    /** Offset of the page index. */
    public static final int INDEX_OFFSET = 24;
    /** Offset of the list link. */
    public static final int LINK_OFFSET = 32;
    /** Offset of the use count of the replacement policy. */
    public static final int USE_OFFSET = 40;
    /** Offset of the replacement queue that holds the frame. */
    public static final int QUEUE_OFFSET = 41;
    /** Offset of the order of the page that begins here. */
    public static final int ORDER_OFFSET = 42;
    /** Offset of the per-block valid bits (low half) and dirty bits (high half). */
    public static final int BLOCKS_OFFSET = 44;
    /** Offset of the compound word: of a tail, its head + 1 and its pins. */
    public static final int COMPOUND_OFFSET = 56;

    /** Size of a block, in bytes: what of a page that is not uptodate may be valid on its own. */
    public static final int BLOCK_SIZE = 512;
    /** The valid bits of a page all of whose blocks are valid. */
    public static final int ALL_BLOCKS = (1 << FrameArena.FRAME_SIZE / BLOCK_SIZE) - 1;

    /** The page is locked. */
    public static final long LOCKED = 1L;
    /** At least one thread may sleep for the page. */
    public static final long WAITERS = 1L << 1;
    /** The bytes are those of the file. */
    public static final long UPTODATE = 1L << 2;
    /** The bytes are newer than the store's. */
    public static final long DIRTY = 1L << 3;
    /** The bytes are on their way to the store. */
    public static final long WRITEBACK = 1L << 4;
    /** The marker page of a read-ahead window. */
    public static final long READAHEAD = 1L << 5;
    /** The last transfer failed. */
    public static final long ERROR = 1L << 6;
    /** First page of a compound page. */
    public static final long HEAD = 1L << 7;
    /** Another page of a compound page. */
    public static final long TAIL = 1L << 8;
    /** log2 of one step of the generation. */
    public static final int GENERATION_SHIFT = 32;
    /** One step of the generation. */
    public static final long GENERATION_ONE = 1L << GENERATION_SHIFT;

    private static final long FLAGS = LOCKED | WAITERS | UPTODATE | DIRTY | WRITEBACK | READAHEAD | ERROR | HEAD | TAIL;

    private final long base;
    private final long bytes;
    private final int frames;
    private boolean closed;

    /**
     * Reserves the table. It is touched line by line as frames are first used.
     *
     * @param frames number of frames, 1 to 2^30
     */
    public PageDescriptors(final int frames) {
        if (frames < 1 || frames > 1 << 30) {
            throw new IllegalArgumentException("frames must be 1 to 2^30, not " + frames);
        }
        this.frames = frames;
        this.bytes = (long) frames * DESCRIPTOR_SIZE;
        this.base = NativeMemory.reserve(bytes, false);
    }

    /**
     * The address of a descriptor.
     *
     * @param frame frame number
     * @return address of its line, a multiple of {@link #DESCRIPTOR_SIZE}
     */
    public long address(final int frame) {
        assert frame >= 0 && frame < frames : frame;
        return base + (long) frame * DESCRIPTOR_SIZE;
    }

    /**
     * Number of frames.
     *
     * @return frames, 1 to 2^30
     */
    public int frames() {
        return frames;
    }

    /**
     * The state word, with acquire ordering.
     *
     * @param frame frame number
     * @return flags and generation
     */
    public long state(final int frame) {
        return OffHeap.getLongAcquire(address(frame) + STATE_OFFSET);
    }

    /**
     * Whether every one of some flags is set, with acquire ordering.
     *
     * @param frame frame number
     * @param flags flag bits
     * @return whether all are set
     */
    public boolean has(final int frame, final long flags) {
        return (state(frame) & flags) == flags;
    }

    /**
     * Sets flags in one atomic step.
     *
     * @param frame frame number
     * @param flags flag bits; {@link #LOCKED} only by the page locks
     * @return the state before
     */
    public long set(final int frame, final long flags) {
        return OffHeap.getAndOrLong(address(frame) + STATE_OFFSET, flags);
    }

    /**
     * Clears flags in one atomic step.
     *
     * @param frame frame number
     * @param flags flag bits, not {@link #LOCKED}
     * @return the state before
     */
    public long clear(final int frame, final long flags) {
        return OffHeap.getAndAndLong(address(frame) + STATE_OFFSET, ~flags);
    }

    /**
     * The generation part of a state word.
     *
     * @param state a state word
     * @return its generation, unsigned 32 bits
     */
    public static int generation(final long state) {
        return (int) (state >>> GENERATION_SHIFT);
    }

    /**
     * The mapping that the frame is bound to. Plain: meaningful under a reference, or between two equal generations.
     *
     * @param frame frame number
     * @return mapping id, 0 when unbound
     */
    public long mapping(final int frame) {
        return OffHeap.getLong(address(frame) + MAPPING_OFFSET);
    }

    /**
     * The index that the frame is bound to. Plain: meaningful under a reference, or between two equal generations.
     *
     * @param frame frame number
     * @return page index in the file
     */
    public long index(final int frame) {
        return OffHeap.getLong(address(frame) + INDEX_OFFSET);
    }

    /**
     * Binds a private frame to a page of a file, locked and with the given flags, and leaves one reference (the cache's).
     * The generation moves first and the binding follows, so an optimistic reader of the former page sees the change.
     *
     * @param frame   frame number, reference count 0, owned by the caller
     * @param mapping mapping id, not 0
     * @param index   page index, 0 or more
     * @param flags   flags to start with
     */
    public void bind(final int frame, final long mapping, final long index, final long flags) {
        assert mapping != 0 && index >= 0 && refs(frame) == 0 : "frame " + frame + " mapping " + mapping;
        assert order(frame) == 0 && !isTail(frame) : "frame " + frame + " is part of a compound page";
        final long address = address(frame);
        advanceGeneration(address, flags);
        // Where an atomic operation's store may still be on its way when the next store is seen (AArch64 with LSE).
        OffHeap.storeFence();
        OffHeap.putLong(address + MAPPING_OFFSET, mapping);
        OffHeap.putLong(address + INDEX_OFFSET, index);
        OffHeap.putInt(address + BLOCKS_OFFSET, 0);
        OffHeap.putByte(address + USE_OFFSET, (byte) 0);
        OffHeap.putIntVolatile(address + REFS_OFFSET, 1);
    }

    /**
     * Unbinds a frame: its page has left the tree. The generation moves and every flag but {@link #LOCKED} and
     * {@link #WAITERS} is dropped; the caller unlocks and drops the cache's reference.
     *
     * @param frame frame number, locked by the caller
     */
    public void unbind(final int frame) {
        final long address = address(frame);
        final long word = address + STATE_OFFSET;
        long before;
        do {
            before = OffHeap.getLongVolatile(word);
        } while (!OffHeap.compareAndSetLong(word, before,
            (before & (LOCKED | WAITERS)) | ((before & ~FLAGS) + GENERATION_ONE)));
        OffHeap.storeFence();
        OffHeap.putLong(address + MAPPING_OFFSET, 0);
    }

    private static void advanceGeneration(final long address, final long flags) {
        final long word = address + STATE_OFFSET;
        long before;
        do {
            before = OffHeap.getLongVolatile(word);
        } while (!OffHeap.compareAndSetLong(word, before, (before & ~FLAGS) + GENERATION_ONE | flags));
    }

    /**
     * The reference count.
     *
     * @param frame frame number
     * @return references, 0 when free or frozen
     */
    public int refs(final int frame) {
        return OffHeap.getIntVolatile(address(frame) + REFS_OFFSET);
    }

    /**
     * The map count: how many region pages show this page.
     *
     * @param frame frame number
     * @return maps, 0 or more
     */
    public int maps(final int frame) {
        return OffHeap.getIntVolatile(address(frame) + MAPS_OFFSET);
    }

    /**
     * Counts one more region page that shows this page. Nobody sets the count: somebody who looks at a page without a
     * reference may raise it, find the page gone and lower it again, while the frame is bound to another page.
     *
     * @param frame frame number
     */
    public void addMap(final int frame) {
        OffHeap.getAndAddInt(address(frame) + MAPS_OFFSET, 1);
    }

    /**
     * Counts one region page less that shows this page.
     *
     * @param frame frame number
     */
    public void removeMap(final int frame) {
        final int before = OffHeap.getAndAddInt(address(frame) + MAPS_OFFSET, -1);
        assert before > 0 : "map count of frame " + frame + " was " + before;
    }

    /**
     * Adds a reference unless the count is zero (Linux: {@code folio_try_get}). The caller must check the binding again.
     *
     * @param frame frame number
     * @return whether a reference was taken
     */
    public boolean tryGet(final int frame) {
        final long word = address(frame) + REFS_OFFSET;
        int refs;
        do {
            refs = OffHeap.getIntVolatile(word);
            // Less than zero while a split is giving a former tail its count (H4).
            if (refs <= 0) {
                return false;
            }
        } while (!OffHeap.compareAndSetInt(word, refs, refs + 1));
        return true;
    }

    /**
     * Adds a reference to a page that the caller already holds one of.
     *
     * @param frame frame number
     */
    public void get(final int frame) {
        get(frame, 1);
    }

    /**
     * Adds references to a frame that has one already.
     *
     * @param frame frame number
     * @param count how many, 1 or more
     */
    public void get(final int frame, final int count) {
        final int before = OffHeap.getAndAddInt(address(frame) + REFS_OFFSET, count);
        assert before != 0 : "get of frame " + frame + " with count " + before;
    }

    /**
     * Drops a reference.
     *
     * @param frame frame number
     * @return whether it was the last: the caller then owns the frame and frees it
     */
    public boolean put(final int frame) {
        return put(frame, 1);
    }

    /**
     * Drops references.
     *
     * @param frame frame number
     * @param count how many, 1 or more, all of them the caller's
     * @return whether there is none left: the caller then owns the frame and frees it
     */
    public boolean put(final int frame, final int count) {
        final int before = OffHeap.getAndAddInt(address(frame) + REFS_OFFSET, -count);
        assert before != 0 : "put of frame " + frame + " with count " + before;
        return before == count;
    }

    /**
     * Freezes the count: from the expected value to zero, or not at all (Linux: {@code folio_ref_freeze}).
     *
     * @param frame    frame number
     * @param expected references that the caller can account for, more than 0
     * @return whether the count is now frozen
     */
    public boolean freeze(final int frame, final int expected) {
        return OffHeap.compareAndSetInt(address(frame) + REFS_OFFSET, expected, 0);
    }

    /**
     * Ends a freeze.
     *
     * @param frame frame number, frozen by the caller
     * @param count references to restore, more than 0
     */
    public void unfreeze(final int frame, final int count) {
        assert refs(frame) == 0 && count > 0 : "unfreeze of frame " + frame;
        OffHeap.putIntVolatile(address(frame) + REFS_OFFSET, count);
    }

    /**
     * Which blocks of a page that is not uptodate are valid: bit i for the bytes from {@link #BLOCK_SIZE} * i. Plain, guarded by
     * the page lock.
     *
     * @param frame frame number, locked by the caller
     * @return bits, 0 to {@link #ALL_BLOCKS}
     */
    public int validBlocks(final int frame) {
        return OffHeap.getInt(address(frame) + BLOCKS_OFFSET) & ALL_BLOCKS;
    }

    /**
     * Notes which blocks are valid.
     *
     * @param frame frame number, locked by the caller
     * @param valid bits, 0 to {@link #ALL_BLOCKS}
     */
    public void validBlocks(final int frame, final int valid) {
        assert (valid & ~ALL_BLOCKS) == 0 : Integer.toHexString(valid);
        OffHeap.putInt(address(frame) + BLOCKS_OFFSET, valid);
    }

    /**
     * The use count of the replacement policy.
     *
     * @param frame frame number
     * @return the byte last written
     */
    public byte use(final int frame) {
        return OffHeap.getByte(address(frame) + USE_OFFSET);
    }

    /**
     * Writes the use count. Plain and unsynchronised: a lost update costs a little accuracy and nothing else.
     *
     * @param frame frame number
     * @param use   new value
     */
    public void use(final int frame, final byte use) {
        OffHeap.putByte(address(frame) + USE_OFFSET, use);
    }

    /**
     * The replacement queue that holds the frame.
     *
     * @param frame frame number
     * @return the tag last written
     */
    public byte queue(final int frame) {
        return OffHeap.getByte(address(frame) + QUEUE_OFFSET);
    }

    /**
     * Notes which replacement queue holds the frame.
     *
     * @param frame frame number
     * @param queue tag
     */
    public void queue(final int frame, final byte queue) {
        OffHeap.putByte(address(frame) + QUEUE_OFFSET, queue);
    }

    /**
     * The frame that stands for the page that a frame is part of: where its lock, its reference count and its place in the
     * replacement queues are.
     *
     * @param frame frame number
     * @return the head of a tail, otherwise the frame itself. Stable under the page lock; to a caller who only has a
     *     reference to a tail, a split may come at any time
     */
    public int head(final int frame) {
        final int head = (int) (OffHeap.getLongVolatile(address(frame) + COMPOUND_OFFSET) >>> Integer.SIZE);
        return head == 0 ? frame : head - 1;
    }

    /**
     * Whether a frame is a further one of a compound page.
     *
     * @param frame frame number
     * @return true for a tail; stable as {@link #head}
     */
    public boolean isTail(final int frame) {
        return OffHeap.getLongVolatile(address(frame) + COMPOUND_OFFSET) != 0;
    }

    /**
     * The order of the page that begins with a frame.
     *
     * @param frame frame number of a head, or of a page of one frame
     * @return log2 of the page's frames, 0 to {@link FrameAllocator#MAX_ORDER}; 0 for a tail too. Stable under the page lock
     *     and under the tree lock
     */
    public int order(final int frame) {
        return OffHeap.getByte(address(frame) + ORDER_OFFSET);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(base, bytes);
        }
    }
}
