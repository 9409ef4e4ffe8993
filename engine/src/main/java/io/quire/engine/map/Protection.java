package io.quire.engine.map;

/** What may be done through a region. */
public enum Protection {
    /** Loads. */
    READ,
    /** Loads and stores. */
    READ_WRITE
}
