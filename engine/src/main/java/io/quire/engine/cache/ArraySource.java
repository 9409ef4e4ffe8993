package io.quire.engine.cache;

import io.quire.engine.memory.OffHeap;

/** Bytes that lie in a heap array. */
final class ArraySource implements WriteSource {
    private final byte[] array;
    private final int start;

    ArraySource(final byte[] array, final int start) {
        this.array = array;
        this.start = start;
    }

    @Override
    public int copy(final long offset, final long destination, final int length) {
        OffHeap.copyFromArray(array, start + (int) offset, destination, length);
        return length;
    }

    @Override
    public int faultIn(final long offset, final int length) {
        return length;
    }
}
