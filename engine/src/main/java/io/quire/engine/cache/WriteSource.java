package io.quire.engine.cache;

/**
 * Where the bytes of a write come from. A copy is tried while a page is locked and must not block then: a source whose
 * bytes are not at hand says so, and is asked to fetch them when no page is locked.
 *
 * <p>Used by one thread at a time.
 */
public interface WriteSource {
    /**
     * Copies without blocking (Linux: {@code copy_folio_from_iter_atomic}). May not use the cache that is written to.
     *
     * @param offset      first byte of the source, 0 or more
     * @param destination absolute address
     * @param length      bytes, 1 or more
     * @return bytes copied; 0 when {@link #faultIn} is needed first
     */
    int copy(long offset, long destination, int length);

    /**
     * Makes bytes ready to be copied; may block, and is called without any page lock (Linux:
     * {@code fault_in_iov_iter_readable}). May read any file of the cache, and write to other files than the one being written.
     *
     * @param offset first byte of the source
     * @param length bytes, 1 or more
     * @return bytes that can now be copied, 0 when the source cannot give them
     * @throws CacheException when the source failed
     */
    int faultIn(long offset, int length) throws CacheException;
}
