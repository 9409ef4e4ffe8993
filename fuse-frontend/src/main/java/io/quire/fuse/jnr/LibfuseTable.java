package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;

import jnr.ffi.Runtime;

/**
 * libfuse's table of operations ({@code struct fuse_lowlevel_ops}). Only INIT is in it: the requests that have an operation
 * are decoded without libfuse, and it answers what it is handed besides with ENOSYS. getlk, setlk, flock and bmap are
 * missing on purpose: the kernel keeps locks itself then (F8). Confined to the thread that mounts.
 */
final class LibfuseTable {
    /** Bytes of the table: 41 pointers, INIT the first. */
    static final long SIZE = 41 * (long) Long.BYTES;

    private final Scratch table = new Scratch(SIZE);
    /** jnr-ffi keeps only weak references to the receivers of closures (F6). */
    private final Callbacks.Words2 init;

    /**
     * Builds the table.
     *
     * @param init the operation that negotiates the connection; it is called with the address of {@code struct
     *             fuse_conn_info} second and must not throw (F2)
     */
    LibfuseTable(final Callbacks.Words2 init) {
        this.init = init;
        OffHeap.putLong(table.address(), Runtime.getSystemRuntime().getClosureManager()
            .getClosurePointer(Callbacks.Words2.class, this.init).address());
    }

    /**
     * The table for libfuse.
     *
     * @return its address, valid until {@link #free}
     */
    long address() {
        return table.address();
    }

    /** Frees the table; libfuse has copied it. The closure stays while this object is reachable. */
    void free() {
        table.close();
    }
}
