package io.quire.engine.cache;

import io.quire.engine.memory.OffHeap;

/** Bytes that lie in a heap array. Reused by its thread, which takes the array away again. */
final class ArraySource implements WriteSource {
    private byte[] array;
    private int start;

    ArraySource at(final byte[] bytes, final int first) {
        array = bytes;
        start = first;
        return this;
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
