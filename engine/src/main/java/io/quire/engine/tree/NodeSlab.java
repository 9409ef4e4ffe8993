package io.quire.engine.tree;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * The nodes of all trees of one cache: a type-stable table, reserved at once and touched node by node.
 *
 * <p>A node is two lines of two tables, at the same number in both, so that a lookup, which needs only slots, reaches
 * them with one shift and touches no header:
 *
 * <pre>
 *  slots   (256 bytes)   slot 0 .. slot 63, one 32-bit word each
 *
 *  header  (64 bytes)
 *  0        8         16       24       32        40       48       52        56     60      61       62       63
 *  +--------+---------+--------+--------+---------+--------+--------+---------+------+-------+--------+--------+---+
 *  | dirty  |writeback| towrite| pages  | occupied| owner  | parent | previous| next | shift | offset | listed | 0 |
 *  | 64     | 64      | 64     | 64     | 64      | 64     | 32     | 32      | 32   | 8     | 8      | 8      |   |
 *  +--------+---------+--------+--------+---------+--------+--------+---------+------+-------+--------+--------+---+
 * </pre>
 *
 * <p>The first four words are marks: bit <i>s</i> says that slot <i>s</i> holds, or has below it, a page with that
 * mark; <i>pages</i> is the mark that every page has. <i>occupied</i> tells the slots that are not empty. The counts
 * that other radix trees keep are the number of one bits in these words.
 *
 * <p><b>Free nodes.</b> Owner 0, every slot and every mark 0: a node is emptied before it is freed, so allocating one
 * clears nothing. Free nodes form a lock-free stack linked through <i>next</i>, over a mark below which every node
 * has been used once. The stack's head is {@code tag << 32 | node + 1}; the tag moves with each change, which defeats
 * ABA. Source: Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986.
 *
 * <p>Thread-safe, except that {@link #close()} must come after the last use by any tree or reader.
 */
public final class NodeSlab implements AutoCloseable {
    /** Size of a node, slots and header together, in bytes. */
    public static final int NODE_SIZE = 320;
    /** The most nodes that a slab can have. */
    public static final int MAX_NODES = 1 << 30;

    /** No node. */
    static final int NONE = -1;

    /** log2 of the size of a node's slots, in bytes. */
    static final int SLOTS_SHIFT = 8;
    /** log2 of the size of a node's header, in bytes. */
    static final int HEADER_SHIFT = 6;

    /** Offset of the first mark word; mark {@code m} is at {@code MARKS_OFFSET + 8 * m}. */
    static final int MARKS_OFFSET = 0;
    /** Number of mark words, the pages mark included. */
    static final int MARKS = 4;
    /** The mark of every page: the fourth mark word. */
    static final int MARK_PAGE = 3;
    /** Offset of the occupied slots. */
    static final int OCCUPIED_OFFSET = 32;
    /** Offset of the owning tree's number; 0 when free. */
    static final int OWNER_OFFSET = 40;
    /** Offset of the parent's number, or {@link #NONE}. */
    static final int PARENT_OFFSET = 48;
    /** Offset of the previous node on the shadow list, or {@link #NONE}. */
    static final int PREVIOUS_OFFSET = 52;
    /** Offset of the next node on the shadow list or in a chain, or {@link #NONE}; in a free node the stack's link. */
    static final int NEXT_OFFSET = 56;
    /** Offset of the number of index bits below this node. */
    static final int SHIFT_OFFSET = 60;
    /** Offset of the slot of the parent that refers to this node. */
    static final int OFFSET_OFFSET = 61;
    /** Offset of the byte that is 1 while the node is on its tree's shadow list. */
    static final int LISTED_OFFSET = 62;

    private static final int HEAD_OFFSET = 0;
    private static final int UNUSED_OFFSET = 128;
    private static final int USED_OFFSET = 256;
    private static final int SHADOW_OFFSET = 260;
    private static final int TREES_OFFSET = 264;
    private static final long WORDS_SIZE = 512;
    /** Nodes for each leaf hint. A leaf full of pages is one of at most 577 nodes of a cache that has 9 nodes a frame. */
    private static final int NODES_PER_HINT = 128;

    private final int maxNodes;
    private final long slots;
    private final long headers;
    private final long words;
    private final long hints;
    private final int hintCount;
    private volatile int historyLimit;
    private boolean closed;

    /**
     * Reserves a slab. Memory is used as nodes are first used.
     *
     * @param maxNodes number of nodes, 1 to {@link #MAX_NODES}
     * @throws IllegalArgumentException when the number is out of range
     * @throws OutOfMemoryError         when the address space does not allow it
     */
    public NodeSlab(final int maxNodes) {
        this(maxNodes, false);
    }

    /**
     * Reserves a slab.
     *
     * @param maxNodes  number of nodes, 1 to {@link #MAX_NODES}
     * @param hugePages whether to ask for transparent huge pages: fewer TLB misses in lookups, but memory is used
     *                  2 MiB at a time
     * @throws IllegalArgumentException when the number is out of range
     * @throws OutOfMemoryError         when the address space does not allow it
     */
    public NodeSlab(final int maxNodes, final boolean hugePages) {
        if (maxNodes < 1 || maxNodes > MAX_NODES) {
            throw new IllegalArgumentException("a slab has 1 to 2^30 nodes, not " + maxNodes);
        }
        this.maxNodes = maxNodes;
        this.historyLimit = maxNodes;
        this.slots = NativeMemory.reserve((long) maxNodes << SLOTS_SHIFT, hugePages);
        this.headers = NativeMemory.reserve((long) maxNodes << HEADER_SHIFT, hugePages);
        this.words = NativeMemory.reserve(WORDS_SIZE, false);
        this.hintCount = Integer.highestOneBit(Math.max(1, maxNodes / NODES_PER_HINT) * 2 - 1);
        this.hints = NativeMemory.reserve(8L * hintCount, false);
    }

    /**
     * The number of nodes that this slab can hand out.
     *
     * @return 1 to {@link #MAX_NODES}
     */
    public int maxNodes() {
        return maxNodes;
    }

    /**
     * The number of nodes in use by trees. Exact when nothing else runs; otherwise a recent value.
     *
     * @return 0 to {@link #maxNodes()}
     */
    public int nodesUsed() {
        return OffHeap.getIntVolatile(words + USED_OFFSET);
    }

    /**
     * The number of nodes in use that hold shadows and no page: what {@link PageTree#pruneShadows} can free, over all
     * trees. Exact when nothing else runs; otherwise a recent value.
     *
     * @return 0 to {@link #nodesUsed()}
     */
    public int shadowNodes() {
        return OffHeap.getIntVolatile(words + SHADOW_OFFSET);
    }

    /**
     * The bytes of the nodes in use.
     *
     * @return {@link #nodesUsed()} times {@link #NODE_SIZE}
     */
    public long bytesUsed() {
        return (long) nodesUsed() * NODE_SIZE;
    }

    /**
     * The bytes of the table of hints.
     *
     * @return bytes, all of which may come to be used
     */
    public long hintBytes() {
        return 8L * hintCount;
    }

    /**
     * Sets how many nodes may be in use before trees give history up to need fewer (T17).
     *
     * @param nodes 0 or more; all there are by default
     */
    public void historyLimit(final int nodes) {
        historyLimit = nodes;
    }

    /**
     * Whether so many nodes are in use that history gives way.
     *
     * @return a recent value
     */
    public boolean isOverHistoryLimit() {
        return nodesUsed() > historyLimit;
    }

    /**
     * The address of a table of 64-bit offsets from {@link #slots}, by which trees remember where a leaf may be. Zero-filled
     * at first, and node 0 may always be read: whatever is there is the offset of a node.
     */
    long hints() {
        return hints;
    }

    /** The length of the table of hints, a power of two. */
    int hintCount() {
        return hintCount;
    }

    /** The address of slot 0 of node 0. */
    long slots() {
        return slots;
    }

    /** The address of a slot of a node, named by its word. */
    long slot(final int word, final int slot) {
        return Words.slotAddress(slots, word, slot);
    }

    /** The address of the header of a node, named by its word. */
    long header(final int word) {
        return Words.headerAddress(headers, word);
    }

    /** The address of a mark word of a node, named by its word. */
    long mark(final int word, final int mark) {
        return header(word) + MARKS_OFFSET + 8L * mark;
    }

    /** The slots of a node that are not empty. */
    long occupied(final int word) {
        return OffHeap.getLong(header(word) + OCCUPIED_OFFSET);
    }

    void occupied(final int word, final long slots) {
        OffHeap.putLong(header(word) + OCCUPIED_OFFSET, slots);
    }

    /** The number of a node's parent, or {@link #NONE}. */
    int parent(final int word) {
        return OffHeap.getInt(header(word) + PARENT_OFFSET);
    }

    void parent(final int word, final int parent) {
        OffHeap.putInt(header(word) + PARENT_OFFSET, parent);
    }

    /** The slot of its parent that refers to a node. */
    int offset(final int word) {
        return OffHeap.getByte(header(word) + OFFSET_OFFSET);
    }

    /** Gives a new node its place. */
    void initialise(final int word, final int parent, final int offset, final int shift) {
        final long header = header(word);
        OffHeap.putInt(header + PARENT_OFFSET, parent);
        OffHeap.putByte(header + OFFSET_OFFSET, (byte) offset);
        OffHeap.putByte(header + SHIFT_OFFSET, (byte) shift);
    }

    /** A number for a new tree, more than 0, never given twice. */
    long newOwner() {
        return OffHeap.getAndAddLong(words + TREES_OFFSET, 1) + 1;
    }

    /** Nodes 0 to this minus one have been used at least once. */
    int touched() {
        return OffHeap.getIntVolatile(words + UNUSED_OFFSET);
    }

    /** Counts nodes that joined or left a shadow list. */
    void addShadowNodes(final int delta) {
        OffHeap.getAndAddInt(words + SHADOW_OFFSET, delta);
    }

    /**
     * Takes several nodes or none.
     *
     * @param count how many, 1 or more
     * @param owner the tree's number
     * @return the first of a chain linked through {@link #NEXT_OFFSET}, ended by {@link #NONE}; every slot and mark 0.
     *     {@link #NONE} when there are too few
     */
    int allocateChain(final int count, final long owner) {
        int chain = NONE;
        for (int i = 0; i < count; i++) {
            final int node = pop();
            if (node == NONE) {
                freeChain(chain, owner);
                return NONE;
            }
            final long header = headerOf(node);
            final boolean wasFree = OffHeap.compareAndSetLong(header + OWNER_OFFSET, 0, owner);
            if (!wasFree) {
                throw new IllegalStateException("node " + node + " was free and owned by tree "
                    + OffHeap.getLong(header + OWNER_OFFSET));
            }
            OffHeap.putInt(header + NEXT_OFFSET, chain);
            chain = node;
        }
        return chain;
    }

    private void freeChain(final int chain, final long owner) {
        int node = chain;
        while (node != NONE) {
            final int next = OffHeap.getInt(headerOf(node) + NEXT_OFFSET);
            free(node, owner);
            node = next;
        }
    }

    /**
     * Gives a node back.
     *
     * @param node  a node whose slots and marks are all 0, on no list
     * @param owner the tree's number
     * @throws IllegalStateException when the node is free already or another tree's
     */
    void free(final int node, final long owner) {
        final long header = headerOf(node);
        if (!OffHeap.compareAndSetLong(header + OWNER_OFFSET, owner, 0)) {
            throw new IllegalStateException("tree " + owner + " frees node " + node + " of tree "
                + OffHeap.getLong(header + OWNER_OFFSET) + " (0: free already)");
        }
        assert isClear(node) : "free of node " + node + " that is not empty";
        long head;
        do {
            head = OffHeap.getLongVolatile(words + HEAD_OFFSET);
            OffHeap.putIntRelease(header + NEXT_OFFSET, (int) head);
        } while (!OffHeap.compareAndSetLong(words + HEAD_OFFSET, head, tagged(head, node + 1)));
        OffHeap.getAndAddInt(words + USED_OFFSET, -1);
    }

    private int pop() {
        while (true) {
            final long head = OffHeap.getLongVolatile(words + HEAD_OFFSET);
            final int top = (int) head;
            if (top == 0) {
                return popUnused();
            }
            // A racing pop may have given the link another meaning by now; the tag makes the exchange fail then.
            final int next = OffHeap.getIntAcquire(headerOf(top - 1) + NEXT_OFFSET);
            if (OffHeap.compareAndSetLong(words + HEAD_OFFSET, head, tagged(head, next))) {
                OffHeap.getAndAddInt(words + USED_OFFSET, 1);
                return top - 1;
            }
        }
    }

    private int popUnused() {
        final long word = words + UNUSED_OFFSET;
        int unused;
        do {
            unused = OffHeap.getIntVolatile(word);
            if (unused == maxNodes) {
                // A node freed since the stack was seen empty is found by the caller's next attempt.
                return NONE;
            }
        } while (!OffHeap.compareAndSetInt(word, unused, unused + 1));
        OffHeap.getAndAddInt(words + USED_OFFSET, 1);
        return unused;
    }

    private long headerOf(final int node) {
        assert node >= 0 && node < maxNodes : node;
        return header(Words.nodeWord(node));
    }

    private boolean isClear(final int node) {
        final long header = headerOf(node);
        long any = OffHeap.getLong(header + OCCUPIED_OFFSET) | OffHeap.getByte(header + LISTED_OFFSET);
        for (int mark = 0; mark < MARKS; mark++) {
            any |= OffHeap.getLong(mark(Words.nodeWord(node), mark));
        }
        for (int slot = 0; slot < Words.SLOTS; slot++) {
            any |= OffHeap.getInt(slot(Words.nodeWord(node), slot));
        }
        return any == 0;
    }

    /**
     * Checks the free nodes: each on the stack once, owned by nobody and empty, and together with the nodes in use all
     * that were ever touched. Nothing else may run.
     *
     * @throws AssertionError that names the first node found wrong
     */
    public void verify() {
        final int touched = touched();
        int free = 0;
        int top = (int) OffHeap.getLongVolatile(words + HEAD_OFFSET);
        while (top != 0) {
            final int node = top - 1;
            if (node < 0 || node >= touched) {
                throw new AssertionError("free list leads to node " + node + " of " + touched);
            }
            if (OffHeap.getLong(headerOf(node) + OWNER_OFFSET) != 0 || !isClear(node)) {
                throw new AssertionError("free node " + node + " is owned or not empty");
            }
            free++;
            if (free > touched) {
                throw new AssertionError("the free list has a cycle through node " + node);
            }
            top = OffHeap.getInt(headerOf(node) + NEXT_OFFSET);
        }
        if (free + nodesUsed() != touched) {
            throw new AssertionError(free + " free and " + nodesUsed() + " used nodes are not " + touched + " touched");
        }
        if (shadowNodes() < 0 || shadowNodes() > nodesUsed()) {
            throw new AssertionError(shadowNodes() + " shadow nodes of " + nodesUsed() + " used");
        }
    }

    private static long tagged(final long head, final int top) {
        return ((head >>> 32) + 1) << 32 | top & 0xffff_ffffL;
    }

    /** Gives the memory back. Every tree must be closed, and no reader may still be under way. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(slots, (long) maxNodes << SLOTS_SHIFT);
            NativeMemory.release(headers, (long) maxNodes << HEADER_SHIFT);
            NativeMemory.release(words, WORDS_SIZE);
            NativeMemory.release(hints, 8L * hintCount);
        }
    }
}
