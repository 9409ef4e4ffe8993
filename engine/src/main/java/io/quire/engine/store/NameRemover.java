package io.quire.engine.store;

/**
 * Removes names. An inode that may lose its last name is held open before, so that it can be used until its node is dropped.
 * Thread-safe.
 */
final class NameRemover {
    private final DirectoryStore store;
    private final KnownNodes nodes;

    NameRemover(final DirectoryStore store, final KnownNodes nodes) {
        this.store = store;
        this.nodes = nodes;
    }

    /** {@code flags}: those of unlinkat(2). */
    int remove(final SourceNode parent, final byte[] name, final int flags) {
        final int directory = parent.acquireFor(name);
        if (directory < 0) {
            return directory;
        }
        try {
            final Attributes found = new Attributes();
            final SourceNode node = nodes.findToHold(parent, directory, name, found);
            if (node == null) {
                return PosixNames.unlinkat(directory, name, flags);
            }
            node.beginChange();
            try {
                final boolean held = hold(node);
                final int result = PosixNames.unlinkat(directory, name, flags);
                settle(node, found, parent, name, held, result == 0);
                return result;
            } finally {
                settled(node);
            }
        } finally {
            parent.release();
        }
    }

    /** Before a name goes: the descriptor must be open by then, since it may be the last name. */
    boolean hold(final SourceNode node) {
        return (!store.keepsTooMany() || node.isOpened()) && node.keep();
    }

    /**
     * After a name went, or did not.
     *
     * @param found attributes before
     * @param held  whether the descriptor is kept open: the number cannot be given to another inode then, so whoever is found
     *              by it is this one
     */
    void settle(final SourceNode node, final Attributes found, final SourceNode parent,
                final byte[] name, final boolean held, final boolean removed) {
        if (removed) {
            node.unlearn(parent, name);
            if (node.isNameless()) {
                node.removedHere();
            }
            if (!held && isGone(node)) {
                node.retire();
                nodes.remove(node);
            }
        }
        final boolean last = removed && (found.nlink <= 1 || node.isDirectory());
        if (held && !last && node.isReachable() && !(removed && node.isNameless() && isGone(node))) {
            node.unkeep();
        }
    }

    private static boolean isGone(final SourceNode node) {
        final Attributes now = new Attributes();
        return node.attributes(now) < 0 || now.nlink == 0 || node.isDirectory();
    }

    /** Ends a change of a node that was found for it; null for none. */
    static void settled(final SourceNode node) {
        if (node != null) {
            node.endChange();
            node.unreference();
        }
    }
}
