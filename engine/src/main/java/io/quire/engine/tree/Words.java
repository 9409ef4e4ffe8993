package io.quire.engine.tree;

/**
 * The tagged words that slots hold, and the root word that holds one of them; see {@link PageTree} for the picture.
 * Static helpers; a node is named by its word everywhere but in links.
 */
final class Words {
    /** log2 of {@link #SLOTS}. */
    static final int BITS = 6;
    /** Slots of a node. */
    static final int SLOTS = 1 << BITS;
    /** Values are less than this. */
    static final int VALUE_LIMIT = 1 << 30;

    static final int TAG_MASK = 3;
    static final int TAG_PAGE = 1;
    static final int TAG_SHADOW = 2;
    static final int TAG_NODE = 3;

    /**
     * The bits of a root word that is the entry of an index other than 0. Every index is covered, and a walk that takes the word for a
     * node's finds that it is none.
     */
    static final int ALONE = 63;

    private static final int TAG_BITS = 2;
    private static final int ROOT_BITS_SHIFT = 32;
    private static final int ROOT_BITS_MASK = 63;
    private static final int ROOT_VERSION_SHIFT = 38;

    private Words() {
    }

    static boolean isNode(final int word) {
        return (word & TAG_MASK) == TAG_NODE;
    }

    static int node(final int word) {
        return word >>> TAG_BITS;
    }

    static int nodeWord(final int node) {
        return node << TAG_BITS | TAG_NODE;
    }

    /** The slot of a node with this shift that leads to an index. */
    static int slotOf(final long index, final int shift) {
        return (int) (index >>> shift) & SLOTS - 1;
    }

    /** Whether a word is the page of a frame with which an aligned block of as many frames begins as a node has slots. */
    static boolean isBlockStart(final int word) {
        return (word & (SLOTS << TAG_BITS) - 1) == TAG_PAGE;
    }

    /** The page of the frame that lies so many frames after that of another page. */
    static int pageAfter(final int word, final int frames) {
        return word + (frames << TAG_BITS);
    }

    /** Address of a slot of a node: {@code slots + node * 256 + slot * 4}, in one shift. */
    static long slotAddress(final long slots, final int word, final int slot) {
        return slots + ((word & ~TAG_MASK & 0xffff_ffffL) << NodeSlab.SLOTS_SHIFT - TAG_BITS) + 4L * slot;
    }

    /** Address of a node's header: {@code headers + node * 64}, in one shift. */
    static long headerAddress(final long headers, final int word) {
        return headers + ((word & ~TAG_MASK & 0xffff_ffffL) << NodeSlab.HEADER_SHIFT - TAG_BITS);
    }

    /** A root word. The version is cut to its 26 bits. */
    static long root(final int word, final int bits, final long version) {
        return version << ROOT_VERSION_SHIFT | (long) bits << ROOT_BITS_SHIFT | word & 0xffff_ffffL;
    }

    static int rootBits(final long root) {
        return (int) (root >>> ROOT_BITS_SHIFT) & ROOT_BITS_MASK;
    }

    static long rootVersion(final long root) {
        return root >>> ROOT_VERSION_SHIFT;
    }

    /** The levels below the lowest node that leads to both of two indices; 0 when they share a leaf. */
    static int levelsApart(final long one, final long other) {
        return one == other ? 0 : (Long.SIZE - 1 - Long.numberOfLeadingZeros(one ^ other)) / BITS;
    }

    /** The bits that a root needs to cover an index by nodes. */
    static int bitsFor(final long index) {
        return Math.max(BITS, (Long.SIZE - Long.numberOfLeadingZeros(index) + BITS - 1) / BITS * BITS);
    }
}
