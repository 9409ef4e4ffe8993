package io.quire.fuse.trace;

import java.nio.ByteBuffer;

/**
 * One record of a trace, as {@link TraceReader#forEach} shows it. The same object is shown each time, with other contents: who
 * needs it later copies what it needs. Not thread-safe.
 */
public final class TraceRecord {
    private ByteBuffer buffer;
    private int base;
    private long number;

    TraceRecord() {
    }

    /** Looks at the record that begins at an index of the buffer. */
    TraceRecord at(final ByteBuffer records, final int index, final long recordNumber) {
        buffer = records;
        base = index;
        number = recordNumber;
        return this;
    }

    long stamp() {
        return buffer.getLong(base + TraceLayout.STAMP_OFFSET);
    }

    /** The hash that the stamp is made of. */
    long hash() {
        long hash = TraceLayout.seed(number);
        for (int word = TraceLayout.TIME_OFFSET; word < TraceLayout.RECORD_SIZE; word += Long.BYTES) {
            hash = TraceLayout.mix(hash, buffer.getLong(base + word));
        }
        return hash;
    }

    /** Whether the fields make sense together, for a record whose check is right. */
    boolean isPlausible() {
        if (kind() == null || time() < 0 || length() < 0) {
            return false;
        }
        return switch (kind()) {
            case READ, WRITE -> length() <= Integer.MAX_VALUE && (result() < 0 || offset() >= 0
                && offset() <= Long.MAX_VALUE - length() && result() <= length());
            case FALLOCATE -> result() < 0 || offset() >= 0 && offset() <= Long.MAX_VALUE - length();
            default -> true;
        };
    }

    /**
     * The record's number.
     *
     * @return 0 or more; records that were never finished have numbers too
     */
    public long number() {
        return number;
    }

    /**
     * What was asked.
     *
     * @return the kind
     */
    public TraceKind kind() {
        return TraceKind.of(TraceLayout.kind(stamp()));
    }

    /**
     * Which of the daemon's threads served it.
     *
     * @return 0 to 65535
     */
    public int worker() {
        return TraceLayout.worker(stamp());
    }

    /**
     * When it began.
     *
     * @return nanoseconds since the start of the recording
     */
    public long time() {
        return buffer.getLong(base + TraceLayout.TIME_OFFSET);
    }

    /**
     * What it was about; see {@link TraceKind}.
     *
     * @return a node number, never used for another file, or 0
     */
    public long node() {
        return buffer.getLong(base + TraceLayout.NODE_OFFSET);
    }

    /**
     * The open file.
     *
     * @return a handle, never used twice, or 0
     */
    public long handle() {
        return buffer.getLong(base + TraceLayout.HANDLE_OFFSET);
    }

    /**
     * The first byte; see {@link TraceKind}.
     *
     * @return bytes, 0 or more for reads and writes
     */
    public long offset() {
        return buffer.getLong(base + TraceLayout.OFFSET_OFFSET);
    }

    /**
     * How much; see {@link TraceKind}.
     *
     * @return bytes, 0 or more
     */
    public long length() {
        return buffer.getLong(base + TraceLayout.LENGTH_OFFSET);
    }

    /**
     * What was answered.
     *
     * @return 0 or more, for reads and writes the bytes, or a negative error number
     */
    public int result() {
        return buffer.getInt(base + TraceLayout.RESULT_OFFSET);
    }

    /**
     * How long the filesystem took.
     *
     * @return nanoseconds, at most 4294967295
     */
    public long duration() {
        return Integer.toUnsignedLong(buffer.getInt(base + TraceLayout.RECORD_DURATION_OFFSET));
    }

    /**
     * Whatever else belongs to it; see {@link TraceKind}.
     *
     * @return any value
     */
    public long argument() {
        return buffer.getLong(base + TraceLayout.ARGUMENT_OFFSET);
    }
}
