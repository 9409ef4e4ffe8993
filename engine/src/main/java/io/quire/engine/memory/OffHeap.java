package io.quire.engine.memory;

import java.util.Objects;

import org.agrona.UnsafeApi;

/**
 * Raw memory by address, with the access modes that the protocols name: plain, opaque, acquire, release, volatile and
 * read-modify-write.
 *
 * <p>Addresses are absolute. Nothing is checked: callers pass addresses inside arenas that stay mapped while they are
 * in use (see {@link FrameArena}, {@link PageDescriptors}). Multi-byte accesses with an ordering must be naturally
 * aligned. All methods are thread-safe in the sense of their access mode and allocate nothing.
 */
public final class OffHeap {
    private static final long ARRAY_BASE = UnsafeApi.arrayBaseOffset(byte[].class);

    private OffHeap() {
    }

    /**
     * Plain read.
     *
     * @param address absolute address
     * @return the value there
     */
    public static byte getByte(final long address) {
        return UnsafeApi.getByte(address);
    }

    /**
     * Plain write.
     *
     * @param address absolute address
     * @param value   to store
     */
    public static void putByte(final long address, final byte value) {
        UnsafeApi.putByte(address, value);
    }

    /**
     * Plain read.
     *
     * @param address absolute address
     * @return the value there
     */
    public static short getShort(final long address) {
        return UnsafeApi.getShort(address);
    }

    /**
     * Plain write.
     *
     * @param address absolute address
     * @param value   to store
     */
    public static void putShort(final long address, final short value) {
        UnsafeApi.putShort(address, value);
    }

    /**
     * Plain read.
     *
     * @param address absolute address
     * @return the value there
     */
    public static int getInt(final long address) {
        return UnsafeApi.getInt(address);
    }

    /**
     * Plain write.
     *
     * @param address absolute address
     * @param value   to store
     */
    public static void putInt(final long address, final int value) {
        UnsafeApi.putInt(address, value);
    }

    /**
     * Read that later accesses cannot overtake.
     *
     * @param address absolute address, 4-byte aligned
     * @return the value there
     */
    public static int getIntAcquire(final long address) {
        return UnsafeApi.getIntAcquire(null, address);
    }

    /**
     * Sequentially consistent read.
     *
     * @param address absolute address, 4-byte aligned
     * @return the value there
     */
    public static int getIntVolatile(final long address) {
        return UnsafeApi.getIntVolatile(null, address);
    }

    /**
     * Write that earlier accesses cannot sink below.
     *
     * @param address absolute address, 4-byte aligned
     * @param value   to store
     */
    public static void putIntRelease(final long address, final int value) {
        UnsafeApi.putIntRelease(null, address, value);
    }

    /**
     * Sequentially consistent write.
     *
     * @param address absolute address, 4-byte aligned
     * @param value   to store
     */
    public static void putIntVolatile(final long address, final int value) {
        UnsafeApi.putIntVolatile(null, address, value);
    }

    /**
     * Sequentially consistent compare-and-set.
     *
     * @param address  absolute address, 4-byte aligned
     * @param expected value that must be there
     * @param value    to store
     * @return whether it was stored
     */
    public static boolean compareAndSetInt(final long address, final int expected, final int value) {
        return UnsafeApi.compareAndSetInt(null, address, expected, value);
    }

    /**
     * Sequentially consistent fetch-and-add.
     *
     * @param address absolute address, 4-byte aligned
     * @param delta   to add
     * @return the value before
     */
    public static int getAndAddInt(final long address, final int delta) {
        return UnsafeApi.getAndAddInt(null, address, delta);
    }

    /**
     * Plain read.
     *
     * @param address absolute address
     * @return the value there
     */
    public static long getLong(final long address) {
        return UnsafeApi.getLong(address);
    }

    /**
     * Plain write.
     *
     * @param address absolute address
     * @param value   to store
     */
    public static void putLong(final long address, final long value) {
        UnsafeApi.putLong(address, value);
    }

    /**
     * Read that later accesses cannot overtake.
     *
     * @param address absolute address, 8-byte aligned
     * @return the value there
     */
    public static long getLongAcquire(final long address) {
        return UnsafeApi.getLongAcquire(null, address);
    }

