package io.quire.fuse.jnr;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.IgnoreError;

/**
 * libfuse 2.9's low-level functions. Pointers, handles of requests included, are raw addresses; the errors that the
 * functions return are negative error numbers, so {@code errno} is not saved and jnr-ffi can bind each function by a
 * stub of its own.
 */
final class Libfuse {
    /** The library under the name that every distribution installs for running programs. */
    static final String NAME = "libfuse.so.2";

    private Libfuse() {
    }

    /**
     * Loads the library.
     *
     * @return its functions
     * @throws UnsatisfiedLinkError when it is not installed
     */
    static Functions load() {
        return LibraryLoader.create(Functions.class).failImmediately().load(NAME);
    }

    /** The functions, named as in {@code fuse_lowlevel.h} and {@code fuse_common.h}; public for jnr-ffi only. */
    public interface Functions {
        @IgnoreError
        int fuse_version();

        @IgnoreError
        void fuse_opt_free_args(long arguments);

        @IgnoreError
        long fuse_mount(long mountPoint, long arguments);

        @IgnoreError
        void fuse_unmount(long mountPoint, long channel);

        @IgnoreError
        int fuse_chan_fd(long channel);

        @IgnoreError
        int fuse_chan_send(long channel, long vector, long count);

        @IgnoreError
        long fuse_lowlevel_new(long arguments, long operations, long operationsSize, long userData);

        @IgnoreError
        void fuse_session_add_chan(long session, long channel);

        @IgnoreError
        void fuse_session_process(long session, long buffer, long length, long channel);

        @IgnoreError
        void fuse_session_exit(long session);

        @IgnoreError
        int fuse_session_exited(long session);

        @IgnoreError
        void fuse_session_destroy(long session);

        @IgnoreError
        int fuse_lowlevel_notify_inval_inode(long channel, long node, long offset, long length);

        @IgnoreError
        int fuse_lowlevel_notify_inval_entry(long channel, long parent, long name, long nameLength);
    }
}
