package io.quire.fuse.jnr;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import io.quire.engine.memory.OffHeap;

import org.agrona.UnsafeApi;

/**
 * A zero-filled block of native memory, with typed access at offsets that are checked when assertions are on. Not
 * thread-safe: each belongs to one thread. {@link #close} frees it; nothing may use the address afterwards.
 */
final class Scratch implements AutoCloseable {
    private static final long PAGE = 4096;

    private final long raw;
    private final long address;
    private final long size;

    /**
     * Allocates.
     *
     * @param size bytes; the block starts on a page boundary, so that the kernel copies whole pages
     */
    Scratch(final long size) {
        this(size, true);
    }

    private Scratch(final long size, final boolean zeroed) {
        this.size = size;
        raw = UnsafeApi.allocateMemory(size + PAGE);
        address = (raw + PAGE - 1) & -PAGE;
        if (zeroed) {
            OffHeap.zero(address, size);
        }
    }

    /**
     * A block with whatever is in it: a large one takes memory only where it is used.
     *
     * @param size bytes
     * @return the block
     */
    static Scratch uninitialised(final long size) {
        return new Scratch(size, false);
    }

    /**
     * A string for a C function, in the encoding of the file system's names.
     *
     * @param text no NUL in it
     * @return memory that holds the text and a NUL
     */
    static Scratch string(final String text) {
        final byte[] bytes = text.getBytes(nativeCharset());
        final Scratch memory = new Scratch(bytes.length + 1L);
        OffHeap.copyFromArray(bytes, 0, memory.address, bytes.length);
        return memory;
    }

    /**
     * A block of pointers.
     *
     * @param values what to store, in order
     * @return memory that holds them
     */
    static Scratch pointers(final long... values) {
        final Scratch memory = new Scratch(values.length * (long) Long.BYTES);
        for (int i = 0; i < values.length; i++) {
            OffHeap.putLong(memory.address + i * (long) Long.BYTES, values[i]);
        }
        return memory;
    }

    /** The encoding of file names in this process. */
    static Charset nativeCharset() {
        final String name = System.getProperty("sun.jnu.encoding");
        return name != null && Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.UTF_8;
    }

    long address() {
        return address;
    }

    long size() {
        return size;
    }

    @Override
    public void close() {
        UnsafeApi.freeMemory(raw);
    }
}
