package io.quire.engine.store;

import java.lang.invoke.MethodHandle;

import io.quire.engine.memory.OffHeap;

/**
 * System calls on names: opening, creating, removing, listing, links and file handles. Conventions as in {@link Posix}.
 *
 * <p>Names and paths are bytes without NUL, at most 4095 of them (otherwise ENAMETOOLONG; a NUL inside is EINVAL), and
 * are taken relative to a directory descriptor, or {@link #AT_FDCWD}, unless they begin with a slash.
 */
public final class PosixNames {
    /** Instead of a directory descriptor: the current directory. */
    public static final int AT_FDCWD = -100;
    /** Act on a symbolic link itself. */
    public static final int AT_SYMLINK_NOFOLLOW = 0x100;
    /** unlinkat: remove a directory. */
    public static final int AT_REMOVEDIR = 0x200;
    /** faccessat: ask for the effective user. */
    public static final int AT_EACCESS = 0x200;
    /** linkat, name_to_handle_at: follow a symbolic link. */
    public static final int AT_SYMLINK_FOLLOW = 0x400;
    /** Do not trigger an automatic mount. */
    public static final int AT_NO_AUTOMOUNT = 0x800;
    /** An empty name means the descriptor itself. */
    public static final int AT_EMPTY_PATH = 0x1000;

    /** renameat2: fail with EEXIST rather than replace. */
    public static final int RENAME_NOREPLACE = 1;
    /** renameat2: exchange the two. */
    public static final int RENAME_EXCHANGE = 2;
    /** renameat2: leave a whiteout behind. */
    public static final int RENAME_WHITEOUT = 4;

    /** Where the inode number (64 bits) of a directory record begins. */
    public static final int DIRENT_INO_OFFSET = 0;
    /** Where the offset of the next record (64 bits) begins; opaque, for lseek. */
    public static final int DIRENT_NEXT_OFFSET = 8;
    /** Where the length of the record (16 bits) begins. */
    public static final int DIRENT_LENGTH_OFFSET = 16;
    /** Where the type (8 bits) is: {@code mode >> 12}, 0 when it is not known. */
    public static final int DIRENT_TYPE_OFFSET = 18;
    /** Where the name begins, which ends with a NUL. */
    public static final int DIRENT_NAME_OFFSET = 19;

    /** The bytes that a file handle needs at most: its type (4 bytes) and what the file system made (128). */
    public static final int MAX_HANDLE_SIZE = 132;

    private static final int HANDLE_MAX_BYTES = 128;
    private static final int HANDLE_TYPE_OFFSET = 4;
    private static final int HANDLE_HEADER = 8;
    private static final int MOUNT_ID_OFFSET = 256;

    private static final long SYS_GETDENTS64 = NativeCall.ARM ? 61 : 217;
    private static final long SYS_MKNODAT = NativeCall.ARM ? 33 : 259;

