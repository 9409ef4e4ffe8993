package io.quire.engine.store;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

/** A file that was opened by path: it gives its node back when it is closed. */
final class OwnedFile extends ForwardingStoreFile {
    private final SourceNode node;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over one lookup of the node. */
    OwnedFile(final SourceNode node) {
        super(node.file());
        this.node = node;
        node.opened();
    }

    /** Opens a file by its path, as {@link DirectoryStore#open(String, boolean)}. */
    static OwnedFile open(final DirectoryStore store, final String name, final boolean create) throws StoreException {
        final String[] components = name.split("/", -1);
        final SourceEntry entry = new SourceEntry();
        SourceNode node = store.root();
        for (int i = 0; i < components.length; i++) {
            final byte[] component = components[i].getBytes(StandardCharsets.UTF_8);
            int result = store.lookup(node, component, entry);
            if (result == -Errno.ENOENT && create && i == components.length - 1) {
                final FileCreator creator = store.creator();
                result = store.create(creator.user(), creator.group(), node, component, 0666, 022, entry);
                if (result == -Errno.EEXIST) {
                    result = store.lookup(node, component, entry);
                }
            }
            if (node != store.root()) {
                node.forget(1);
            }
            if (result < 0) {
                throw new StoreException(-result, "opening " + name + " in " + store);
            }
            node = entry.node;
        }
        if (node.file() == null) {
            node.forget(1);
            throw new StoreException(Errno.EISDIR, name + " in " + store + " is not a regular file");
        }
        return new OwnedFile(node);
    }

    @Override
    public void close() throws StoreException {
        if (closed.compareAndSet(false, true)) {
            node.closed();
            node.forget(1);
        }
    }
}
