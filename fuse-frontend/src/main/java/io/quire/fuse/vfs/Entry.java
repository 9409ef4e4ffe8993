package io.quire.fuse.vfs;

import io.quire.engine.store.Attributes;

/**
 * The answer to a lookup or a creation: a node, which now has one more kernel reference. A mutable holder owned by one
 * worker thread; not thread-safe.
 */
public final class Entry {
    /** Node number; 0 for a name that is known not to exist (a negative entry that the kernel may cache). */
    public long node;
    /** Generation of the node; node numbers are never reused, so this is always 0. */
    public long generation;
    /** How long the kernel may believe that the name leads to the node, nanoseconds. */
    public long entryTimeoutNanos;
    /** How long the kernel may believe the attributes, nanoseconds. */
    public long attrTimeoutNanos;
    /** Attributes of the node. */
    public final Attributes attributes = new Attributes();

    /** Makes an empty holder. */
    public Entry() {
        node = 0;
    }
}
