package io.quire.fuse.trace;

import java.nio.charset.StandardCharsets;

/**
 * How a trace looks in its file: a header of one page, then records of 64 bytes, in the byte order of the machine that
 * recorded it.
 *
 * <pre>
 * header            0       8     12      16       20       24     28      32            40
 *                   +-------+-----+-------+--------+--------+------+-------+-------------+----...----+-------+
 *                   | magic | BOM |version| header | record | page | flags | start time  | zeros     | check |
 *                   |       |     |       |  size  |  size  | size |       | ms of epoch |           |       |
 *                   +-------+-----+-------+--------+--------+------+-------+-------------+----...----+-------+
 *                 128                                                                              120     128
 *                   +---------+-- zeros --+     changes while recording, on a cache line of its own: slots claimed so far,
 *                   | claimed |           |     those past the end of the file included
 *                   +---------+-----------+
 *                 192     200     208         216        224
 *                   +-------+-------+-----------+----------+-- zeros --+   all zeros until the recording ends in an
 *                   |ending | slots | published | duration |           |   orderly way; `ending` is stored last
 *                   +-------+-------+-----------+----------+-----------+
 *                 256 ... 4096 zeros
 *
 * record            0       8      16     24       32       40       48       52         56
 *                   +-------+------+------+--------+--------+--------+--------+----------+----------+
 *                   | stamp | time | node | handle | offset | length | result | duration | argument |
 *                   +-------+------+------+--------+--------+--------+--------+----------+----------+
 *                        stamp, low bits first: kind 8, flags 8 (zeros), worker 16, check 32
 *                        time and duration in nanoseconds; time since the start of the recording
 * </pre>
 *
 * <p>The stamp is stored last, in one piece: a record whose stamp is zero was claimed and never finished, whatever its other
 * bytes hold. The check covers the other bytes and the record's number, so that a record is found damaged also when it stands
 * in another's place. What node, handle, offset, length, result and argument mean is told by the {@link TraceKind}.
 */
public final class TraceLayout {
    /** The version that is written and read. */
    public static final int VERSION = 1;
    /** Bytes of the header. */
    public static final int HEADER_SIZE = 4096;
    /** Bytes of a record. */
    public static final int RECORD_SIZE = 64;

    /** Eight letters, the same in any byte order. */
    public static final int MAGIC_OFFSET = 0;
    /** An int whose four bytes differ: tells the byte order. */
    public static final int BYTE_ORDER_OFFSET = 8;
    /** Version of the layout, an int. */
    public static final int VERSION_OFFSET = 12;
    /** Bytes of the header, an int. */
    public static final int HEADER_SIZE_OFFSET = 16;
    /** Bytes of a record, an int. */
    public static final int RECORD_SIZE_OFFSET = 20;
    /** Bytes of a page of the cache that was recorded, an int. */
    public static final int PAGE_SIZE_OFFSET = 24;
    /** An int: {@link #FLAG_DIRECT_IO} or 0. */
    public static final int FLAGS_OFFSET = 28;
    /** When the recording began, milliseconds since 1970, a long. */
    public static final int START_TIME_OFFSET = 32;
    /** Check of all before, a long. */
    public static final int HEADER_CHECK_OFFSET = 120;
    /** Slots claimed so far, a long. */
    public static final int CLAIMED_OFFSET = 128;
    /** How the recording ended (low 32 bits) and the check of that and what follows (high 32 bits), a long. */
    public static final int ENDING_OFFSET = 192;
    /** Slots in the file, a long. */
    public static final int SLOTS_OFFSET = 200;
    /** Slots that hold a record, a long. */
    public static final int PUBLISHED_OFFSET = 208;
    /** Nanoseconds from the start of the recording to its end, a long. */
    public static final int DURATION_OFFSET = 216;

    /** The kernel cached no file data: every read and write of a program came in. */
    public static final int FLAG_DIRECT_IO = 1;

    /** Kind, flags, worker and check, a long. */
    public static final int STAMP_OFFSET = 0;
    /** When the operation began, a long. */
    public static final int TIME_OFFSET = 8;
    /** Node number, a long. */
    public static final int NODE_OFFSET = 16;
    /** Handle, a long. */
    public static final int HANDLE_OFFSET = 24;
    /** First byte, a long. */
    public static final int OFFSET_OFFSET = 32;
    /** Bytes, a long. */
    public static final int LENGTH_OFFSET = 40;
    /** What was answered: 0 or more, or a negative error number; an int. */
    public static final int RESULT_OFFSET = 48;
    /** How long it took, an unsigned int that saturates. */
    public static final int RECORD_DURATION_OFFSET = 52;
    /** Whatever else the kind needs, a long. */
    public static final int ARGUMENT_OFFSET = 56;

    static final byte[] MAGIC = "QUIRETRC".getBytes(StandardCharsets.US_ASCII);
    static final int BYTE_ORDER = 0x0a0b0c0d;

    /** The header says that the recording goes on, or that the daemon was killed. */
    static final int ENDING_NONE = 0;
    /** The mount came to its end. */
    static final int ENDING_UNMOUNTED = 1;
    /** The trace could not grow or be written to; the mount went on. */
    static final int ENDING_EARLY = 2;

    private static final int WORKER_SHIFT = 16;
    private static final int CHECK_SHIFT = 32;
    private static final long KIND_MASK = 0xffL;
    private static final long RESERVED_MASK = 0xff00L;
    private static final long WORKER_MASK = 0xffffL;
    private static final long SEED = 0x9e37_79b9_7f4a_7c15L;
    private static final long FACTOR = 0xbf58_476d_1ce4_e5b9L;
    private static final int ROTATION = 27;

    private TraceLayout() {
    }

    /** Takes a word into a check; each step can be undone, so that a change of one word always shows. */
    static long mix(final long hash, final long word) {
        return Long.rotateLeft(hash ^ word, ROTATION) * FACTOR;
    }

    /** What a check begins with. */
    static long seed(final long number) {
        return mix(SEED, number);
    }

    /** The upper half of a stamp or of the ending. */
    static long check(final long hash) {
        return (hash ^ hash >>> CHECK_SHIFT) << CHECK_SHIFT;
    }

    /**
     * Composes a stamp.
     *
     * @param hash   of the number of the record and its words behind the stamp
     * @param kind   1 to 255
     * @param worker only its low 16 bits count
     */
    static long stamp(final long hash, final int kind, final int worker) {
        final long low = kind | (worker & WORKER_MASK) << WORKER_SHIFT;
        return low | check(mix(hash, low));
    }

    static int kind(final long stamp) {
        return (int) (stamp & KIND_MASK);
    }

    static int worker(final long stamp) {
        return (int) (stamp >>> WORKER_SHIFT & WORKER_MASK);
    }

    /** Whether a stamp is the one that belongs to the words behind it. */
    static boolean isStamp(final long stamp, final long hash) {
        return (stamp & RESERVED_MASK) == 0 && stamp == stamp(hash, kind(stamp), worker(stamp));
    }

    /** Composes the word that ends a trace. */
    static long ending(final int how, final long slots, final long published, final long duration) {
        return how | check(mix(mix(mix(seed(how), slots), published), duration));
    }
}
