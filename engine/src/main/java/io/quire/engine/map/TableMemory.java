package io.quire.engine.map;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * Off-heap memory for page tables and private copies, in blocks of powers of two. A block that was given back is zero when it
 * is handed out again, and its physical memory goes back to the system at once; its addresses stay mapped until nobody can
 * reach the address space, because an access that lost a race still looks there, and then finds out.
 *
 * <p>Used under the lock of the region table, but for {@link #run}.
 */
final class TableMemory implements Runnable {
    private static final int MIN_SHIFT = 6;
    private static final int PAGE_SHIFT = 12;
    private static final int CHUNK_SHIFT = 21;

    private final List<ArrayDeque<Long>> free = new ArrayList<>();
    private final List<long[]> reserved = new ArrayList<>();
    private long chunk;
    private long chunkEnd;

    TableMemory() {
        for (int i = 0; i < Long.SIZE; i++) {
            free.add(new ArrayDeque<>());
        }
    }

    /**
     * A zero-filled block.
     *
     * @param bytes 1 or more
     * @return its address, a multiple of its size or of 2 MiB
     * @throws OutOfMemoryError when the address space does not allow it
     */
    long allocate(final long bytes) {
        final int shift = shift(bytes);
        final Long known = free.get(shift).poll();
        if (known != null) {
            return known;
        }
        if (shift >= CHUNK_SHIFT) {
            return reserve(1L << shift);
        }
        final long size = 1L << shift;
        long address = chunk + size - 1 & -size;
        if (chunk == 0 || address + size > chunkEnd) {
            chunk = reserve(1L << CHUNK_SHIFT);
            chunkEnd = chunk + (1L << CHUNK_SHIFT);
            address = chunk;
        }
        chunk = address + size;
        return address;
    }

    /** Gives a block back. */
    void free(final long address, final long bytes) {
        final int shift = shift(bytes);
        if (shift > PAGE_SHIFT) {
            NativeMemory.discard(address, 1L << shift);
        } else {
            OffHeap.zero(address, 1L << shift);
        }
        free.get(shift).add(address);
    }

    private long reserve(final long bytes) {
        final long address = NativeMemory.reserve(bytes, false);
        reserved.add(new long[] {address, bytes});
        return address;
    }

    private static int shift(final long bytes) {
        return Math.max(MIN_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(bytes - 1));
    }

    /** Gives everything back to the system, once nobody can reach it. */
    @Override
    public void run() {
        for (final long[] piece : reserved) {
            NativeMemory.release(piece[0], piece[1]);
        }
        reserved.clear();
    }
}
