package io.quire.engine.store;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * A list of memory pieces, kept off-heap as the array of {@code struct iovec} that readv and writev take. Pieces that
 * follow each other in memory become one. Made once and reused; not thread-safe.
 */
public final class IoVector implements AutoCloseable {
    /** Most pieces in a vector: the kernel's IOV_MAX. */
    public static final int MAX_PIECES = 1024;

    private static final int PIECE_SIZE = 16;
    private static final int LENGTH_OFFSET = 8;

    private final long array = NativeMemory.reserve((long) MAX_PIECES * PIECE_SIZE, false);
    private int count;
    private long bytes;
    private boolean closed;

    /** Makes an empty vector. */
    public IoVector() {
        count = 0;
    }

    /** Empties the vector. */
    public void clear() {
        count = 0;
        bytes = 0;
    }

    /**
     * Adds a piece at the end, joined to the last one when it follows that in memory.
     *
     * @param address absolute address, which must stay valid while the vector is used
     * @param length  bytes, 1 or more
     * @throws IllegalStateException when the vector has {@link #MAX_PIECES}
     */
    public void add(final long address, final long length) {
        if (count > 0 && address(count - 1) + length(count - 1) == address) {
            OffHeap.putLong(piece(count - 1) + LENGTH_OFFSET, length(count - 1) + length);
        } else if (count == MAX_PIECES) {
            throw new IllegalStateException("a vector holds at most " + MAX_PIECES + " pieces");
        } else {
            OffHeap.putLong(piece(count), address);
            OffHeap.putLong(piece(count) + LENGTH_OFFSET, length);
            count++;
        }
        bytes += length;
    }

    /**
     * Drops bytes from the front, after a short transfer.
     *
     * @param transferred bytes to drop, 0 to {@link #bytes()}
     */
    public void advance(final long transferred) {
        assert transferred >= 0 && transferred <= bytes : transferred;
        long left = transferred;
        int first = 0;
        while (first < count && left >= length(first)) {
            left -= length(first++);
        }
        for (int i = first; i < count; i++) {
            OffHeap.putLong(piece(i - first), address(i));
            OffHeap.putLong(piece(i - first) + LENGTH_OFFSET, length(i));
        }
        count -= first;
        if (left > 0) {
            OffHeap.putLong(piece(0), address(0) + left);
            OffHeap.putLong(piece(0) + LENGTH_OFFSET, length(0) - left);
        }
        bytes -= transferred;
    }

    /**
     * Number of pieces.
     *
     * @return 0 to {@link #MAX_PIECES}
     */
    public int count() {
        return count;
    }

    /**
     * Total length.
     *
     * @return bytes
     */
    public long bytes() {
        return bytes;
    }

    /**
     * Where a piece begins.
     *
     * @param piece 0 to {@link #count()} - 1
     * @return absolute address
     */
    public long address(final int piece) {
        return OffHeap.getLong(piece(piece));
    }

    /**
     * How long a piece is.
     *
     * @param piece 0 to {@link #count()} - 1
     * @return bytes, 1 or more
     */
    public long length(final int piece) {
        return OffHeap.getLong(piece(piece) + LENGTH_OFFSET);
    }

    /**
     * The array of {@code struct iovec}.
     *
     * @return absolute address
     */
    public long nativeAddress() {
        return array;
    }

    private long piece(final int piece) {
        return array + (long) piece * PIECE_SIZE;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(array, (long) MAX_PIECES * PIECE_SIZE);
        }
    }
}
