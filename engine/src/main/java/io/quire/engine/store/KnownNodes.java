package io.quire.engine.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The nodes of a store: at most one live node for an inode, found by device and inode number. Thread-safe.
 */
final class KnownNodes {
    private static final byte[] EMPTY = {};
    private static final int LOOK = PosixNames.AT_SYMLINK_NOFOLLOW | PosixNames.AT_NO_AUTOMOUNT;

    private final DirectoryStore store;
    private final NodeIndex index = new NodeIndex();
    private final AtomicLong lastId = new AtomicLong();
    private final SourceNode root;
    private final long rootMount;

    /** {@code fd} and {@code attributes} are those of the root, which is kept. */
    KnownNodes(final DirectoryStore store, final int fd, final Attributes attributes) {
        this.store = store;
        this.rootMount = attributes.mountId;
        this.root = new SourceNode(store, lastId.incrementAndGet(), attributes, false);
        root.adopt(fd);
        root.keep();
        index.put(null, root);
    }

    SourceNode root() {
        return root;
    }

    int size() {
        return index.size();
    }

    void remove(final SourceNode node) {
        index.remove(node);
    }

    /** Finds a name; the node gets a reference of a lookup. */
    int lookup(final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int directory = parent.acquireFor(name);
        if (directory < 0) {
            return directory;
        }
        try {
            final Attributes found = out.attributes;
            final int result = PosixAttributes.statx(directory, name, LOOK, PosixAttributes.STATX_ALL, found);
            if (result < 0) {
                return result;
            }
            final SourceNode known = index.get(found.dev, found.ino);
            if (known != null && known.isSameInode(found, directory, name) && known.look()) {
                known.learn(parent, name);
                out.node = known;
                return 0;
            }
            return intern(directory, parent, name, out);
        } finally {
            parent.release();
        }
    }

    /** Opens a name and makes or finds its node. */
    int intern(final int directory, final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int fd = PosixNames.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
        if (fd < 0) {
            return fd;
        }
        final int result = PosixAttributes.fstat(fd, out.attributes);
        if (result < 0) {
            Posix.close(fd);
            return result;
        }
        out.node = nodeOf(fd, parent, name, out.attributes);
        out.node.adopt(fd);
        return 0;
    }

    /** The node of a descriptor, with one lookup more; it can be reached by the name or the handle. */
    SourceNode nodeOf(final int fd, final SourceNode parent, final byte[] name, final Attributes found) {
        SourceNode fresh = null;
        for (;;) {
            final SourceNode known = index.get(found.dev, found.ino);
            if (known != null && known.isSameInode(found, fd, EMPTY) && known.look()) {
                known.learn(parent, name);
                if (fresh != null) {
                    fresh.forget(1);
                }
                return known;
            }
            if (fresh == null) {
                final boolean mayHaveHandle = store.handles.areUsable() && found.dev == root.dev && found.mountId == rootMount;
                fresh = new SourceNode(store, lastId.incrementAndGet(), found, mayHaveHandle);
                fresh.learn(parent, name);
            }
            if (index.put(known, fresh)) {
                return fresh;
            }
        }
    }

    /** The known node of a name, with a reference for the caller, or null. */
    SourceNode find(final int directory, final byte[] name, final Attributes found) {
        if (PosixAttributes.statx(directory, name, LOOK, PosixAttributes.STATX_ALL, found) < 0) {
            return null;
        }
        final SourceNode node = index.get(found.dev, found.ino);
        return node != null && node.isSameInode(found, directory, name) && node.reference() ? node : null;
    }

    /** The node that a name is believed to have, by a hint or else as the source says; with a reference for the caller, or null (V31). */
    SourceNode expected(final SourceNode parent, final int directory, final byte[] name) {
        final SourceNode node = store.hints.get(parent, name);
        return node != null && node.reference() ? node : find(directory, name, new Attributes());
    }

    /**
     * As {@link #find}, for a name that is about to go and whose node is to be held open then: when a hint says that its descriptor is
     * closed, what has the name is opened at once, which tells the same as looking at it and opening it afterwards.
     */
    SourceNode findToHold(final SourceNode parent, final int directory, final byte[] name, final Attributes found) {
        final SourceNode hint = store.hints.get(parent, name);
        if (hint == null || hint.isOpen() || store.keepsTooMany()) {
            return find(directory, name, found);
        }
        final int fd = PosixNames.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
        if (fd < 0) {
            return find(directory, name, found);
        }
        final SourceNode node = PosixAttributes.fstat(fd, found) < 0 ? null : index.get(found.dev, found.ino);
        if (node != null && node.isSameInode(found, fd, EMPTY) && node.reference()) {
            node.adopt(fd);
            return node;
        }
        Posix.close(fd);
        return null;
    }
}
