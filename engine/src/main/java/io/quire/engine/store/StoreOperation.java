package io.quire.engine.store;

/** The calls of {@link Store} and {@link StoreFile}, for plans, hooks and counts. */
public enum StoreOperation {
    /** {@link Store#open}. */
    OPEN,
    /** {@link StoreFile#read}. */
    READ,
    /** {@link StoreFile#write}. */
    WRITE,
    /** {@link StoreFile#truncate}. */
    TRUNCATE,
    /** {@link StoreFile#punch}. */
    PUNCH,
    /** {@link StoreFile#allocate}. */
    ALLOCATE,
    /** {@link StoreFile#sync}. */
    SYNC,
    /** {@link StoreFile#attributes}. */
    ATTRIBUTES,
    /** {@link StoreFile#close}. */
    CLOSE,
    /** {@link StoreFile#mapRange}. */
    MAP;

    /**
     * Whether it moves bytes and can therefore be short.
     *
     * @return true for {@link #READ} and {@link #WRITE}
     */
    public boolean isTransfer() {
        return this == READ || this == WRITE;
    }
}
