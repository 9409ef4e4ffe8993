package io.quire.engine.store;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

import io.quire.engine.memory.OffHeap;

/**
 * What one thread needs around a system call: where errno is captured, room for two names, for a small result and, once
 * it was asked for, for an attribute value. Lives as long as its thread; used by that thread only.
 *
 * <pre>
 *   0       64         576         4688        8800
 *   | errno | result   | name 0    | name 1    |
 * </pre>
 */
final class CallScratch {
    /** Longest name or path without its NUL: the kernel's PATH_MAX less one. */
    static final int MAX_NAME = 4095;
    /** Bytes at {@link #result()}. */
    static final int RESULT_SIZE = 512;
    /** Bytes at {@link #value()}: the kernel's XATTR_SIZE_MAX and XATTR_LIST_MAX. */
    static final int VALUE_SIZE = 1 << 16;

    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final int RESULT_OFFSET = 64;
    private static final int NAME_OFFSET = RESULT_OFFSET + RESULT_SIZE;
    private static final int NAME_SIZE = MAX_NAME + 17;
    private static final int SIZE = NAME_OFFSET + 2 * NAME_SIZE;

    private static final ThreadLocal<CallScratch> CURRENT = ThreadLocal.withInitial(CallScratch::new);

    /** Covers the whole block: as an argument of the call it also keeps the raw addresses inside it alive. */
    private final MemorySegment state;
    private final long base;
    private MemorySegment value;

    private CallScratch() {
        assert CAPTURE.byteSize() <= RESULT_OFFSET;
        state = Arena.ofAuto().allocate(SIZE, 64);
        base = state.address();
    }

    /** The calling thread's own. */
    static CallScratch get() {
        return CURRENT.get();
    }

    /** The first argument of every handle. */
    MemorySegment state() {
        return state;
    }

    /** Follows the system call convention: -1 becomes the negative errno. */
    int result(final int result) {
        return result == -1 ? -OffHeap.getInt(base + ERRNO_OFFSET) : result;
    }

    /** Follows the system call convention: -1 becomes the negative errno. */
    long result(final long result) {
        return result == -1 ? -OffHeap.getInt(base + ERRNO_OFFSET) : result;
    }

    /** Address of {@link #RESULT_SIZE} bytes for a result or a small argument. */
    long result() {
        return base + RESULT_OFFSET;
    }

    /** Address of {@link #VALUE_SIZE} bytes. */
    long value() {
        MemorySegment segment = value;
        if (segment == null) {
            segment = Arena.ofAuto().allocate(VALUE_SIZE, 64);
            value = segment;
        }
        return segment.address();
    }

    /**
     * Copies the first name of a call and appends a NUL.
     *
     * @return its address, or negative errno: ENAMETOOLONG, or EINVAL for a name that has a NUL inside, which the
     *         kernel would take for another, shorter name
     */
    long name(final byte[] name) {
        return copy(name, base + NAME_OFFSET);
    }

    /** Copies the second name of a call; otherwise as {@link #name}. */
    long secondName(final byte[] name) {
        return copy(name, base + NAME_OFFSET + NAME_SIZE);
    }

    private static long copy(final byte[] name, final long target) {
        if (name.length > MAX_NAME) {
            return -Errno.ENAMETOOLONG;
        }
        for (final byte b : name) {
            if (b == 0) {
                return -Errno.EINVAL;
            }
        }
        OffHeap.copyFromArray(name, 0, target, name.length);
        OffHeap.putByte(target + name.length, (byte) 0);
        return target;
    }
}
