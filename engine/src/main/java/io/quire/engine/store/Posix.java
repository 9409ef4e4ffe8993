package io.quire.engine.store;

import java.lang.invoke.MethodHandle;

/**
 * System calls on descriptors and on the data behind them. Names are in {@link PosixNames}, attributes in
 * {@link PosixAttributes} and {@link PosixExtendedAttributes}, what belongs to the process in {@link PosixProcess}.
 *
 * <p><b>Convention</b>, for all of them. Like the system calls themselves, a method returns 0 or more on success and the
 * negative error number on failure, for instance {@code -Errno.ENOENT}; nothing is thrown. Pointers are raw addresses of
 * memory that stays mapped during the call. Every method is thread-safe; none allocates on the heap after a thread's
 * first call, except where an array is returned. A descriptor that is made is always close-on-exec.
 *
 * <p>An interrupted call (EINTR) is repeated where that is right: opens, transfers, syncs, truncation, and the kinds of
 * fallocate that may be repeated. {@code close} is never repeated, since Linux has released the descriptor by then.
 *
 * <p>x86-64 and aarch64 Linux with glibc only; some open flags differ between the two and are therefore not compile-time
 * constants.
 */
public final class Posix {
    /** Open for reading. */
    public static final int O_RDONLY = 0;
    /** Open for writing. */
    public static final int O_WRONLY = 1;
    /** Open for both. */
    public static final int O_RDWR = 2;
    /** The bits that hold one of the three above. */
    public static final int O_ACCMODE = 3;
    /** Create when it does not exist. */
    public static final int O_CREAT = 0x40;
    /** With {@link #O_CREAT}: fail when it exists. */
    public static final int O_EXCL = 0x80;
    /** Do not become the controlling terminal. */
    public static final int O_NOCTTY = 0x100;
    /** Cut to no bytes. */
    public static final int O_TRUNC = 0x200;
    /** Each write goes to the end. */
    public static final int O_APPEND = 0x400;
    /** Each write waits for the data. */
    public static final int O_DSYNC = 0x1000;
    /** Bypass the kernel's page cache. */
    public static final int O_DIRECT = NativeCall.ARM ? 0x10000 : 0x4000;
    /** Fail unless it is a directory. */
    public static final int O_DIRECTORY = NativeCall.ARM ? 0x4000 : 0x10000;
    /** Fail with ELOOP when the last component is a symbolic link (with {@link #O_PATH}: open the link itself). */
    public static final int O_NOFOLLOW = NativeCall.ARM ? 0x8000 : 0x20000;
    /** Close on exec; always set by this class. */
    public static final int O_CLOEXEC = 0x80000;
    /** Each write waits for the data and the attributes. */
    public static final int O_SYNC = 0x101000;
    /** Only a place in the tree: no data, no permission on the file itself needed. */
    public static final int O_PATH = 0x200000;

    /** fallocate: the size stays. */
    public static final int FALLOC_FL_KEEP_SIZE = 0x01;
    /** fallocate: make a hole; only together with {@link #FALLOC_FL_KEEP_SIZE}. */
    public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    /** fallocate: remove a range, what follows moves down. */
    public static final int FALLOC_FL_COLLAPSE_RANGE = 0x08;
    /** fallocate: make a range read as zeros, with space reserved. */
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;
    /** fallocate: insert a hole, what follows moves up. */
    public static final int FALLOC_FL_INSERT_RANGE = 0x20;

    /** lseek: from the start. */
    public static final int SEEK_SET = 0;
    /** lseek: from the end. */
    public static final int SEEK_END = 2;
    /** lseek: next data at or after the offset; ENXIO when there is none. */
    public static final int SEEK_DATA = 3;
    /** lseek: next hole at or after the offset; the end counts as one. */
    public static final int SEEK_HOLE = 4;

    /** flock: shared. */
    public static final int LOCK_SH = 1;
    /** flock: exclusive. */
    public static final int LOCK_EX = 2;
    /** flock: fail with EAGAIN rather than wait. */
    public static final int LOCK_NB = 4;
    /** flock: release. */
    public static final int LOCK_UN = 8;