    private static MethodHandle OPENAT = NativeCall.variadic("openat", 3, NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.INT);
    private static MethodHandle MKDIRAT = NativeCall.handle("mkdirat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    // Through syscall(2), because older glibc has it only as a macro.
    private static MethodHandle MKNODAT = NativeCall.variadic("syscall", 1, NativeCall.LONG,
        NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle GETDENTS64 = NativeCall.variadic("syscall", 1, NativeCall.LONG,
        NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle UNLINKAT = NativeCall.handle("unlinkat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle RENAMEAT2 = NativeCall.handle("renameat2", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle LINKAT = NativeCall.handle("linkat", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle SYMLINKAT = NativeCall.handle("symlinkat", NativeCall.INT,
        NativeCall.LONG, NativeCall.INT, NativeCall.LONG);
    private static MethodHandle READLINKAT = NativeCall.handle("readlinkat", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle NAME_TO_HANDLE_AT = NativeCall.handle("name_to_handle_at", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle OPEN_BY_HANDLE_AT = NativeCall.handle("open_by_handle_at", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT);

    private PosixNames() {
    }

    /**
     * Opens a file by path.
     *
     * @param path  absolute, or relative to the current directory
     * @param flags bits {@code Posix.O_*}; close-on-exec is added
     * @param mode  permissions of a new file, before the umask
     * @return the descriptor or negative errno
     */
    public static int open(final byte[] path, final int flags, final int mode) {
        return openat(AT_FDCWD, path, flags, mode);
    }

    /**
     * Opens a file.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}
     * @param name      name or path
     * @param flags     bits {@code Posix.O_*}; close-on-exec is added
     * @param mode      permissions of a new file, before the umask
     * @return the descriptor or negative errno
     */
    public static int openat(final int directory, final byte[] name, final int flags, final int mode) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            int result;
            do {
                result = scratch.result((int) OPENAT.invokeExact(scratch.state(), directory, pointer,
                    flags | Posix.O_CLOEXEC, mode));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * The path under which the kernel shows a descriptor of this process. Calls that take no descriptor, or none that
     * was opened with {@link Posix#O_PATH}, reach the file through it.
     *
     * @param fd open descriptor
     * @return {@code /proc/self/fd/N}, a new array
     */
    public static byte[] descriptorPath(final int fd) {
        return ("/proc/self/fd/" + fd).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    /**
     * Opens again, with other flags, what a descriptor refers to. Needs /proc.
     *
     * @param fd    open descriptor, also of {@link Posix#O_PATH}, but not of a symbolic link
     * @param flags bits {@code Posix.O_*} without O_NOFOLLOW and O_CREAT; close-on-exec is added
     * @return the new descriptor or negative errno
     */
    public static int reopen(final int fd, final int flags) {
        return openat(AT_FDCWD, descriptorPath(fd), flags, 0);
    }

    /**
     * Makes a directory.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}
     * @param name      name or path
     * @param mode      permissions, before the umask
     * @return 0 or negative errno
     */
    public static int mkdirat(final int directory, final byte[] name, final int mode) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) MKDIRAT.invokeExact(scratch.state(), directory, pointer, mode));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Makes a regular file, fifo, socket file or device.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}
     * @param name      name or path
     * @param mode      type, one of {@code PosixAttributes.S_IF*}, and permissions, before the umask
     * @param device    for a device, its 64-bit {@code dev_t}; only what fits the kernel's 32 bits exists, otherwise
     *                  EINVAL
     * @return 0 or negative errno
     */
    public static int mknodat(final int directory, final byte[] name, final int mode, final long device) {
        if (device != (device & 0xffff_ffffL)) {
            return -Errno.EINVAL;
        }
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return (int) scratch.result((long) MKNODAT.invokeExact(scratch.state(), SYS_MKNODAT, (long) directory,
                pointer, (long) mode, device));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Removes a name.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}
     * @param name      name or path
     * @param flags     0, or {@link #AT_REMOVEDIR} for an empty directory
     * @return 0 or negative errno
     */
    public static int unlinkat(final int directory, final byte[] name, final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) UNLINKAT.invokeExact(scratch.state(), directory, pointer, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Renames.
     *
     * @param directory    descriptor to start from, or {@link #AT_FDCWD}
     * @param name         name or path
     * @param newDirectory descriptor that the new name starts from, or {@link #AT_FDCWD}
     * @param newName      new name or path
     * @param flags        0 or bits {@code RENAME_*}
     * @return 0 or negative errno; EINVAL when the file system does not know the flags
     */
    public static int renameat2(final int directory, final byte[] name, final int newDirectory,
                                final byte[] newName, final int flags) {
        return withTwoNames(RENAMEAT2, directory, name, newDirectory, newName, flags);
    }

    /**
     * Makes a hard link.
     *
     * @param directory    descriptor to start from, or {@link #AT_FDCWD}
     * @param name         existing name or path
     * @param newDirectory descriptor that the new name starts from, or {@link #AT_FDCWD}
     * @param newName      new name or path
     * @param flags        0, {@link #AT_SYMLINK_FOLLOW} (also for a name of {@link #descriptorPath}), or
     *                     {@link #AT_EMPTY_PATH}, which needs CAP_DAC_READ_SEARCH
     * @return 0 or negative errno
     */
    public static int linkat(final int directory, final byte[] name, final int newDirectory, final byte[] newName,
                             final int flags) {
        return withTwoNames(LINKAT, directory, name, newDirectory, newName, flags);
    }

    private static int withTwoNames(final MethodHandle call, final int directory, final byte[] name, final int newDirectory,
                                    final byte[] newName, final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        final long newPointer = scratch.secondName(newName);
        if (newPointer < 0) {
            return (int) newPointer;
        }
        try {
            return scratch.result((int) call.invokeExact(scratch.state(), directory, pointer, newDirectory,
                newPointer, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Makes a symbolic link.
     *
     * @param target    what it says, not checked
     * @param directory descriptor that the name starts from, or {@link #AT_FDCWD}
     * @param name      name or path of the link
     * @return 0 or negative errno
     */
    public static int symlinkat(final byte[] target, final int directory, final byte[] name) {
        final CallScratch scratch = CallScratch.get();
        final long targetPointer = scratch.name(target);
        if (targetPointer < 0) {
            return (int) targetPointer;
        }
        final long pointer = scratch.secondName(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        try {
            return scratch.result((int) SYMLINKAT.invokeExact(scratch.state(), targetPointer, directory, pointer));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads a symbolic link.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}; with an empty name an
     *                  {@link Posix#O_PATH} descriptor of the link itself
     * @param name      name or path of the link
     * @param target    gets what the link says, cut to its length
     * @return bytes put, without NUL, or negative errno; as many as {@code target} holds when it may have been cut
     */
    public static int readlinkat(final int directory, final byte[] name, final byte[] target) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        final long buffer = scratch.value();
        final long room = Math.min(target.length, CallScratch.VALUE_SIZE);
        try {
            final int result = (int) scratch.result((long) READLINKAT.invokeExact(scratch.state(), directory, pointer,
                buffer, room));
            if (result > 0) {
                OffHeap.copyToArray(buffer, target, 0, result);
            }
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads directory records, from the position of the descriptor.
     *
     * @param fd      descriptor of a directory, open for reading
     * @param address where the records go; see {@code DIRENT_*}
     * @param length  bytes there; 280 hold any record
     * @return bytes put, 0 at the end, or negative errno
     */
    public static int getdents64(final int fd, final long address, final int length) {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) scratch.result((long) GETDENTS64.invokeExact(scratch.state(), SYS_GETDENTS64, (long) fd,
                address, (long) length));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Asks for a handle with which the file can be opened again whatever its name is by then.
     *
     * @param directory descriptor to start from, or {@link #AT_FDCWD}
     * @param name      name or path; empty for the descriptor itself
     * @param handle    gets the handle: its type and what the file system made, {@link #MAX_HANDLE_SIZE} at most
     * @param flags     0, {@link #AT_EMPTY_PATH}, {@link #AT_SYMLINK_FOLLOW}
     * @return bytes of the handle, or negative errno: EOPNOTSUPP when the file system has no handles, EOVERFLOW when
     *         {@code handle} is too short
     */
    public static int nameToHandleAt(final int directory, final byte[] name, final byte[] handle, final int flags) {
        final CallScratch scratch = CallScratch.get();
        final long pointer = scratch.name(name);
        if (pointer < 0) {
            return (int) pointer;
        }
        final long raw = scratch.result();
        OffHeap.putInt(raw, HANDLE_MAX_BYTES);
        try {
            final int result = scratch.result((int) NAME_TO_HANDLE_AT.invokeExact(scratch.state(), directory, pointer,
                raw, raw + MOUNT_ID_OFFSET, flags));
            if (result < 0) {
                return result;
            }
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
        final int length = OffHeap.getInt(raw) + HANDLE_HEADER - HANDLE_TYPE_OFFSET;
        if (length > handle.length) {
            return -Errno.EOVERFLOW;
        }
        OffHeap.copyToArray(raw + HANDLE_TYPE_OFFSET, handle, 0, length);
        return length;
    }

    /**
     * Opens a file by its handle. Needs CAP_DAC_READ_SEARCH.
     *
     * @param mount  descriptor of any file on the same mount, which may not be of {@link Posix#O_PATH} on older kernels
     * @param handle what {@link #nameToHandleAt} put
     * @param length bytes of it, as that returned
     * @param flags  bits {@code Posix.O_*}; close-on-exec is added
     * @return the descriptor or negative errno: ESTALE when the file is gone, EPERM without the capability
     */
    public static int openByHandleAt(final int mount, final byte[] handle, final int length, final int flags) {
        if (length < HANDLE_HEADER - HANDLE_TYPE_OFFSET || length > MAX_HANDLE_SIZE || length > handle.length) {
            return -Errno.EINVAL;
        }
        final CallScratch scratch = CallScratch.get();
        final long raw = scratch.result();
        OffHeap.putInt(raw, length - (HANDLE_HEADER - HANDLE_TYPE_OFFSET));
        OffHeap.copyFromArray(handle, 0, raw + HANDLE_TYPE_OFFSET, length);
        try {
            int result;
            do {
                result = scratch.result((int) OPEN_BY_HANDLE_AT.invokeExact(scratch.state(), mount, raw,
                    flags | Posix.O_CLOEXEC));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }
}
