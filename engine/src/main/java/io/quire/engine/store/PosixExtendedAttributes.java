package io.quire.engine.store;

import java.lang.invoke.MethodHandle;

import io.quire.engine.memory.OffHeap;

/** System calls on extended attributes. Conventions as in {@link Posix}, names as in {@link PosixNames}. */
public final class PosixExtendedAttributes {
    /** setxattr: fail with EEXIST when it exists. */
    public static final int XATTR_CREATE = 1;
    /** setxattr: fail with ENODATA when it does not exist. */
    public static final int XATTR_REPLACE = 2;

    private static MethodHandle GETXATTR = getHandle("getxattr");
    private static MethodHandle LGETXATTR = getHandle("lgetxattr");
    private static MethodHandle SETXATTR = setHandle("setxattr");
    private static MethodHandle LSETXATTR = setHandle("lsetxattr");
    private static MethodHandle LISTXATTR = listHandle("listxattr");
    private static MethodHandle LLISTXATTR = listHandle("llistxattr");
    private static MethodHandle REMOVEXATTR = NativeCall.handle("removexattr", NativeCall.INT,
        NativeCall.LONG, NativeCall.LONG);
    private static MethodHandle LREMOVEXATTR = NativeCall.handle("lremovexattr", NativeCall.INT,
        NativeCall.LONG, NativeCall.LONG);

    private PosixExtendedAttributes() {
    }

