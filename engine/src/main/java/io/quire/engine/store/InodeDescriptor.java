package io.quire.engine.store;

/**
 * What can be done to an inode through a descriptor of it that was opened with O_PATH: attributes and extended
 * attributes, of symbolic links too. Thread-safe.
 *
 * <p>Methods follow the system call convention: zero or more on success, or a negative error number: ESTALE when the
 * inode is gone.
 */
abstract class InodeDescriptor extends BoundedDescriptor {
    private static final byte[] EMPTY = {};

    InodeDescriptor(final DescriptorCache cache) {
        super(cache);
    }

    /** Told of attributes that were read through the descriptor. */
    abstract void seen(Attributes attributes);

    /** Another descriptor of the inode, for reading or writing, that was open a moment ago; or null. */
    abstract BoundedDescriptor openData();

    /** Before a change of the inode that moves its times. */
    abstract void beginChange();

    /** After it, whether it succeeded or not. */
    abstract void endChange();

    /**
     * Reads attributes.
     *
     * @param out  filled in
     * @return 0 or negative errno: ESTALE when the inode is gone
     */
    public final int attributes(final Attributes out) {
        BoundedDescriptor pinned = this;
        int fd = tryAcquire();
        if (fd == CLOSED) {
            // A file that was just made, or is open, need not be opened once more to be looked at.
            final BoundedDescriptor data = openData();
            fd = data == null ? CLOSED : data.tryAcquire();
            pinned = data;
        }
        if (fd == CLOSED) {
            pinned = this;
            fd = acquire();
        }
        if (fd < 0) {
            return fd;
        }
        final int result;
        try {
            result = PosixAttributes.fstat(fd, out);
        } finally {
            pinned.release();
        }
        if (result == 0) {
            seen(out);
        }
        return result;
    }

    /**
     * Sets permissions. Not for a symbolic link.
     *
     * @param mode permission, set-id and sticky bits
     * @return 0 or negative errno
     */
    public final int chmod(final int mode) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        beginChange();
        try {
            return PosixAttributes.fchmodat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), mode & 07777, 0);
        } finally {
            endChange();
            release();
        }
    }

    /**
     * Sets owner and group. The system clears set-id bits as it does for chown(2).
     *
     * @param uid  owner, -1 to leave it
     * @param gid  group, -1 to leave it
     * @return 0 or negative errno
     */
    public final int chown(final int uid, final int gid) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        beginChange();
        try {
            return PosixAttributes.fchownat(fd, EMPTY, uid, gid, PosixNames.AT_EMPTY_PATH);
        } finally {
            endChange();
            release();
        }
    }

    /**
     * Sets access and modification time.
     *
     * @param atimeSeconds access time, seconds since the epoch
     * @param atimeNanos   its nanoseconds, or UTIME_NOW or UTIME_OMIT of {@link PosixAttributes}
     * @param mtimeSeconds modification time, seconds since the epoch
     * @param mtimeNanos   its nanoseconds, or UTIME_NOW or UTIME_OMIT
     * @return 0 or negative errno
     */
    public final int utimens(final long atimeSeconds, final int atimeNanos, final long mtimeSeconds,
                       final int mtimeNanos) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        beginChange();
        try {
            // A link of /proc/self/fd leads to the inode itself, even to a symbolic link, and no further.
            return PosixAttributes.utimensat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), atimeSeconds,
                atimeNanos, mtimeSeconds, mtimeNanos, 0);
        } finally {
            endChange();
            release();
        }
    }

    /**
     * Reads a symbolic link.
     *
     * @param target filled in from the start
     * @return bytes, or negative errno
     */
    public final int readlink(final byte[] target) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        try {
            final int result = PosixNames.readlinkat(fd, EMPTY, target);
            return result == -Errno.ENOENT ? -Errno.EINVAL : result;
        } finally {
            release();
        }
    }

    /**
     * Reads the figures of the filesystem.
     *
     * @param out  filled in
     * @return 0 or negative errno
     */
    public final int statfs(final FileSystemStatistics out) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        try {
            return PosixAttributes.fstatfs(fd, out);
        } finally {
            release();
        }
    }

    /**
     * Reads an extended attribute.
     *
     * @param name  with its namespace
     * @param value filled in from the start; empty asks for the size only
     * @return size of the value or negative errno
     */
    public final int getxattr(final byte[] name, final byte[] value) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        try {
            return PosixAttributes.getxattr(PosixNames.descriptorPath(fd), name, value);
        } finally {
            release();
        }
    }

    /**
     * Sets an extended attribute.
     *
     * @param name  with its namespace
     * @param value the value
     * @param flags 0, XATTR_CREATE or XATTR_REPLACE of {@link PosixAttributes}
     * @return 0 or negative errno
     */
    public final int setxattr(final byte[] name, final byte[] value, final int flags) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        beginChange();
        try {
            return PosixAttributes.setxattr(PosixNames.descriptorPath(fd), name, value, flags);
        } finally {
            endChange();
            release();
        }
    }

    /**
     * Lists the names of extended attributes.
     *
     * @param list filled in from the start with names that each end with NUL; empty asks for the size only
     * @return size of the list or negative errno
     */
    public final int listxattr(final byte[] list) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        try {
            return PosixAttributes.listxattr(PosixNames.descriptorPath(fd), list);
        } finally {
            release();
        }
    }

    /**
     * Removes an extended attribute.
     *
     * @param name with its namespace
     * @return 0 or negative errno
     */
    public final int removexattr(final byte[] name) {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        beginChange();
        try {
            return PosixAttributes.removexattr(PosixNames.descriptorPath(fd), name);
        } finally {
            endChange();
            release();
        }
    }
}
