package io.quire.engine.store;

import java.lang.invoke.MethodHandle;

import io.quire.engine.memory.OffHeap;

/**
 * System calls on attributes: status, permissions, owners, times, file system figures; extended attributes are those of
 * {@link PosixExtendedAttributes}. Conventions as in {@link Posix}, names and {@code AT_*} flags as in {@link PosixNames}.
 */
public final class PosixAttributes {
    /** The bits of a mode that hold the type. */
    public static final int S_IFMT = 0xf000;
    /** Socket file. */
    public static final int S_IFSOCK = 0xc000;
    /** Symbolic link. */
    public static final int S_IFLNK = 0xa000;
    /** Regular file. */
    public static final int S_IFREG = 0x8000;
    /** Block device. */
    public static final int S_IFBLK = 0x6000;
    /** Directory. */
    public static final int S_IFDIR = 0x4000;
    /** Character device. */
    public static final int S_IFCHR = 0x2000;
    /** Fifo. */
    public static final int S_IFIFO = 0x1000;
    /** Set user on execution. */
    public static final int S_ISUID = 0x800;
    /** Set group on execution; on a directory, new files get its group. */
    public static final int S_ISGID = 0x400;
    /** Sticky: in such a directory only owners remove. */
    public static final int S_ISVTX = 0x200;

    /** statx: type. */
    public static final int STATX_TYPE = 0x1;
    /** statx: permissions. */
    public static final int STATX_MODE = 0x2;
    /** statx: everything that stat(2) tells. */
    public static final int STATX_BASIC_STATS = 0x7ff;
    /** statx: creation time. */
    public static final int STATX_BTIME = 0x800;
    /** statx: the mount. */
    public static final int STATX_MNT_ID = 0x1000;
    /** statx: all that {@link Attributes} holds. */
    public static final int STATX_ALL = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
    /** statx flag: a network file system must ask its server. */
    public static final int AT_STATX_FORCE_SYNC = 0x2000;
    /** statx flag: what is known locally will do. */
    public static final int AT_STATX_DONT_SYNC = 0x4000;
    /** In {@link Attributes#flags}: the file cannot be changed. */
    public static final long STATX_ATTR_IMMUTABLE = 0x10;
    /** In {@link Attributes#flags}: the file can only grow. */
    public static final long STATX_ATTR_APPEND = 0x20;
    /** In {@link Attributes#flags}: it is the root of a mount. */
    public static final long STATX_ATTR_MOUNT_ROOT = 0x2000;

    /** Instead of nanoseconds for {@link #utimensat}: the current time. */
    public static final int UTIME_NOW = 0x3fffffff;
    /** Instead of nanoseconds for {@link #utimensat}: leave it. */
    public static final int UTIME_OMIT = 0x3ffffffe;

    /** access: exists. */
    public static final int F_OK = 0;
    /** access: may be executed, or searched. */
    public static final int X_OK = 1;
    /** access: may be written. */
    public static final int W_OK = 2;
    /** access: may be read. */
    public static final int R_OK = 4;

    private static final int STATX_MASK_OFFSET = 0;
    private static final int STATX_BLOCK_SIZE_OFFSET = 4;
    private static final int STATX_FLAGS_OFFSET = 8;
    private static final int STATX_NLINK_OFFSET = 16;
    private static final int STATX_UID_OFFSET = 20;
    private static final int STATX_GID_OFFSET = 24;
    private static final int STATX_MODE_OFFSET = 28;
    private static final int STATX_INO_OFFSET = 32;
    private static final int STATX_SIZE_OFFSET = 40;
    private static final int STATX_BLOCKS_OFFSET = 48;
    private static final int STATX_ATIME_OFFSET = 64;
    private static final int STATX_BTIME_OFFSET = 80;
    private static final int STATX_CTIME_OFFSET = 96;
    private static final int STATX_MTIME_OFFSET = 112;
    private static final int STATX_RDEV_OFFSET = 128;
    private static final int STATX_DEV_OFFSET = 136;
    private static final int STATX_MOUNT_ID_OFFSET = 144;
    private static final int TIME_NANOS_OFFSET = 8;

    private static final byte[] EMPTY = {};

