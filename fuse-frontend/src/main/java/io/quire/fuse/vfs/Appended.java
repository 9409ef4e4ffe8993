package io.quire.fuse.vfs;

/** Where an append went. A mutable holder owned by one worker thread; not thread-safe. */
public final class Appended {
    /** The first byte that was written, or would have been. */
    public long offset;

    /** Makes an empty holder. */
    public Appended() {
        offset = 0;
    }
}
