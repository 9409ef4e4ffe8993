package io.quire.fuse.trace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The header of a trace, checked.
 *
 * @param order       byte order of the machine that recorded it
 * @param pageSize    bytes of a page of the cache that was recorded
 * @param flags       {@link TraceLayout#FLAG_DIRECT_IO} or 0
 * @param startMillis when the recording began, milliseconds since 1970
 * @param claimed     slots that were claimed, those that did not fit into the file included
 * @param ending      one of {@code TraceLayout.ENDING_*}
 * @param slots       slots in the file, when it was ended in an orderly way
 * @param published   slots that hold a record, when it was ended in an orderly way
 * @param duration    nanoseconds from start to end, when it was ended in an orderly way
 */
record TraceHeader(ByteOrder order, int pageSize, int flags, long startMillis, long claimed, int ending, long slots,
    long published, long duration) {

    /**
     * Reads a header.
     *
     * @param name   of the file, for messages
     * @param bytes  its beginning
     * @param length how many of the bytes there are; the file has no more when they are less than a header
     */
    static TraceHeader parse(final String name, final byte[] bytes, final int length) throws TraceException {
        if (length == 0) {
            throw new TraceException(name + " is empty; nothing was recorded into it");
        }
        if (Arrays.mismatch(bytes, 0, Math.min(length, TraceLayout.MAGIC.length), TraceLayout.MAGIC, 0,
            Math.min(length, TraceLayout.MAGIC.length)) >= 0) {
            throw new TraceException(name + " is not a trace; record one with quire mount --record FILE");
        }
        if (length < TraceLayout.HEADER_SIZE) {
            throw new TraceException(name + " is cut off within its header, so nothing of it can be used");
        }
        final ByteBuffer header = ByteBuffer.wrap(bytes, 0, TraceLayout.HEADER_SIZE).order(ByteOrder.nativeOrder());
        final int mark = header.getInt(TraceLayout.BYTE_ORDER_OFFSET);
        if (mark == Integer.reverseBytes(TraceLayout.BYTE_ORDER)) {
            throw new TraceException(name + " was recorded on a machine of the other byte order ("
                + (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? "big" : "little")
                + "-endian); replay it on one of its own kind");
        }
        final int version = header.getInt(TraceLayout.VERSION_OFFSET);
        // Before the check, which another version may keep elsewhere.
        if (mark == TraceLayout.BYTE_ORDER && version != TraceLayout.VERSION) {
            throw new TraceException(name + " is a trace of version " + Integer.toUnsignedString(version) + ", and this quire reads version "
                + TraceLayout.VERSION + " only; record it again");
        }
        if (mark != TraceLayout.BYTE_ORDER || header.getLong(TraceLayout.HEADER_CHECK_OFFSET) != check(header)
            || header.getInt(TraceLayout.HEADER_SIZE_OFFSET) != TraceLayout.HEADER_SIZE
            || header.getInt(TraceLayout.RECORD_SIZE_OFFSET) != TraceLayout.RECORD_SIZE || !hasZeros(bytes)) {
            throw new TraceException(name + " is damaged in its header; record it again");
        }
        return ended(name, header);
    }

    private static TraceHeader ended(final String name, final ByteBuffer header) throws TraceException {
        final long claimed = header.getLong(TraceLayout.CLAIMED_OFFSET);
        final long word = header.getLong(TraceLayout.ENDING_OFFSET);
        final long slots = header.getLong(TraceLayout.SLOTS_OFFSET);
        final long published = header.getLong(TraceLayout.PUBLISHED_OFFSET);
        final long duration = header.getLong(TraceLayout.DURATION_OFFSET);
        final int how = (int) word;
        final boolean valid = word == 0 ? claimed >= 0
            : (how == TraceLayout.ENDING_UNMOUNTED || how == TraceLayout.ENDING_EARLY)
                && word == TraceLayout.ending(how, slots, published, duration)
                && 0 <= published && published <= slots && claimed == slots;
        if (!valid) {
            throw new TraceException(name + " is damaged in its header; record it again");
        }
        return new TraceHeader(header.order(), header.getInt(TraceLayout.PAGE_SIZE_OFFSET),
            header.getInt(TraceLayout.FLAGS_OFFSET), header.getLong(TraceLayout.START_TIME_OFFSET), claimed, how,
            word == 0 ? 0 : slots, word == 0 ? 0 : published, word == 0 ? 0 : duration);
    }

    /** The check of what is written when the recording begins. */
    static long check(final ByteBuffer header) {
        long hash = TraceLayout.seed(0);
        for (int word = 0; word < TraceLayout.HEADER_CHECK_OFFSET; word += Long.BYTES) {
            hash = TraceLayout.mix(hash, header.getLong(word));
        }
        return hash;
    }

    private static boolean hasZeros(final byte[] header) {
        return isZero(header, TraceLayout.CLAIMED_OFFSET + Long.BYTES, TraceLayout.ENDING_OFFSET)
            && isZero(header, TraceLayout.DURATION_OFFSET + Long.BYTES, TraceLayout.HEADER_SIZE);
    }

    private static boolean isZero(final byte[] bytes, final int from, final int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    boolean isEnded() {
        return ending != TraceLayout.ENDING_NONE;
    }
}