    /** fcntl: duplicate, close-on-exec, at or above the argument. */
    public static final int F_DUPFD_CLOEXEC = 1030;
    /** fcntl: the status flags. */
    public static final int F_GETFL = 3;

    private static final int NOT_REPEATABLE = FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;

    private static MethodHandle CLOSE = NativeCall.handle("close", NativeCall.INT, NativeCall.INT);
    private static MethodHandle READ = NativeCall.handle("read", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle WRITEV = NativeCall.handle("writev", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle PREADV = NativeCall.handle("preadv", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.LONG);
    private static MethodHandle PWRITEV = NativeCall.handle("pwritev", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT, NativeCall.LONG);
    private static MethodHandle PREAD = NativeCall.handle("pread", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle PWRITE = NativeCall.handle("pwrite", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle FTRUNCATE = NativeCall.handle("ftruncate", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG);
    private static MethodHandle FALLOCATE = NativeCall.handle("fallocate", NativeCall.INT,
        NativeCall.INT, NativeCall.INT, NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle FSYNC = NativeCall.handle("fsync", NativeCall.INT, NativeCall.INT);
    private static MethodHandle FDATASYNC = NativeCall.handle("fdatasync", NativeCall.INT, NativeCall.INT);
    private static MethodHandle SYNCFS = NativeCall.handle("syncfs", NativeCall.INT, NativeCall.INT);
    private static MethodHandle LSEEK = NativeCall.handle("lseek", NativeCall.LONG,
        NativeCall.INT, NativeCall.LONG, NativeCall.INT);
    private static MethodHandle FLOCK = NativeCall.handle("flock", NativeCall.INT,
        NativeCall.INT, NativeCall.INT);
    private static MethodHandle FCNTL = NativeCall.variadic("fcntl", 2, NativeCall.INT,
        NativeCall.INT, NativeCall.INT, NativeCall.LONG);
    private Posix() {
    }

    /**
     * Releases a descriptor. It is released even when an error is returned, which then tells of an earlier write.
     *
     * @param fd open descriptor
     * @return 0 or negative errno
     */
    public static int close(final int fd) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) CLOSE.invokeExact(scratch.state(), fd));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads from where the descriptor stands, as from a device or a pipe. May wait.
     *
     * @param fd      descriptor open for reading
     * @param address where the bytes go
     * @param length  bytes, 0 or more
     * @return bytes read, 0 at the end, or negative errno
     */
    public static long read(final int fd, final long address, final long length) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) READ.invokeExact(scratch.state(), fd, address, length));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Writes several pieces of memory where the descriptor stands, as to a device or a pipe.
     *
     * @param fd     descriptor open for writing
     * @param vector address of an array of {@code struct iovec}, see {@link IoVector#nativeAddress}
     * @param count  pieces, 0 to {@link IoVector#MAX_PIECES}
     * @return bytes written or negative errno
     */
    public static long writev(final int fd, final long vector, final int count) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) WRITEV.invokeExact(scratch.state(), fd, vector, count));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads into several pieces of memory.
     *
     * @param fd     descriptor open for reading
     * @param vector address of an array of {@code struct iovec}, see {@link IoVector#nativeAddress}
     * @param count  pieces, 0 to {@link IoVector#MAX_PIECES}
     * @param offset first byte in the file
     * @return bytes read, 0 at the end of the file, or negative errno
     */
    public static long preadv(final int fd, final long vector, final int count, final long offset) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) PREADV.invokeExact(scratch.state(), fd, vector, count, offset));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Writes several pieces of memory. May write fewer bytes than asked.
     *
     * @param fd     descriptor open for writing, not with {@link #O_APPEND}, which makes Linux ignore the offset
     * @param vector address of an array of {@code struct iovec}, see {@link IoVector#nativeAddress}
     * @param count  pieces, 0 to {@link IoVector#MAX_PIECES}
     * @param offset first byte in the file
     * @return bytes written or negative errno
     */
    public static long pwritev(final int fd, final long vector, final int count, final long offset) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) PWRITEV.invokeExact(scratch.state(), fd, vector, count, offset));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads into memory.
     *
     * @param fd      descriptor open for reading
     * @param address where the bytes go
     * @param length  bytes at most
     * @param offset  first byte in the file
     * @return bytes read, 0 at the end of the file, or negative errno
     */
    public static long pread(final int fd, final long address, final long length, final long offset) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) PREAD.invokeExact(scratch.state(), fd, address, length, offset));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Writes memory. May write fewer bytes than asked.
     *
     * @param fd      descriptor open for writing, not with {@link #O_APPEND}, which makes Linux ignore the offset
     * @param address where the bytes come from
     * @param length  bytes at most
     * @param offset  first byte in the file
     * @return bytes written or negative errno
     */
    public static long pwrite(final int fd, final long address, final long length, final long offset) {
        final CallScratch scratch = CallScratch.get();
        try {
            long result;
            do {
                result = scratch.result((long) PWRITE.invokeExact(scratch.state(), fd, address, length, offset));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets the size of a file.
     *
     * @param fd   descriptor open for writing
     * @param size bytes
     * @return 0 or negative errno
     */
    public static int ftruncate(final int fd, final long size) {
        final CallScratch scratch = CallScratch.get();
        try {
            int result;
            do {
                result = scratch.result((int) FTRUNCATE.invokeExact(scratch.state(), fd, size));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reserves space, punches a hole, and so on.
     *
     * @param fd     descriptor open for writing
     * @param mode   0 or bits {@code FALLOC_FL_*}
     * @param offset first byte
     * @param length bytes, 1 or more
     * @return 0 or negative errno
     */
    public static int fallocate(final int fd, final int mode, final long offset, final long length) {
        final CallScratch scratch = CallScratch.get();
        try {
            int result;
            do {
                result = scratch.result((int) FALLOCATE.invokeExact(scratch.state(), fd, mode, offset, length));
            } while (result == -Errno.EINTR && (mode & NOT_REPEATABLE) == 0);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Waits until data and attributes of a file are on stable storage.
     *
     * @param fd open descriptor, also of a directory
     * @return 0 or negative errno; an error is told once, so what was written before it must be taken for lost
     */
    public static int fsync(final int fd) {
        final CallScratch scratch = CallScratch.get();
        try {
            int result;
            do {
                result = scratch.result((int) FSYNC.invokeExact(scratch.state(), fd));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Waits until the data of a file, and what is needed to read it back, are on stable storage.
     *
     * @param fd open descriptor
     * @return 0 or negative errno, as {@link #fsync}
     */
    public static int fdatasync(final int fd) {
        final CallScratch scratch = CallScratch.get();
        try {
            int result;
            do {
                result = scratch.result((int) FDATASYNC.invokeExact(scratch.state(), fd));
            } while (result == -Errno.EINTR);
            return result;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Waits until a whole file system is on stable storage.
     *
     * @param fd open descriptor of any file in it
     * @return 0 or negative errno
     */
    public static int syncfs(final int fd) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) SYNCFS.invokeExact(scratch.state(), fd));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Moves the position of a descriptor, or finds data and holes.
     *
     * @param fd     open descriptor
     * @param offset bytes
     * @param whence one of {@code SEEK_*}
     * @return the new position or negative errno
     */
    public static long lseek(final int fd, final long offset, final int whence) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((long) LSEEK.invokeExact(scratch.state(), fd, offset, whence));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Takes or releases a lock on a whole file.
     *
     * @param fd        open descriptor
     * @param operation bits {@code LOCK_*}
     * @return 0 or negative errno; EINTR is told, since a waiter may have been asked to give up
     */
    public static int flock(final int fd, final int operation) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) FLOCK.invokeExact(scratch.state(), fd, operation));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads or changes a property of a descriptor.
     *
     * @param fd       open descriptor
     * @param command  one of {@code F_*}
     * @param argument a number or an address, as the command has it
     * @return what the command returns or negative errno
     */
    public static int fcntl(final int fd, final int command, final long argument) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) FCNTL.invokeExact(scratch.state(), fd, command, argument));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Makes another descriptor for the same open file, close-on-exec.
     *
     * @param fd open descriptor
     * @return the new descriptor or negative errno
     */
    public static int dup(final int fd) {
        return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
}
