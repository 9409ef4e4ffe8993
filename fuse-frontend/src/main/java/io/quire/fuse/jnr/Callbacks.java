package io.quire.fuse.jnr;

import jnr.ffi.annotations.Delegate;

/** The shapes of functions that libfuse calls. The interfaces are public for jnr-ffi only. */
final class Callbacks {
    private Callbacks() {
    }

    /** Two words. */
    public interface Words2 {
        @Delegate
        void call(long a, long b);
    }
}
