package io.quire.engine.map;

import io.quire.engine.memory.OffHeap;

/** Values of one to eight bytes at an address, of any alignment. */
final class Words {
    private Words() {
    }

    static long get(final long address, final int bytes) {
        return switch (bytes) {
            case Long.BYTES -> OffHeap.getLong(address);
            case Integer.BYTES -> OffHeap.getInt(address);
            case Short.BYTES -> OffHeap.getShort(address);
            default -> OffHeap.getByte(address);
        };
    }

    static void put(final long address, final int bytes, final long value) {
        switch (bytes) {
            case Long.BYTES -> OffHeap.putLong(address, value);
            case Integer.BYTES -> OffHeap.putInt(address, (int) value);
            case Short.BYTES -> OffHeap.putShort(address, (short) value);
            default -> OffHeap.putByte(address, (byte) value);
        }
    }
}
