package io.quire.engine.store;

import java.util.Arrays;

import io.quire.engine.memory.NativeMemory;

/**
 * Zero-filled pieces of memory of one size for {@link MemoryStore}, cut from larger reservations. A freed chunk gives its
 * physical memory back, so one that is handed out again reads as zeros without being cleared. Thread-safe.
 */
final class ChunkPool implements AutoCloseable {
    /** Shift of the chunk size. */
    static final int CHUNK_SHIFT = 16;
    /** Bytes of a chunk: the size of the writes that matter most, so that one is one copy. */
    static final int CHUNK_SIZE = 1 << CHUNK_SHIFT;
    /** Returned instead of an address when there is no space. */
    static final long NONE = 0;

    private static final int SLAB_CHUNKS = 256;
    private static final long SLAB_SIZE = (long) SLAB_CHUNKS * CHUNK_SIZE;

    private final long limit;
    private long[] slabs = new long[16];
    private int slabCount;
    private long[] free = new long[SLAB_CHUNKS];
    private int freeCount;
    private long used;
    private boolean closed;

    /** A pool that hands out at most {@code limit} chunks at a time. */
    ChunkPool(final long limit) {
        this.limit = limit;
    }

    /** A chunk of zeros, or {@link #NONE}. */
    synchronized long allocate() {
        if (closed || used == limit || freeCount == 0 && !grow()) {
            return NONE;
        }
        used++;
        return free[--freeCount];
    }

    /** Takes a chunk back; nobody may touch it any more. */
    synchronized void free(final long chunk) {
        assert chunk != NONE && used > 0;
        if (closed) {
            return;
        }
        NativeMemory.discard(chunk, CHUNK_SIZE);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount * 2);
        }
        free[freeCount++] = chunk;
        used--;
    }

    /** Chunks handed out. */
    synchronized long used() {
        return used;
    }

    /** Most chunks that can be handed out. */
    long limit() {
        return limit;
    }

    @Override
    public synchronized void close() {
        closed = true;
        for (int i = 0; i < slabCount; i++) {
            NativeMemory.release(slabs[i], SLAB_SIZE);
        }
        slabCount = 0;
        freeCount = 0;
        used = 0;
    }

    private boolean grow() {
        final long slab;
        try {
            slab = NativeMemory.reserve(SLAB_SIZE, true);
        } catch (final OutOfMemoryError e) {
            // To a file system in memory that is a full device, which the caller is told as ENOSPC.
            return false;
        }
        if (slabCount == slabs.length) {
            slabs = Arrays.copyOf(slabs, slabCount * 2);
        }
        slabs[slabCount++] = slab;
        for (int i = SLAB_CHUNKS - 1; i >= 0; i--) {
            free[freeCount++] = slab + (long) i * CHUNK_SIZE;
        }
        return true;
    }
}