    private static MethodHandle getHandle(final String name) {
        return NativeCall.handle(name, NativeCall.LONG,
            NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    }

    private static MethodHandle setHandle(final String name) {
        return NativeCall.handle(name, NativeCall.INT,
            NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.INT);
    }

    private static MethodHandle listHandle(final String name) {
        return NativeCall.handle(name, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG, NativeCall.LONG);
    }

    /**
     * Reads an extended attribute of a path; symbolic links are followed.
     *
     * @param path  path, for instance {@link PosixNames#descriptorPath}
     * @param name  such as {@code user.comment}
     * @param value gets the value; null or of no length to ask for its size
     * @return size of the value or negative errno: ENODATA when there is none, ERANGE when {@code value} is too short
     */
    public static int getxattr(final byte[] path, final byte[] name, final byte[] value) {
        return get(GETXATTR, path, name, value);
    }

    /**
     * Reads an extended attribute of a path, of the symbolic link itself when it is one.
     *
     * @param path  path
     * @param name  such as {@code trusted.comment}
     * @param value gets the value; null or of no length to ask for its size
     * @return as {@link #getxattr}
     */
    public static int lgetxattr(final byte[] path, final byte[] name, final byte[] value) {
        return get(LGETXATTR, path, name, value);
    }

    /**
     * Sets an extended attribute of a path; symbolic links are followed.
     *
     * @param path  path, for instance {@link PosixNames#descriptorPath}
     * @param name  such as {@code user.comment}
     * @param value the value, at most 64 KiB, otherwise E2BIG
     * @param flags 0, {@link #XATTR_CREATE} or {@link #XATTR_REPLACE}
     * @return 0 or negative errno
     */
    public static int setxattr(final byte[] path, final byte[] name, final byte[] value, final int flags) {
        return set(SETXATTR, path, name, value, flags);
    }

    /**
     * Sets an extended attribute of a path, of the symbolic link itself when it is one.
     *
     * @param path  path
     * @param name  such as {@code trusted.comment}
     * @param value the value, at most 64 KiB, otherwise E2BIG
     * @param flags 0, {@link #XATTR_CREATE} or {@link #XATTR_REPLACE}
     * @return 0 or negative errno
     */
    public static int lsetxattr(final byte[] path, final byte[] name, final byte[] value, final int flags) {
        return set(LSETXATTR, path, name, value, flags);
    }

    /**
     * Lists the names of extended attributes of a path; symbolic links are followed.
     *
     * @param path path, for instance {@link PosixNames#descriptorPath}
     * @param list gets the names, each with a NUL; null or of no length to ask for the size
     * @return size of the list or negative errno: ERANGE when {@code list} is too short
     */
    public static int listxattr(final byte[] path, final byte[] list) {
        return list(LISTXATTR, path, list);
    }

    /**
     * Lists the names of extended attributes of a path, of the symbolic link itself when it is one.
     *
     * @param path path
     * @param list gets the names, each with a NUL; null or of no length to ask for the size
     * @return as {@link #listxattr}
     */
    public static int llistxattr(final byte[] path, final byte[] list) {
        return list(LLISTXATTR, path, list);
    }

    /**
     * Removes an extended attribute of a path; symbolic links are followed.
     *
     * @param path path, for instance {@link PosixNames#descriptorPath}
     * @param name such as {@code user.comment}
     * @return 0 or negative errno
     */
    public static int removexattr(final byte[] path, final byte[] name) {
        return remove(REMOVEXATTR, path, name);
    }

    /**
     * Removes an extended attribute of a path, of the symbolic link itself when it is one.
     *
     * @param path path
     * @param name such as {@code trusted.comment}
     * @return 0 or negative errno
     */
    public static int lremovexattr(final byte[] path, final byte[] name) {
        return remove(LREMOVEXATTR, path, name);
    }

    private static int get(final MethodHandle call, final byte[] path, final byte[] name, final byte[] value) {
        final CallScratch scratch = CallScratch.get();
        final long pathPointer = scratch.name(path);
        final long namePointer = scratch.secondName(name);
        if (pathPointer < 0 || namePointer < 0) {
            return (int) Math.min(pathPointer, namePointer);
        }
        final long room = value == null ? 0 : Math.min(value.length, CallScratch.VALUE_SIZE);
        final long buffer = room == 0 ? 0 : scratch.value();
        try {
            return received(scratch.result((long) call.invokeExact(scratch.state(), pathPointer, namePointer, buffer,
                room)), buffer, room, value);
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    private static int list(final MethodHandle call, final byte[] path, final byte[] list) {
        final CallScratch scratch = CallScratch.get();
        final long pathPointer = scratch.name(path);
        if (pathPointer < 0) {
            return (int) pathPointer;
        }
        final long room = list == null ? 0 : Math.min(list.length, CallScratch.VALUE_SIZE);
        final long buffer = room == 0 ? 0 : scratch.value();
        try {
            return received(scratch.result((long) call.invokeExact(scratch.state(), pathPointer, buffer, room)),
                buffer, room, list);
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    private static int received(final long result, final long buffer, final long room, final byte[] target) {
        if (result > 0 && room > 0) {
            OffHeap.copyToArray(buffer, target, 0, (int) result);
        }
        return (int) result;
    }

    private static int set(final MethodHandle call, final byte[] path, final byte[] name, final byte[] value,
                           final int flags) {
        if (value.length > CallScratch.VALUE_SIZE) {
            return -Errno.E2BIG;
        }
        final CallScratch scratch = CallScratch.get();
        final long pathPointer = scratch.name(path);
        final long namePointer = scratch.secondName(name);
        if (pathPointer < 0 || namePointer < 0) {
            return (int) Math.min(pathPointer, namePointer);
        }
        final long buffer = scratch.value();
        OffHeap.copyFromArray(value, 0, buffer, value.length);
        try {
            return scratch.result((int) call.invokeExact(scratch.state(), pathPointer, namePointer, buffer,
                (long) value.length, flags));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }

    private static int remove(final MethodHandle call, final byte[] path, final byte[] name) {
        final CallScratch scratch = CallScratch.get();
        final long pathPointer = scratch.name(path);
        final long namePointer = scratch.secondName(name);
        if (pathPointer < 0 || namePointer < 0) {
            return (int) Math.min(pathPointer, namePointer);
        }
        try {
            return scratch.result((int) call.invokeExact(scratch.state(), pathPointer, namePointer));
        } catch (final Throwable e) {
            throw NativeCall.unexpected(e);
        }
    }
}
