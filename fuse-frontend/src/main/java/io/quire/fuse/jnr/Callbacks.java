package io.quire.fuse.jnr;

import jnr.ffi.annotations.Delegate;

/**
 * The shapes of libfuse's operations. All arguments are 64-bit words: an {@code int} or {@code mode_t} arrives in a
 * register or an 8-byte stack slot of its own in the calling conventions of x86-64 and arm64, with an undefined upper
 * half, so the receiver narrows it. No operation returns anything. The interfaces are public for jnr-ffi only.
 */
final class Callbacks {
    private Callbacks() {
    }

    /** Two words. */
    public interface Words2 {
        @Delegate
        void call(long a, long b);
    }

    /** Three words. */
    public interface Words3 {
        @Delegate
        void call(long a, long b, long c);
    }

    /** Four words. */
    public interface Words4 {
        @Delegate
        void call(long a, long b, long c, long d);
    }

    /** Five words. */
    public interface Words5 {
        @Delegate
        void call(long a, long b, long c, long d, long e);
    }

    /** Six words. */
    public interface Words6 {
        @Delegate
        void call(long a, long b, long c, long d, long e, long f);
    }
}
