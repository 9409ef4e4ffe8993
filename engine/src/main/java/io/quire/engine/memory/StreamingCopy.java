package io.quire.engine.memory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;

/**
 * Copies into memory that nobody is about to read, past the processor's caches: Linux's {@code memcpy_flushcache}.
 *
 * <p><b>Benefit.</b> An ordinary store to a line that is not cached reads the line first, and later writes it back: two transfers
 * where the copy needs one. A streaming store does not read. <b>Cost.</b> The destination is in no cache afterwards, so that
 * reading it back soon is slower: for the store's copy of what the page cache has anyway, never for pages.
 *
 * <p>The JVM has no such copy for less than megabytes, and neither has the C library. So this class has the instructions themselves,
 * SSE2's, which every x86-64 has, in a page of its own that is not writable while it can be executed. On other processors, and
 * where the system does not allow such a page, copies are ordinary ones.
 *
 * <p><b>Safety.</b> A bad address in a streaming copy ends the process, also where the JVM would turn it into an error (a mapped
 * file that was cut short): both ranges must be anonymous memory of the engine's own. A thread inside a copy holds up a
 * safepoint, so it is done in pieces of {@link #PIECE} bytes.
 *
 * <p>Thread-safe; allocates nothing.
 */
public final class StreamingCopy {
    /** Below this many bytes a copy is an ordinary one: small pieces are likely to be written again soon. */
    public static final int SMALLEST = 4096;

    /** Most bytes in one call: some ten microseconds. */
    private static final long PIECE = 256L << 10;
    /** What the loop moves at a time, and a line. */
    private static final long LINE = 64;

    /*
     * void copy(rdi destination, rsi source, rdx length), length more than 0 and a multiple of 64, destination aligned to 16.
     *
     *   1: movdqu   xmm0..3, [rsi + 0, 16, 32, 48]
     *      movntdq  [rdi + 0, 16, 32, 48], xmm0..3
     *      add      rsi, 64
     *      add      rdi, 64
     *      sub      rdx, 64
     *      jne      1b
     *      sfence                    ; streaming stores are not ordered among others without it
     *      ret
     */
    private static final byte[] CODE = bytes(
        0xf3, 0x0f, 0x6f, 0x06, 0xf3, 0x0f, 0x6f, 0x4e, 0x10, 0xf3, 0x0f, 0x6f, 0x56, 0x20, 0xf3, 0x0f, 0x6f, 0x5e, 0x30,
        0x66, 0x0f, 0xe7, 0x07, 0x66, 0x0f, 0xe7, 0x4f, 0x10, 0x66, 0x0f, 0xe7, 0x57, 0x20, 0x66, 0x0f, 0xe7, 0x5f, 0x30,
        0x48, 0x83, 0xc6, 0x40, 0x48, 0x83, 0xc7, 0x40, 0x48, 0x83, 0xea, 0x40, 0x75, 0xcc, 0x0f, 0xae, 0xf8, 0xc3);

    private static final MethodHandle COPY = link();

    private StreamingCopy() {
    }

    /**
     * Whether copies go past the caches here; otherwise they are ordinary ones.
     *
     * @return whether they do
     */
    public static boolean isAvailable() {
        return COPY != null;
    }

    /**
     * Copies between absolute addresses of anonymous memory. The ranges may not overlap. What is written is visible to others as
     * after an ordinary copy.
     *
     * @param source      first byte to read
     * @param destination first byte to write
     * @param length      bytes, 0 or more
     */
    public static void copy(final long source, final long destination, final long length) {
        if (COPY == null || length < SMALLEST) {
            OffHeap.copy(source, destination, length);
            return;
        }
        // Whole lines only: a line that is written in part is read first after all, and by its parts.
        final long head = -destination & LINE - 1;
        final long end = head + (length - head & -LINE);
        OffHeap.copy(source, destination, head);
        for (long done = head; done < end; done += PIECE) {
            call(destination + done, source + done, Math.min(PIECE, end - done));
        }
        OffHeap.copy(source + end, destination + end, length - end);
    }

    private static void call(final long destination, final long source, final long length) {
        try {
            COPY.invokeExact(destination, source, length);
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new LinkageError("streaming copy", e);
        }
    }

    private static MethodHandle link() {
        if (!System.getProperty("os.arch").equals("amd64") || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            return null;
        }
        final long code = NativeMemory.executable(CODE);
        return code == 0 ? null : Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(code),
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
            Linker.Option.critical(false));
    }

    private static byte[] bytes(final int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
