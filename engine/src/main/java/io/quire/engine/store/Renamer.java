package io.quire.engine.store;

/** Renames, and keeps the names that nodes are known by right. Thread-safe. */
final class Renamer {
    private final KnownNodes nodes;
    private final NameRemover remover;
    /** Whether the source's file system is not known to refuse RENAME_NOREPLACE; some network file systems do. */
    private volatile boolean knowsNoReplace = true;

    Renamer(final KnownNodes nodes, final NameRemover remover) {
        this.nodes = nodes;
        this.remover = remover;
    }

    /** {@code flags}: 0 or bits {@code RENAME_} of {@link PosixNames}. */
    int rename(final SourceNode parent, final byte[] name, final SourceNode newParent, final byte[] newName,
               final int flags) {
        final int wrong = Math.min(PathComponent.check(name), PathComponent.check(newName));
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final int newDirectory = newParent.acquire();
            if (newDirectory < 0) {
                return newDirectory;
            }
            try {
                return rename(parent, directory, name, newParent, newDirectory, newName, flags);
            } finally {
                newParent.release();
            }
        } finally {
            parent.release();
        }
    }

    private int rename(final SourceNode parent, final int directory, final byte[] name, final SourceNode newParent,
                       final int newDirectory, final byte[] newName, final int flags) {
        // Most names that are given are new: then there is nothing to be looked up and held.
        final int given = flags == 0 && knowsNoReplace
            ? giveNewName(parent, directory, name, newParent, newDirectory, newName) : -Errno.EEXIST;
        if (given != -Errno.EEXIST && given != -Errno.EINVAL) {
            return given;
        }
        final SourceNode moved = nodes.find(directory, name, new Attributes());
        if (moved != null) {
            moved.beginChange();
        }
        try {
            final int result = replace(moved, parent, directory, name, newParent, newDirectory, newName, flags);
            if (given == -Errno.EINVAL && result == 0) {
                knowsNoReplace = false;
            }
            return result;
        } finally {
            NameRemover.settled(moved);
        }
    }

    private int giveNewName(final SourceNode parent, final int directory, final byte[] name, final SourceNode newParent,
                            final int newDirectory, final byte[] newName) {
        final SourceNode moved = nodes.expected(parent, directory, name);
        if (moved != null) {
            moved.beginChange();
        }
        try {
            final int result = PosixNames.renameat2(directory, name, newDirectory, newName, PosixNames.RENAME_NOREPLACE);
            if (result == 0) {
                follow(moved, parent, name, newParent, newName);
            }
            return result;
        } finally {
            NameRemover.settled(moved);
        }
    }

    private int replace(final SourceNode moved, final SourceNode parent, final int directory, final byte[] name,
                        final SourceNode newParent, final int newDirectory, final byte[] newName, final int flags) {
        final Attributes found = new Attributes();
        final SourceNode replaced = nodes.find(newDirectory, newName, found);
        if (replaced != null) {
            replaced.beginChange();
        }
        try {
            final boolean held = replaced != null && moved != replaced && remover.hold(replaced);
            final int result = PosixNames.renameat2(directory, name, newDirectory, newName, flags);
            // Two names of one inode: rename(2) does nothing and both stay.
            if (moved != replaced) {
                final boolean exchanged = (flags & PosixNames.RENAME_EXCHANGE) != 0;
                if (result == 0) {
                    follow(moved, parent, name, newParent, newName);
                }
                if (result == 0 && exchanged) {
                    follow(replaced, newParent, newName, parent, name);
                }
                if (replaced != null) {
                    remover.settle(replaced, found, newParent, newName, held, result == 0 && !exchanged);
                }
            }
            return result;
        } finally {
            NameRemover.settled(replaced);
        }
    }

    private static void follow(final SourceNode node, final SourceNode parent, final byte[] name,
                               final SourceNode newParent, final byte[] newName) {
        if (node != null) {
            // The new name first: the node must not be without any.
            node.learn(newParent, newName);
            node.unlearn(parent, name);
        }
    }
}
