package io.quire.engine.cache;

import io.quire.engine.memory.OffHeap;

/** Bytes that lie in native memory, which are always at hand. */
final class AddressSource implements WriteSource {
    private long address;

    AddressSource at(final long start) {
        this.address = start;
        return this;
    }

    @Override
    public int copy(final long offset, final long destination, final int length) {
        OffHeap.copy(address + offset, destination, length);
        return length;
    }

    @Override
    public int faultIn(final long offset, final int length) {
        return length;
    }
}
