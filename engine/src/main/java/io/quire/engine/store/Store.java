package io.quire.engine.store;

/**
 * A collection of files that pages can be read from and written to: the service interface below the cache.
 *
 * <p>Implementations are thread-safe.
 */
public interface Store extends AutoCloseable {
    /**
     * Opens a file by name, for reading and, when the store allows it, for writing.
     *
     * @param name   name in the store, as the store understands it
     * @param create whether to make the file when it does not exist
     * @return the file
     * @throws StoreException with ENOENT when it does not exist and {@code create} is false, or the store's own error
     */
    StoreFile open(String name, boolean create) throws StoreException;

    @Override
    void close() throws StoreException;
}
