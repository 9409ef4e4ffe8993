package io.quire.engine.cache;

/**
 * How a write moves from its source through the pages to the store. The implementations are in
 * {@code io.quire.engine.write}; they hold no state and may be shared and switched at run time.
 * An implementation must be thread-safe: files are written at the same time.
 */
public interface WritePolicy {
    /**
     * The name by which users choose the policy.
     *
     * @return such as {@code multi-page}
     */
    String name();

    /**
     * Whether the policy is there to show a hazard and can hang: for experiments only, never for a mount that others use.
     *
     * @return false unless the policy says otherwise
     */
    default boolean isLaboratory() {
        return false;
    }

    /**
     * Carries out a write. The mapping's write lock is held; no page is locked or referenced before or after, however it ends.
     *
     * @param operation what to write, and the pages to write it through
     * @return bytes that reached the store; fewer than asked when the store or the source stopped early
     * @throws CacheException when the write stopped for want of memory or because its source failed, or when no byte
     *                        reached the store; the writer gets the count nevertheless when some did
     */
    long write(WriteOperation operation) throws CacheException;
}
