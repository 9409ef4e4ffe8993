package io.quire.engine.store;

/** Makes nodes as the user they are for, see {@link FileCreator}, and gives nodes further names. Thread-safe. */
final class NodeMaker {
    private final KnownNodes nodes;
    private final FileCreator creator;

    NodeMaker(final KnownNodes nodes, final FileCreator creator) {
        this.nodes = nodes;
        this.creator = creator;
    }

    /** Makes a regular file, which is open for writing then. */
    int create(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
               final int umask, final SourceEntry out) {
        final int directory = parent.acquireFor(name);
        if (directory < 0) {
            return directory;
        }
        try {
            final int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW | Posix.O_NOCTTY;
            final FileCreator.Maker maker = (at, bits) -> PosixNames.openat(at, name, flags, bits);
            int fd = creator.as(uid, gid, parent, directory, mode, umask, maker);
            if (creator.isDenied(fd, uid)) {
                fd = creator.masked(parent, directory, mode, umask, maker);
                if (fd >= 0) {
                    final int given = FileCreator.giveTo(uid, gid, directory, fd);
                    if (given < 0) {
                        Posix.close(fd);
                        return FileCreator.removeUngiven(directory, name, given);
                    }
                }
            }
            if (fd < 0) {
                return fd;
            }
            final int result = PosixAttributes.fstat(fd, out.attributes);
            if (result < 0) {
                Posix.close(fd);
                return result;
            }
            out.node = nodes.nodeOf(fd, parent, name, out.attributes);
            out.node.file().adoptWriter(fd);
            return 0;
        } finally {
            parent.release();
        }
    }

    /** Makes a node of another type, or a file that is not opened. */
    int make(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
             final int umask, final SourceEntry out, final FileCreator.Maker maker) {
        final int directory = parent.acquireFor(name);
        if (directory < 0) {
            return directory;
        }
        try {
            int result = creator.as(uid, gid, parent, directory, mode, umask, maker);
            final boolean denied = creator.isDenied(result, uid);
            if (denied) {
                result = creator.masked(parent, directory, mode, umask, maker);
            }
            if (result < 0) {
                return result;
            }
            if (denied) {
                final int fd = PosixNames.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
                if (fd < 0) {
                    return fd;
                }
                final int given = FileCreator.giveTo(uid, gid, directory, fd);
                Posix.close(fd);
                if (given < 0) {
                    return FileCreator.removeUngiven(directory, name, given);
                }
            }
            return nodes.intern(directory, parent, name, out);
        } finally {
            parent.release();
        }
    }

    /** Gives a node another name. */
    int link(final SourceNode node, final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int directory = parent.acquireFor(name);
        if (directory < 0) {
            return directory;
        }
        try {
            final int fd = node.acquire();
            if (fd < 0) {
                return fd;
            }
            try {
                node.beginChange();
                int result;
                try {
                    result = PosixNames.linkat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), directory, name,
                        PosixNames.AT_SYMLINK_FOLLOW);
                } finally {
                    node.endChange();
                }
                if (result < 0) {
                    return result;
                }
                result = PosixAttributes.fstat(fd, out.attributes);
                if (result < 0) {
                    return result;
                }
            } finally {
                node.release();
            }
            if (!node.look()) {
                return -Errno.ESTALE;
            }
            node.learn(parent, name);
            out.node = node;
            return 0;
        } finally {
            parent.release();
        }
    }
}
