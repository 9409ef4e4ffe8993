package io.quire.fuse.jnr;

/**
 * Where libfuse 2.9 keeps the terms of a connection ({@code struct fuse_conn_info}), and the kernel what INIT says and
 * what a directory entry consists of.
 */
final class FuseLayout {
    static final int CONNECTION_ASYNC_READ_OFFSET = 8;
    static final int CONNECTION_MAX_WRITE_OFFSET = 12;
    static final int CONNECTION_MAX_READAHEAD_OFFSET = 16;
    static final int CONNECTION_CAPABLE_OFFSET = 20;
    static final int CONNECTION_WANT_OFFSET = 24;
    static final int CONNECTION_MAX_BACKGROUND_OFFSET = 28;
    static final int CONNECTION_CONGESTION_OFFSET = 32;
    static final int CAP_ASYNC_READ = 1;
    static final int CAP_ATOMIC_O_TRUNC = 1 << 3;
    static final int CAP_BIG_WRITES = 1 << 5;
    static final int CAP_DONT_MASK = 1 << 6;

    static final int DIRENT_NODE_OFFSET = 0;
    static final int DIRENT_NEXT_OFFSET = 8;
    static final int DIRENT_NAME_LENGTH_OFFSET = 16;
    static final int DIRENT_TYPE_OFFSET = 20;
    static final int DIRENT_NAME_OFFSET = 24;

    static final int INIT_IN_FLAGS_OFFSET = 12;
    static final int INIT_IN_FLAGS2_OFFSET = 16;
    static final int INIT_OUT_MINOR_OFFSET = 4;
    static final int INIT_OUT_MAX_READAHEAD_OFFSET = 8;
    static final int INIT_OUT_FLAGS_OFFSET = 12;
    static final int INIT_OUT_BACKGROUND_OFFSET = 16;
    static final int INIT_OUT_MAX_WRITE_OFFSET = 20;
    static final int INIT_OUT_FLAGS2_OFFSET = 32;
    static final int INIT_OUT_MAX_PAGES_OFFSET = 28;
    static final int INIT_OUT_SIZE = 64;
    static final int INIT_ASYNC_DIO = 1 << 15;
    static final int INIT_PARALLEL_DIROPS = 1 << 18;
    static final int INIT_POSIX_ACL = 1 << 20;
    static final int INIT_MAX_PAGES = 1 << 22;
    static final int INIT_HANDLE_KILLPRIV_V2 = 1 << 28;
    /** There is a second word of flags. */
    static final int INIT_EXT = 1 << 30;
    /** In the second word. */
    static final int INIT2_DIRECT_IO_ALLOW_MMAP = 1 << 4;

    private FuseLayout() {
    }
}
