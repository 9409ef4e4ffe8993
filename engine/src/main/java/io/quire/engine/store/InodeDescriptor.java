package io.quire.engine.store;

import java.util.function.IntUnaryOperator;

/**
 * What can be done to an inode through a descriptor of it: attributes and extended attributes, of symbolic links too. The
 * descriptor is the one that was opened with O_PATH or, while that is closed, one that is open for data. Thread-safe.
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

    /** A descriptor of the inode for reading or writing that was open a moment ago, or null. */
    abstract BoundedDescriptor openData();

    /** Before a change of the inode that moves its change time, but not its modification time. */
    abstract void beginChange();

    /** Before its times are set. */
    abstract void beginChangeOfTimes();

    /** After it, whether it succeeded or not. */
    abstract void endChange();

    /** Pins the data's descriptor if it is open and may serve; otherwise {@link #CLOSED}. */
    private static int tryAcquire(final BoundedDescriptor data) {
        return data == null ? CLOSED : data.tryAcquire();
    }

    /** Makes a call with a descriptor of the inode, whichever is open. */
    private int through(final IntUnaryOperator call) {
        int fd = tryAcquire();
        if (fd != CLOSED) {
            return with(this, fd, call);
        }
        // What was just made, or is open, need not be opened once more.
        final BoundedDescriptor data = openData();
        fd = tryAcquire(data);
        if (fd != CLOSED) {
            return with(data, fd, call);
        }
        fd = acquire();
        return fd < 0 ? fd : with(this, fd, call);
    }

    private static int with(final BoundedDescriptor pinned, final int fd, final IntUnaryOperator call) {
        try {
            return call.applyAsInt(fd);
        } finally {
            pinned.release();
        }
    }

    /** Makes a call that changes the inode. */
    private int change(final IntUnaryOperator call) {
        beginChange();
        try {
            return through(call);
        } finally {
            endChange();
        }
    }

    /**
     * Makes a call with the data's descriptor if that is open: unlike one of O_PATH, it serves without a path through /proc.
     */
    private int through(final IntUnaryOperator byData, final IntUnaryOperator byPath) {
        final BoundedDescriptor data = openData();
        final int fd = tryAcquire(data);
        return fd == CLOSED ? through(byPath) : with(data, fd, byData);
    }

    /**
     * Reads attributes.
     *
     * @param out  filled in
     * @return 0 or negative errno: ESTALE when the inode is gone
     */
    public final int attributes(final Attributes out) {
        // As through(), but without a lambda: this must make no garbage.
        BoundedDescriptor pinned = this;
        int fd = tryAcquire();
        if (fd == CLOSED) {
            final BoundedDescriptor data = openData();
            fd = tryAcquire(data);
            if (fd == CLOSED) {
                fd = acquire();
            } else {
                pinned = data;
            }
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
        beginChange();
        try {
            return through(fd -> PosixAttributes.fchmod(fd, mode & 07777), fd -> PosixAttributes.fchmodat(
                PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), mode & 07777, 0));
        } finally {
            endChange();
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
        return change(fd -> PosixAttributes.fchownat(fd, EMPTY, uid, gid, PosixNames.AT_EMPTY_PATH));
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
        beginChangeOfTimes();
        try {
            // A link of /proc/self/fd leads to the inode itself, even to a symbolic link, and no further.
            return through(fd -> PosixAttributes.utimensat(fd, null, atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos,
                0), fd -> PosixAttributes.utimensat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), atimeSeconds,
                    atimeNanos, mtimeSeconds, mtimeNanos, 0));
        } finally {
            endChange();
        }
    }

    /**
     * Reads a symbolic link.
     *
     * @param target filled in from the start
     * @return bytes, or negative errno
     */
    public final int readlink(final byte[] target) {
        final int result = through(fd -> PosixNames.readlinkat(fd, EMPTY, target));
        return result == -Errno.ENOENT ? -Errno.EINVAL : result;
    }

    /**
     * Reads the figures of the filesystem.
     *
     * @param out  filled in
     * @return 0 or negative errno
     */
    public final int statfs(final FileSystemStatistics out) {
        return through(fd -> PosixAttributes.fstatfs(fd, out));
    }

    /**
     * Reads an extended attribute.
     *
     * @param name  with its namespace
     * @param value filled in from the start; empty asks for the size only
     * @return size of the value or negative errno
     */
    public final int getxattr(final byte[] name, final byte[] value) {
        return through(fd -> PosixExtendedAttributes.getxattr(PosixNames.descriptorPath(fd), name, value));
    }

    /**
     * Sets an extended attribute.
     *
     * @param name  with its namespace
     * @param value the value
     * @param flags 0, XATTR_CREATE or XATTR_REPLACE of {@link PosixExtendedAttributes}
     * @return 0 or negative errno
     */
    public final int setxattr(final byte[] name, final byte[] value, final int flags) {
        return change(fd -> PosixExtendedAttributes.setxattr(PosixNames.descriptorPath(fd), name, value, flags));
    }

    /**
     * Lists the names of extended attributes.
     *
     * @param list filled in from the start with names that each end with NUL; empty asks for the size only
     * @return size of the list or negative errno
     */
    public final int listxattr(final byte[] list) {
        return through(fd -> PosixExtendedAttributes.listxattr(PosixNames.descriptorPath(fd), list));
    }

    /**
     * Removes an extended attribute.
     *
     * @param name with its namespace
     * @return 0 or negative errno
     */
    public final int removexattr(final byte[] name) {
        return change(fd -> PosixExtendedAttributes.removexattr(PosixNames.descriptorPath(fd), name));
    }
}
