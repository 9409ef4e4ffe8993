package io.quire.engine.store;

/**
 * The answer of a {@link DirectoryStore} to a lookup or a creation. A mutable holder that is reused; not thread-safe.
 */
public final class SourceEntry {
    /** The node, with one reference more than before; undefined unless the call succeeded. */
    public SourceNode node;
    /** Its attributes at that moment. */
    public final Attributes attributes = new Attributes();

    /** Makes an empty holder. */
    public SourceEntry() {
        node = null;
    }
}