    /**
     * Sequentially consistent read.
     *
     * @param address absolute address, 8-byte aligned
     * @return the value there
     */
    public static long getLongVolatile(final long address) {
        return UnsafeApi.getLongVolatile(null, address);
    }

    /**
     * Write that earlier accesses cannot sink below.
     *
     * @param address absolute address, 8-byte aligned
     * @param value   to store
     */
    public static void putLongRelease(final long address, final long value) {
        UnsafeApi.putLongRelease(null, address, value);
    }

    /**
     * Sequentially consistent write.
     *
     * @param address absolute address, 8-byte aligned
     * @param value   to store
     */
    public static void putLongVolatile(final long address, final long value) {
        UnsafeApi.putLongVolatile(null, address, value);
    }

    /**
     * Sequentially consistent compare-and-set.
     *
     * @param address  absolute address, 8-byte aligned
     * @param expected value that must be there
     * @param value    to store
     * @return whether it was stored
     */
    public static boolean compareAndSetLong(final long address, final long expected, final long value) {
        return UnsafeApi.compareAndSetLong(null, address, expected, value);
    }

    /**
     * Sequentially consistent fetch-and-add.
     *
     * @param address absolute address, 8-byte aligned
     * @param delta   to add
     * @return the value before
     */
    public static long getAndAddLong(final long address, final long delta) {
        return UnsafeApi.getAndAddLong(null, address, delta);
    }

    /**
     * Sequentially consistent exchange.
     *
     * @param address absolute address, 8-byte aligned
     * @param value   to store
     * @return the value before
     */
    public static long getAndSetLong(final long address, final long value) {
        return UnsafeApi.getAndSetLong(null, address, value);
    }

    /**
     * Sequentially consistent fetch-and-or.
     *
     * @param address absolute address, 8-byte aligned
     * @param mask    bits to set
     * @return the value before
     */
    public static long getAndOrLong(final long address, final long mask) {
        return UnsafeApi.getAndBitwiseOrLong(null, address, mask);
    }

    /**
     * Sequentially consistent fetch-and-and.
     *
     * @param address absolute address, 8-byte aligned
     * @param mask    bits to keep
     * @return the value before
     */
    public static long getAndAndLong(final long address, final long mask) {
        return UnsafeApi.getAndBitwiseAndLong(null, address, mask);
    }

    /** Loads before the fence are not reordered with loads and stores after it. */
    public static void loadFence() {
        UnsafeApi.loadFence();
    }

    /** Stores before the fence are not reordered with stores after it. */
    public static void storeFence() {
        UnsafeApi.storeStoreFence();
    }

    /** A full fence: nothing is reordered across it. */
    public static void fullFence() {
        UnsafeApi.fullFence();
    }

    /**
     * Copies between absolute addresses. The ranges may not overlap.
     *
     * @param source      first byte to read
     * @param destination first byte to write
     * @param length      bytes, 0 or more
     */
    public static void copy(final long source, final long destination, final long length) {
        UnsafeApi.copyMemory(source, destination, length);
    }

    /**
     * Copies out of a heap array.
     *
     * @param source      array to read
     * @param offset      first index to read
     * @param destination first address to write
     * @param length      bytes, 0 or more; {@code offset + length} at most the array's length
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public static void copyFromArray(final byte[] source, final int offset, final long destination, final int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        UnsafeApi.copyMemory(source, ARRAY_BASE + offset, null, destination, length);
    }

    /**
     * Copies into a heap array.
     *
     * @param source      first address to read
     * @param destination array to write
     * @param offset      first index to write
     * @param length      bytes, 0 or more; {@code offset + length} at most the array's length
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public static void copyToArray(final long source, final byte[] destination, final int offset, final int length) {
        Objects.checkFromIndexSize(offset, length, destination.length);
        UnsafeApi.copyMemory(null, source, destination, ARRAY_BASE + offset, length);
    }

    /**
     * Fills with zero bytes.
     *
     * @param address first byte to write
     * @param length  bytes, 0 or more
     */
    public static void zero(final long address, final long length) {
        UnsafeApi.setMemory(address, length, (byte) 0);
    }
}
