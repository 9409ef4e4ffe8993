package io.quire.engine.store;

import java.nio.charset.StandardCharsets;

/**
 * How new files come to have the owner, group and permissions that they would have if the caller had made them on the
 * source directly: the creating call runs with the caller's file system ids, so that set-group-id directories, ACLs and
 * quotas take effect in the source's kernel.
 */
final class FileCreator {
    private static final byte[] EMPTY = {};
    private static final int PERMISSIONS = 0777;
    /** Whether the calling thread has a umask of its own, which the first creation on it sees to. */
    private static final ThreadLocal<Boolean> OWN_UMASK =
        ThreadLocal.withInitial(() -> PosixProcess.unshare(PosixProcess.CLONE_FS) == 0);
    private static final byte[] DEFAULT_ACL = "system.posix_acl_default".getBytes(StandardCharsets.US_ASCII);

    private final int user = PosixProcess.geteuid();
    private final int group = PosixProcess.getegid();
    private volatile long deviceWithoutAcls = -1;

    /** The system call of a creation. */
    @FunctionalInterface
    interface Maker {
        int make(int directory, int bits);
    }

    int user() {
        return user;
    }

    int group() {
        return group;
    }

    /** Runs a creation as a user, on this platform thread. */
    int as(final int uid, final int gid, final SourceNode parent, final int directory, final int mode, final int umask,
           final Maker maker) {
        if (user != 0 || uid == user && gid == group) {
            return masked(parent, directory, mode, umask, maker);
        }
        PosixProcess.setfsgid(gid);
        try {
            PosixProcess.setfsuid(uid);
            try {
                return masked(parent, directory, mode, umask, maker);
            } finally {
                PosixProcess.setfsuid(user);
            }
        } finally {
            PosixProcess.setfsgid(group);
        }
    }

    /**
     * Runs a creation under the caller's umask, which does not count in a directory with a default ACL. The source's kernel sees
     * to that by itself where the umask can be this thread's alone.
     */
    int masked(final SourceNode parent, final int directory, final int mode, final int umask, final Maker maker) {
        final int mask = umask & PERMISSIONS;
        final int bits = mode & 07777;
        if ((mask & bits) == 0 || parent.dev == deviceWithoutAcls) {
            return maker.make(directory, bits & ~mask);
        }
        if (!OWN_UMASK.get()) {
            return maker.make(directory, bits & ~effectiveUmask(parent, directory, mask));
        }
        final int before = PosixProcess.umask(mask);
        try {
            return maker.make(directory, bits);
        } finally {
            PosixProcess.umask(before);
        }
    }

    /**
     * Whether a creation was denied to the user only because supplementary groups and capabilities of the caller do not
     * count here: the kernel has checked those already.
     */
    boolean isDenied(final int result, final int uid) {
        return user == 0 && uid != user && (result == -Errno.EACCES || result == -Errno.EPERM);
    }

    /** Takes back what could not be given to its owner, so that nobody finds a file of root's. */
    static int removeUngiven(final int directory, final byte[] name, final int error) {
        if (PosixNames.unlinkat(directory, name, 0) == -Errno.EISDIR) {
            PosixNames.unlinkat(directory, name, PosixNames.AT_REMOVEDIR);
        }
        return error;
    }

    /** Makes a file that root created the user's, as if the user had created it. */
    static int giveTo(final int uid, final int gid, final int directory, final int fd) {
        final Attributes parent = new Attributes();
        final Attributes made = new Attributes();
        int result = Math.min(PosixAttributes.fstat(directory, parent), PosixAttributes.fstat(fd, made));
        if (result == 0) {
            final boolean inherits = (parent.mode & PosixAttributes.S_ISGID) != 0;
            result = PosixAttributes.fchownat(fd, EMPTY, uid, inherits ? -1 : gid, PosixNames.AT_EMPTY_PATH);
        }
        final int setIds = PosixAttributes.S_ISUID | PosixAttributes.S_ISGID;
        if (result == 0 && !made.isSymbolicLink() && !made.isDirectory() && (made.mode & setIds) != 0) {
            // Changing the owner has cleared them.
            result = PosixAttributes.fchmodat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), made.mode & 07777, 0);
        }
        return result;
    }

    private int effectiveUmask(final SourceNode parent, final int directory, final int umask) {
        final int acl = PosixExtendedAttributes.getxattr(PosixNames.descriptorPath(directory), DEFAULT_ACL, EMPTY);
        if (acl == -Errno.EOPNOTSUPP) {
            deviceWithoutAcls = parent.dev;
        }
        return acl > 0 ? 0 : umask;
    }
}
