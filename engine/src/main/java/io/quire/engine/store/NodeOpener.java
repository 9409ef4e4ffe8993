package io.quire.engine.store;

import java.util.ArrayList;
import java.util.List;

/**
 * Opens a node by name when its descriptor was closed; see V5 and V6 of {@code native-notes/vfs.md}. No recursion, however deep the
 * directories are that are closed too.
 */
final class NodeOpener {
    /** A chain of parents that is longer has a cycle, made by renames outside. */
    private static final int MAX_DEPTH = 1 << 16;

    private NodeOpener() {
    }

    /** Opens a node by one of the names it was seen under; names that are not its own any more are forgotten. ESTALE without any. */
    static int openByName(final SourceNode node) {
        int result = -Errno.ESTALE;
        for (NodeName name = node.names(); name != null; name = name.older()) {
            final int directory = acquireFromAncestor(name.parent());
            if (directory < 0) {
                result = directory;
                continue;
            }
            final int fd;
            try {
                fd = PosixNames.openat(directory, name.name(), Posix.O_PATH | Posix.O_NOFOLLOW, 0);
            } finally {
                name.parent().release();
            }
            if (fd >= 0) {
                if (node.isThisInode(fd)) {
                    return fd;
                }
                Posix.close(fd);
                node.unlearn(name.parent(), name.name());
            } else if (fd == -Errno.ENOENT || fd == -Errno.ENOTDIR || fd == -Errno.ESTALE) {
                node.unlearn(name.parent(), name.name());
            } else {
                result = fd;
            }
        }
        return result;
    }

    /**
     * Pins the descriptor of a directory, opening closed ones from the nearest open ancestor downwards: no recursion,
     * however deep the directory.
     */
    private static int acquireFromAncestor(final SourceNode directory) {
        final List<SourceNode> closed = new ArrayList<>();
        // The nearest open ancestor, pinned while its child is opened.
        SourceNode held = directory;
        int fd = directory.tryAcquire();
        while (fd == BoundedDescriptor.CLOSED) {
            if (closed.size() == MAX_DEPTH) {
                return -Errno.ESTALE;
            }
            closed.add(held);
            final NodeName name = held.names();
            if (name == null || held.hasHandle()) {
                held = null;
                break;
            }
            held = name.parent();
            fd = held.tryAcquire();
        }
        for (int i = closed.size() - 1; i >= 0; i--) {
            fd = closed.get(i).acquire();
            if (held != null) {
                held.release();
            }
            if (fd < 0) {
                return fd;
            }
            held = closed.get(i);
        }
        return fd;
    }
}
