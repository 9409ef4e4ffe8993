package io.quire.fuse.command;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

import io.quire.engine.store.Errno;

/**
 * The few system calls of the command that the JDK does not offer: descriptors, the working directory, unmounting.
 * None is on a hot path, so each is linked where it is used and a command that needs none pays for none. Thread-safe,
 * except that descriptors and working directory belong to the process.
 */
final class NativeCalls {
    /** Flag of umount2: end all requests that wait for the filesystem, with errors. */
    static final int MNT_FORCE = 1;
    /** Flag of umount2: detach now, finish when the last user is gone. */
    static final int MNT_DETACH = 2;
    /** Flag of umount2: do not follow a symbolic link in the last component. */
    static final int UMOUNT_NOFOLLOW = 8;

    private static final int O_PATH_CLOEXEC = 0x200000 | 0x80000;
    private static final int O_WRONLY_APPEND = 1 | 0x400;
    private static final int PATH_MAX = 4096;
    private static final int STATFS_BYTES = 256;
    /** Where f_flags is in struct statfs on 64-bit Linux. */
    private static final long STATFS_FLAGS = 80;
    private static final long ST_RDONLY = 1;
    private static final int CPU_SET_BYTES = 128;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ValueLayout INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout POINTER = ValueLayout.ADDRESS;

    private NativeCalls() {
    }

    /** A system call: its result, negative for an error, which is then in {@code state}. */
    @FunctionalInterface
    private interface Call {
        long run(Arena arena, MemorySegment state) throws Throwable;
    }

    /** Opens {@code name} without reading it (O_PATH). */
    static int openPath(final String name) throws IOException {
        return open(name, O_PATH_CLOEXEC);
    }

    /** Opens an existing file for appending. */
    static int openAppend(final String name) throws IOException {
        return open(name, O_WRONLY_APPEND);
    }

    private static int open(final String name, final int flags) throws IOException {
        return (int) checked("open " + name, (arena, state) -> {
            // open is variadic: the mode that is not passed would be the first variable argument.
            final MethodHandle open = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("open"),
                FunctionDescriptor.of(INT, POINTER, INT), Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(2));
            return (int) open.invokeExact(state, string(arena, name), flags);
        });
    }

    /** The target of a symbolic link, or null when {@code name} is something else or does not exist. */
    static String readlink(final String name) {
        try (Arena outer = Arena.ofConfined()) {
            final MemorySegment buffer = outer.allocate(PATH_MAX);
            final long length = call((arena, state) -> {
                final MethodHandle readlink = link("readlink", FunctionDescriptor.of(LONG, POINTER, POINTER, LONG));
                return (long) readlink.invokeExact(state, string(arena, name), buffer, buffer.byteSize());
            });
            return length < 0 ? null : NativeNames.decode(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    static void chdir(final String name) throws IOException {
        checked("chdir " + name, (arena, state) ->
            (int) link("chdir", FunctionDescriptor.of(INT, POINTER)).invokeExact(state, string(arena, name)));
    }

    /** Unmounts; returns 0 or a negative errno. */
    static int umount(final String mountPoint, final int flags) {
        return (int) call((arena, state) -> (int) link("umount2", FunctionDescriptor.of(INT, POINTER, INT))
            .invokeExact(state, string(arena, mountPoint), flags));
    }

    /**
     * Asks a filesystem for its statistics, which only the filesystem itself can answer; returns 0 or a negative errno.
     */
    static int statfs(final String name) {
        return (int) call((arena, state) -> (int) link("statfs", FunctionDescriptor.of(INT, POINTER, POINTER))
            .invokeExact(state, string(arena, name), arena.allocate(STATFS_BYTES, Long.BYTES)));
    }

    /** Whether {@code name} is on a filesystem that is mounted read-only; false when it cannot be asked. */
    static boolean isReadOnly(final String name) {
        try (Arena outer = Arena.ofConfined()) {
            final MemorySegment statistics = outer.allocate(STATFS_BYTES, Long.BYTES);
            final long result = call((arena, state) -> (int) link("statfs", FunctionDescriptor.of(INT, POINTER,
                POINTER)).invokeExact(state, string(arena, name), statistics));
            return result == 0 && (statistics.get(LONG, STATFS_FLAGS) & ST_RDONLY) != 0;
        }
    }

    static int dup(final int descriptor) throws IOException {
        return (int) checked("dup " + descriptor, (arena, state) ->
            (int) link("dup", FunctionDescriptor.of(INT, INT)).invokeExact(state, descriptor));
    }

    static void dup2(final int from, final int to) throws IOException {
        checked("dup2 " + from, (arena, state) ->
            (int) link("dup2", FunctionDescriptor.of(INT, INT, INT)).invokeExact(state, from, to));
    }

    /** Returns 0 or a negative errno. */
    static int close(final int descriptor) {
        return (int) call((arena, state) ->
            (int) link("close", FunctionDescriptor.of(INT, INT)).invokeExact(state, descriptor));
    }

    /** Writes to a descriptor; returns the bytes written or a negative errno. The JVM ignores SIGPIPE. */
    static int write(final int descriptor, final byte[] bytes) {
        return (int) call((arena, state) -> {
            final MemorySegment buffer = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
            return (long) link("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG))
                .invokeExact(state, descriptor, buffer, (long) bytes.length);
        });
    }

    /** Keeps the calling thread, and what it starts from now on, on one processor. */
    static void pinToProcessor(final int processor) throws IOException {
        checked("sched_setaffinity " + processor, (arena, state) -> {
            final MemorySegment mask = arena.allocate(CPU_SET_BYTES);
            mask.set(ValueLayout.JAVA_BYTE, processor >> 3, (byte) (1 << (processor & 7)));
            return (int) link("sched_setaffinity", FunctionDescriptor.of(INT, INT, LONG, POINTER))
                .invokeExact(state, 0, mask.byteSize(), mask);
        });
    }

    /** Whether the loader finds a shared library. */
    static boolean hasLibrary(final String name) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(name, arena);
            return true;
        } catch (final IllegalArgumentException notFound) {
            return false;
        }
    }

    private static MethodHandle link(final String function, final FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor,
            Linker.Option.captureCallState("errno"));
    }

    private static MemorySegment string(final Arena arena, final String name) {
        final byte[] bytes = NativeNames.encode(name);
        final MemorySegment segment = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment;
    }

    /** Returns the call's result, or the negative errno. */
    private static long call(final Call call) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment state = arena.allocate(STATE);
            final long result = call.run(arena, state);
            return result < 0 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError("a method handle of java.lang.foreign threw a checked exception", e);
        }
    }

    private static long checked(final String what, final Call call) throws IOException {
        final long result = call(call);
        if (result < 0) {
            throw new IOException(what + ": " + Errno.name((int) -result));
        }
        return result;
    }
}
