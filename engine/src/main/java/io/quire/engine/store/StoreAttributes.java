package io.quire.engine.store;

/**
 * What tells whether a file changed behind the cache: size, modification time and change time. A mutable holder that is
 * filled in by {@link StoreFile#attributes}; not thread-safe.
 */
public final class StoreAttributes {
    /** Size in bytes. */
    public long size;
    /** Modification time, nanoseconds since the epoch. */
    public long modified;
    /** Change time, nanoseconds since the epoch. */
    public long changed;

    /** Makes an empty holder. */
    public StoreAttributes() {
        size = 0;
    }
}
