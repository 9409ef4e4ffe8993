package io.quire.engine.cache;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.IoVector;

/** Bytes that lie in several pieces of native memory. Cheapest when read front to back. */
final class VectorSource implements WriteSource {
    private final IoVector vector;
    private int piece;
    private long pieceStart;

    VectorSource(final IoVector vector) {
        this.vector = vector;
    }

    @Override
    public int copy(final long offset, final long destination, final int length) {
        if (offset < pieceStart) {
            piece = 0;
            pieceStart = 0;
        }
        while (offset >= pieceStart + vector.length(piece)) {
            pieceStart += vector.length(piece++);
        }
        int done = 0;
        int at = piece;
        long start = pieceStart;
        while (done < length) {
            final long skip = offset + done - start;
            final int n = (int) Math.min(length - done, vector.length(at) - skip);
            OffHeap.copy(vector.address(at) + skip, destination + done, n);
            done += n;
            start += vector.length(at++);
        }
        return done;
    }

    @Override
    public int faultIn(final long offset, final int length) {
        return length;
    }
}
