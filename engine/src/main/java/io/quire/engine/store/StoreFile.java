package io.quire.engine.store;

/**
 * One file of a {@link Store}: vectored transfers at offsets and the operations that change what is there.
 *
 * <p><b>Contract.</b> Offsets and sizes are bytes, 0 to 2^63 - 1. Transfers may be short: a read returns what was there
 * and 0 only at or beyond the end of the file; a write returns the bytes that reached the store, at least 1 unless the
 * vector is empty, and throws only when none did. A range past the end reads as nothing, a hole reads as zeros.
 * Thread-safe: concurrent calls on overlapping ranges take effect in some order, byte by byte.
 */
public interface StoreFile extends AutoCloseable {
    /**
     * Reads from an offset into the pieces of a vector, in order.
     *
     * @param offset first byte, 0 or more
     * @param target where the bytes go; not changed
     * @return bytes read, 0 at or beyond the end
     * @throws StoreException when nothing could be read
     */
    long read(long offset, IoVector target) throws StoreException;

    /**
     * Writes the pieces of a vector, in order, at an offset. Grows the file when needed.
     *
     * @param offset first byte, 0 or more
     * @param source where the bytes come from; not changed
     * @return bytes written: fewer than asked when the store stopped early
     * @throws StoreException when nothing was written
     */
    long write(long offset, IoVector source) throws StoreException;

    /**
     * Tells where a range may have bytes and where it surely reads as zeros: holes, and what lies beyond the end of the file. By
     * the time the caller knows, others may have changed it.
     *
     * @param offset first byte, 0 or more
     * @param length bytes, 1 or more, not beyond 2^63 - 1
     * @param target filled in; unless overridden all of it counts as data
     * @throws StoreException the store's own error
     */
    default void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        target.begin(offset);
        target.add(offset + length, false);
    }

    /**
     * Sets the size. Bytes beyond a smaller size are gone; a larger size adds a hole.
     *
     * @param size bytes, 0 or more
     * @throws StoreException EFBIG when the store cannot hold such a file, or its own error
     */
    void truncate(long size) throws StoreException;

    /**
     * Makes a range a hole that reads as zeros. The size does not change.
     *
     * @param offset first byte, 0 or more
     * @param length bytes, 1 or more; the part beyond the end has no effect
     * @throws StoreException EOPNOTSUPP when the store has no holes, or its own error
     */
    void punch(long offset, long length) throws StoreException;

    /**
     * Makes sure that later writes to a range do not fail for want of space.
     *
     * @param offset   first byte, 0 or more
     * @param length   bytes, 1 or more
     * @param keepSize whether the size stays when the range goes beyond the end
     * @throws StoreException EOPNOTSUPP, ENOSPC, or the store's own error
     */
    void allocate(long offset, long length, boolean keepSize) throws StoreException;

    /**
     * Waits until what was written has reached stable storage.
     *
     * @param dataOnly whether attributes that are not needed to read the data back may stay behind (fdatasync)
     * @throws StoreException EIO and the like; what was not synced may be lost
     */
    void sync(boolean dataOnly) throws StoreException;

    /**
     * Reads size, modification and change time.
     *
     * @param target filled in
     * @throws StoreException the store's own error
     */
    void attributes(StoreAttributes target) throws StoreException;

    /**
     * Gives back what the file holds open. Calls that are in flight may fail.
     *
     * @throws StoreException when an earlier write turns out to be lost; the file is closed all the same
     */
    @Override
    void close() throws StoreException;
}
