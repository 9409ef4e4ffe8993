package io.quire.engine.store;

import java.lang.invoke.MethodHandle;

import io.quire.engine.memory.OffHeap;

/**
 * System calls on what belongs to the process, or to one of its threads: users and groups, the mask of new files, limits. The
 * convention is that of {@link Posix}, but for calls that cannot fail.
 */
public final class PosixProcess {
    /** getrlimit: descriptors. */
    public static final int RLIMIT_NOFILE = 7;

    /** unshare: umask, working directory and root directory. */
    public static final int CLONE_FS = 0x200;

    private static MethodHandle SETFSUID = NativeCall.handle("setfsuid", NativeCall.INT, NativeCall.INT);
    private static MethodHandle SETFSGID = NativeCall.handle("setfsgid", NativeCall.INT, NativeCall.INT);
    private static MethodHandle GETEUID = NativeCall.handle("geteuid", NativeCall.INT);
    private static MethodHandle GETEGID = NativeCall.handle("getegid", NativeCall.INT);
    private static MethodHandle UNSHARE = NativeCall.handle("unshare", NativeCall.INT, NativeCall.INT);
    private static MethodHandle UMASK = NativeCall.handle("umask", NativeCall.INT, NativeCall.INT);
    private static MethodHandle GETRLIMIT = NativeCall.handle("getrlimit", NativeCall.INT,
        NativeCall.INT, NativeCall.LONG);

    private PosixProcess() {
    }

    /**
     * Sets the user that the file system sees, of the calling operating system thread only. Leaving user 0 also drops
     * the capabilities that override file permissions; going back to it restores them. Call on platform threads only.
     *
     * @param uid the user
     * @return the user before; the kernel tells no error, so a caller that must know asks again with -1, which changes
     *         nothing
     */
    public static int setfsuid(final int uid) {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) SETFSUID.invokeExact(scratch.state(), uid);
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets the group that the file system sees, of the calling operating system thread only. Call it before
     * {@link #setfsuid}, which takes away the permission to. Call on platform threads only.
     *
     * @param gid the group
     * @return the group before, as {@link #setfsuid}
     */
    public static int setfsgid(final int gid) {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) SETFSGID.invokeExact(scratch.state(), gid);
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * The effective user of the process.
     *
     * @return its id; 0 is root
     */
    public static int geteuid() {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) GETEUID.invokeExact(scratch.state());
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * The effective group of the process.
     *
     * @return its id
     */
    public static int getegid() {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) GETEGID.invokeExact(scratch.state());
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Stops sharing with the other threads of the process what the bits name. Call on platform threads only.
     *
     * @param flags such as {@link #CLONE_FS}
     * @return 0 or negative errno: EPERM where a filter of system calls forbids it
     */
    public static int unshare(final int flags) {
        final CallScratch scratch = CallScratch.get();
        try {
            return scratch.result((int) UNSHARE.invokeExact(scratch.state(), flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Sets the file mode creation mask, of all threads that share it: the whole process, but for threads that called
     * {@link #unshare}.
     *
     * @param mask permissions that new files do not get, 0 to 0777
     * @return the mask before
     */
    public static int umask(final int mask) {
        final CallScratch scratch = CallScratch.get();
        try {
            return (int) UMASK.invokeExact(scratch.state(), mask);
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    /**
     * Reads the soft limit of the process on a resource.
     *
     * @param resource one of {@code RLIMIT_*}
     * @return the limit, saturated to {@link Long#MAX_VALUE} when there is none, or negative errno
     */
    public static long getrlimit(final int resource) {
        final CallScratch scratch = CallScratch.get();
        try {
            final int result = scratch.result((int) GETRLIMIT.invokeExact(scratch.state(), resource,
                scratch.result()));
            if (result < 0) {
                return result;
            }
            final long soft = OffHeap.getLong(scratch.result());
            return soft < 0 ? Long.MAX_VALUE : soft;
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }
}