    private static MethodHandle STATX = NativeCall.handle("statx", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.INT, NativeCall.LONG);
    private static MethodHandle FCHMODAT = NativeCall.handle("fchmodat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.INT);
    private static MethodHandle FCHMOD = NativeCall.handle("fchmod", NativeCall.INT,
        NativeCall.INT, NativeCall.INT);
    private static MethodHandle FCHOWNAT = NativeCall.handle("fchownat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.INT, NativeCall.INT);
    private static MethodHandle UTIMENSAT = NativeCall.handle("utimensat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG, NativeCall.INT);
    // glibc refuses utimensat without a name, which the kernel itself takes for the descriptor.
    private static MethodHandle FUTIMENS = NativeCall.handle("futimens", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG);
    private static MethodHandle FACCESSAT = NativeCall.handle("faccessat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.INT);
    private static MethodHandle FSTATFS = NativeCall.handle("fstatfs", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG);

    private PosixAttributes() {
    }

    /**
     * Reads the status of a file. Needs no permission on the file itself.
     *
     * @param directory descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name      name or path; empty, with AT_EMPTY_PATH, for the descriptor itself
     * @param flags     bits {@code AT_*}
     * @param mask      bits {@code STATX_*} that are wanted; a file system may fill in more or fewer
     * @param target    filled in
     * @return 0 or negative errno, and {@code target} is not changed then
     */
    public static int statx(final int directory, final byte[] name, final int flags, final int mask,
                            final Attributes target) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        final long raw = scratch.result();
        try {
            final int result = scratch.result((int) STATX.invokeExact(scratch.state(), directory, pointer, flags,
                mask, raw));
            if (result < 0) {
                return result;
            }
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
        decode(raw, target);
        return 0;
    }

    /**
     * Reads the status of a name, all of it.
     *
     * @param directory descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name      name or path
     * @param flags     bits {@code AT_*}; usually {@link PosixNames#AT_SYMLINK_NOFOLLOW}
     * @param target    filled in
     * @return 0 or negative errno
     */
    public static int fstatat(final int directory, final byte[] name, final int flags, final Attributes target) {
        return statx(directory, name, flags, STATX_ALL, target);
    }

    /**
     * Reads the status of a descriptor, all of it.
     *
     * @param fd     open descriptor, also of {@link Posix#O_PATH}
     * @param target filled in
     * @return 0 or negative errno
     */
    public static int fstat(final int fd, final Attributes target) {
        return statx(fd, EMPTY, PosixNames.AT_EMPTY_PATH, STATX_ALL, target);
    }

    /**
     * Sets permissions.
     *
     * @param directory descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name      name or path; {@link PosixNames#descriptorPath} for an O_PATH descriptor
     * @param mode      permissions, with the set-id and sticky bits
     * @param flags     0, or {@link PosixNames#AT_SYMLINK_NOFOLLOW}, which fails on a link with EOPNOTSUPP
     * @return 0 or negative errno
     */
    public static int fchmodat(final int directory, final byte[] name, final int mode, final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) FCHMODAT.invokeExact(scratch.state(), directory, pointer, mode, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets permissions of an open file.
     *
     * @param fd   open descriptor, not of {@link Posix#O_PATH}
     * @param mode permissions, with the set-id and sticky bits
     * @return 0 or negative errno
     */
    public static int fchmod(final int fd, final int mode) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) FCHMOD.invokeExact(scratch.state(), fd, mode));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets owner and group.
     *
     * @param directory descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name      name or path; empty, with AT_EMPTY_PATH, for the descriptor itself, also of O_PATH
     * @param uid       owner, -1 to leave it
     * @param gid       group, -1 to leave it
     * @param flags     bits {@code AT_*}
     * @return 0 or negative errno
     */
    public static int fchownat(final int directory, final byte[] name, final int uid, final int gid,
                               final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) FCHOWNAT.invokeExact(scratch.state(), directory, pointer, uid, gid, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets access and modification time.
     *
     * @param directory    descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name         name or path; null for the descriptor itself, which may not be of O_PATH
     * @param atimeSeconds access time, seconds
     * @param atimeNanos   0 to 999,999,999, {@link #UTIME_NOW} or {@link #UTIME_OMIT}
     * @param mtimeSeconds modification time, seconds
     * @param mtimeNanos   as {@code atimeNanos}
     * @param flags        0 or {@link PosixNames#AT_SYMLINK_NOFOLLOW}; without meaning when the name is null
     * @return 0 or negative errno
     */
    public static int utimensat(final int directory, final byte[] name, final long atimeSeconds,
                                final int atimeNanos, final long mtimeSeconds, final int mtimeNanos,
                                final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = name == null ? 0 : scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        final long times = scratch.result();
        OffHeap.putLong(times, atimeSeconds);
        OffHeap.putLong(times + 8, atimeNanos);
        OffHeap.putLong(times + 16, mtimeSeconds);
        OffHeap.putLong(times + 24, mtimeNanos);
        try {
            if (name == null) {
                return scratch.result((int) FUTIMENS.invokeExact(scratch.state(), directory, times));
            }
            return scratch.result((int) UTIMENSAT.invokeExact(scratch.state(), directory, pointer, times, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Asks whether access would be permitted, to the real user unless the flags say otherwise.
     *
     * @param directory descriptor to start from, or {@link PosixNames#AT_FDCWD}
     * @param name      name or path
     * @param mode      {@link #F_OK} or bits of R_OK, W_OK, X_OK
     * @param flags     0 or bits of AT_EACCESS, AT_SYMLINK_NOFOLLOW
     * @return 0 or negative errno
     */
    public static int faccessat(final int directory, final byte[] name, final int mode, final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) FACCESSAT.invokeExact(scratch.state(), directory, pointer, mode, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads the figures of a file system.
     *
     * @param fd     open descriptor of any file in it, also of {@link Posix#O_PATH}
     * @param target filled in
     * @return 0 or negative errno, and {@code target} is not changed then
     */
    public static int fstatfs(final int fd, final FileSystemStatistics target) {
        final CallScratch scratch = CallScratch.get();
        final long raw = scratch.result();
        try {
            final int result = scratch.result((int) FSTATFS.invokeExact(scratch.state(), fd, raw));
            if (result < 0) {
                return result;
            }
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
        // struct statfs is all longs on both ABIs, but for the two ints of f_fsid at 56.
        target.type = OffHeap.getLong(raw);
        target.blockSize = OffHeap.getLong(raw + 8);
        target.blocks = OffHeap.getLong(raw + 16);
        target.blocksFree = OffHeap.getLong(raw + 24);
        target.blocksAvailable = OffHeap.getLong(raw + 32);
        target.files = OffHeap.getLong(raw + 40);
        target.filesFree = OffHeap.getLong(raw + 48);
        target.nameLength = OffHeap.getLong(raw + 64);
        final long fragment = OffHeap.getLong(raw + 72);
        target.fragmentSize = fragment == 0 ? target.blockSize : fragment;
        target.flags = OffHeap.getLong(raw + 80);
        return 0;
    }

    private static void decode(final long raw, final Attributes target) {
        target.mask = OffHeap.getInt(raw + STATX_MASK_OFFSET);
        target.flags = OffHeap.getLong(raw + STATX_FLAGS_OFFSET);
        target.ino = OffHeap.getLong(raw + STATX_INO_OFFSET);
        target.dev = device(raw + STATX_DEV_OFFSET);
        target.mode = OffHeap.getInt(raw + STATX_MODE_OFFSET) & 0xffff;
        target.nlink = OffHeap.getInt(raw + STATX_NLINK_OFFSET);
        target.uid = OffHeap.getInt(raw + STATX_UID_OFFSET);
        target.gid = OffHeap.getInt(raw + STATX_GID_OFFSET);
        target.rdev = device(raw + STATX_RDEV_OFFSET);
        target.size = OffHeap.getLong(raw + STATX_SIZE_OFFSET);
        target.blocks = OffHeap.getLong(raw + STATX_BLOCKS_OFFSET);
        target.blockSize = OffHeap.getInt(raw + STATX_BLOCK_SIZE_OFFSET);
        target.atimeSeconds = OffHeap.getLong(raw + STATX_ATIME_OFFSET);
        target.atimeNanos = OffHeap.getInt(raw + STATX_ATIME_OFFSET + TIME_NANOS_OFFSET);
        target.mtimeSeconds = OffHeap.getLong(raw + STATX_MTIME_OFFSET);
        target.mtimeNanos = OffHeap.getInt(raw + STATX_MTIME_OFFSET + TIME_NANOS_OFFSET);
        target.ctimeSeconds = OffHeap.getLong(raw + STATX_CTIME_OFFSET);
        target.ctimeNanos = OffHeap.getInt(raw + STATX_CTIME_OFFSET + TIME_NANOS_OFFSET);
        final boolean created = (target.mask & STATX_BTIME) != 0;
        target.btimeSeconds = created ? OffHeap.getLong(raw + STATX_BTIME_OFFSET) : 0;
        target.btimeNanos = created ? OffHeap.getInt(raw + STATX_BTIME_OFFSET + TIME_NANOS_OFFSET) : 0;
        target.mountId = (target.mask & STATX_MNT_ID) == 0 ? 0 : OffHeap.getLong(raw + STATX_MOUNT_ID_OFFSET);
    }

    /** The two halves of a device number put together as glibc's makedev does. */
    private static long device(final long address) {
        final long major = Integer.toUnsignedLong(OffHeap.getInt(address));
        final long minor = Integer.toUnsignedLong(OffHeap.getInt(address + 4));
        return (major & 0xfffL) << 8 | (major & 0xffff_f000L) << 32 | minor & 0xffL | (minor & 0xffff_ff00L) << 12;
    }
}
