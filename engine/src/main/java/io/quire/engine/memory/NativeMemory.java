package io.quire.engine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Anonymous mappings of virtual memory: reserved at once, backed page by page when first touched, zero-filled.
 *
 * <p>Thread-safe. A failed call is an {@link OutOfMemoryError} that names the size and the errno of {@code mmap(2)}.
 */
public final class NativeMemory {
    /** Alignment of every reservation, in bytes: 2 MiB, the size of a huge page on x86-64. */
    public static final long ALIGNMENT = 2L << 20;

    private static final int PROT_READ_WRITE = 0x1 | 0x2;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;

    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle MMAP = handle("mmap", FunctionDescriptor.of(ValueLayout.JAVA_LONG,
        ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT,
        ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = handle("madvise", FunctionDescriptor.of(ValueLayout.JAVA_INT,
        ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    private NativeMemory() {
    }

    /**
     * Reserves zero-filled memory, aligned to {@link #ALIGNMENT}. No physical memory is used until it is touched.
     *
     * @param bytes     to reserve, more than 0; rounded up to {@link #ALIGNMENT}
     * @param hugePages whether to ask the kernel for transparent huge pages; otherwise they are declined, so that a
     *                  sparse use touches no more than it needs
     * @return the address of the first byte
     * @throws OutOfMemoryError when the address space or the overcommit limit does not allow it
     */
    public static long reserve(final long bytes, final boolean hugePages) {
        if (bytes <= 0 || bytes > Long.MAX_VALUE / 2) {
            throw new IllegalArgumentException("cannot reserve " + bytes + " bytes");
        }
        final long length = roundUp(bytes);
        final long raw = mmap(length + ALIGNMENT);
        final long base = (raw + ALIGNMENT - 1) & -ALIGNMENT;
        if (base > raw) {
            munmap(raw, base - raw);
        }
        final long tail = raw + length + ALIGNMENT - (base + length);
        if (tail > 0) {
            munmap(base + length, tail);
        }
        advise(base, length, hugePages);
        return base;
    }

    /**
     * Asks for transparent huge pages in a part of a reservation, or declines them there. What is touched already stays as it is.
     *
     * @param address   page-aligned address inside a reservation
     * @param bytes     length, a multiple of the page size
     * @param hugePages whether to ask for them
     */
    static void advise(final long address, final long bytes, final boolean hugePages) {
        // Advice only: a kernel built without transparent huge pages refuses it, and nothing is lost by that.
        madvise(address, bytes, hugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    }

    /**
     * Gives back a reservation. Nothing may touch it afterwards.
     *
     * @param address what {@link #reserve} returned
     * @param bytes   what was asked of it
     */
    public static void release(final long address, final long bytes) {
        munmap(address, roundUp(bytes));
    }

    /**
     * Gives the physical memory of a range back to the kernel. The range stays mapped and reads as zeros.
     *
     * @param address page-aligned address inside a reservation
     * @param bytes   length, a multiple of the page size
     */
    public static void discard(final long address, final long bytes) {
        if (madvise(address, bytes, MADV_DONTNEED) != 0) {
            throw new IllegalStateException("madvise(MADV_DONTNEED) refused " + bytes + " bytes at 0x"
                + Long.toHexString(address));
        }
    }

    private static long roundUp(final long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private static long mmap(final long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment state = arena.allocate(CAPTURE);
            final long address = (long) MMAP.invokeExact(state, 0L, length, PROT_READ_WRITE,
                MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (address == -1) {
                throw new OutOfMemoryError("mmap of " + length + " bytes failed with errno "
                    + (int) ERRNO.get(state, 0L));
            }
            return address;
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new LinkageError("mmap", e);
        }
    }

    private static void munmap(final long address, final long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment state = arena.allocate(CAPTURE);
            final int result = (int) MUNMAP.invokeExact(state, address, length);
            if (result != 0) {
                throw new IllegalStateException("munmap of " + length + " bytes failed with errno "
                    + (int) ERRNO.get(state, 0L));
            }
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new LinkageError("munmap", e);
        }
    }

    private static int madvise(final long address, final long length, final int advice) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) MADVISE.invokeExact(arena.allocate(CAPTURE), address, length, advice);
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new LinkageError("madvise", e);
        }
    }

    private static MethodHandle handle(final String name, final FunctionDescriptor descriptor) {
        final Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor,
            Linker.Option.captureCallState("errno"));
    }
}
