package io.quire.fuse.reproduce;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

import io.quire.engine.store.Errno;

/** Mappings of files, and advice on what the kernel keeps of them. Addresses are plain numbers. Thread-safe. */
final class KernelMemory {
    /** Drop the page-table entries of a mapping. */
    static final int MADV_DONTNEED = 4;
    /** Fault a mapping in for reading; Linux 5.14 and later. */
    static final int MADV_POPULATE_READ = 22;

    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;
    private static final int POSIX_FADV_DONTNEED = 4;

    private static final ValueLayout INT = ValueLayout.JAVA_INT;
    private static final ValueLayout LONG = ValueLayout.JAVA_LONG;
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle MMAP = handle("mmap", LONG, LONG, LONG, INT, INT, INT, LONG);
    private static final MethodHandle MUNMAP = handle("munmap", INT, LONG, LONG);
    private static final MethodHandle MADVISE = handle("madvise", INT, LONG, LONG, INT);
    private static final MethodHandle FADVISE = handle("posix_fadvise", INT, INT, LONG, LONG, INT);

    private KernelMemory() {
    }

    /** A system call that puts its error into {@code state}. */
    @FunctionalInterface
    private interface Call {
        long run(MemorySegment state) throws Throwable;
    }

    /** Maps a file from its start for reading, shared. The address stays valid until it is unmapped, whatever the size is. */
    static long map(final int descriptor, final long length) throws IOException {
        return checked("mmap", state -> (long) MMAP.invokeExact(state, 0L, length, PROT_READ, MAP_SHARED, descriptor, 0L));
    }

    static void unmap(final long address, final long length) throws IOException {
        checked("munmap", state -> (int) MUNMAP.invokeExact(state, address, length));
    }

    /** Returns 0 or a negative error number. */
    static int advise(final long address, final long length, final int advice) {
        return (int) call(state -> (int) MADVISE.invokeExact(state, address, length, advice));
    }

    /** Has the kernel drop the pages of a file that it can drop: those that are clean and not mapped. */
    static void drop(final int descriptor) throws IOException {
        // The only call that returns its error.
        final int error = (int) call(state -> (int) FADVISE.invokeExact(state, descriptor, 0L, 0L, POSIX_FADV_DONTNEED));
        if (error != 0) {
            throw new IOException("posix_fadvise: " + Errno.name(error));
        }
    }

    private static MethodHandle handle(final String name, final MemoryLayout result, final MemoryLayout... arguments) {
        final Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments),
            Linker.Option.captureCallState("errno"));
    }

    private static long checked(final String what, final Call call) throws IOException {
        final long result = call(call);
        if (result < 0) {
            throw new IOException(what + ": " + Errno.name((int) -result));
        }
        return result;
    }

    private static long call(final Call call) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment state = arena.allocate(STATE);
            final long result = call.run(state);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError("a method handle of java.lang.foreign threw a checked exception", e);
        }
    }
}
