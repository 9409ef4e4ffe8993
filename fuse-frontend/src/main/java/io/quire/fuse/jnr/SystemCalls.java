package io.quire.fuse.jnr;

import jnr.ffi.LibraryLoader;
import jnr.ffi.LibraryOption;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.SaveError;

/** The few system calls that mounting and unmounting need. Pointers are raw addresses. */
final class SystemCalls {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_DIRECTORY = 0x10000;
    static final int O_CLOEXEC = 0x80000;
    static final int F_SETFD = 2;
    static final int FD_CLOEXEC = 1;
    static final int MNT_FORCE = 1;
    static final int MNT_DETACH = 2;
    static final int UMOUNT_NOFOLLOW = 8;
    static final int MFD_CLOEXEC = 1;

    /** The functions themselves. */
    static final Functions LIBC = LibraryLoader.create(Functions.class)
        .option(LibraryOption.LoadNow, true).failImmediately().load("c");

    private static final Runtime RUNTIME = Runtime.getRuntime(LIBC);

    private SystemCalls() {
    }

    /**
     * The error of the last call that this thread made.
     *
     * @return a positive error number
     */
    static int errno() {
        return RUNTIME.getLastError();
    }

    /** Functions of the C library; public for jnr-ffi only. */
    public interface Functions {
        @SaveError
        int open(long path, int flags, int mode);

        @SaveError
        int close(int descriptor);

        @SaveError
        int dup(int descriptor);

        @SaveError
        int dup2(int from, int to);

        @SaveError
        int fcntl(int descriptor, int command, long argument);

        @SaveError
        int memfd_create(long name, int flags);

        @SaveError
        long pread(int descriptor, long buffer, long length, long offset);

        @SaveError
        int syncfs(int descriptor);

        @SaveError
        int umount2(long path, int flags);

        @SaveError
        int geteuid();
    }
}
