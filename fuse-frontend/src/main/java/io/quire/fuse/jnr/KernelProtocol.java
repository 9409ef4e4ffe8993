package io.quire.fuse.jnr;

/**
 * Where the kernel's own messages, protocol 7.19, keep what. Offsets of a request's body count from the end of its
 * header, those of an answer's from the end of the answer's header.
 *
 * <pre>
 * request header, 40 bytes                 answer header, 16 bytes
 *   0 u32 length    4 u32 opcode             0 u32 length    4 s32 error, 0 or negative
 *   8 u64 unique   16 u64 node               8 u64 unique
 *  24 u32 uid      28 u32 gid
 *  32 u32 pid      36 (extensions)
 * </pre>
 */
final class KernelProtocol {
    static final int LENGTH_OFFSET = 0;
    static final int OPCODE_OFFSET = 4;
    static final int UNIQUE_OFFSET = 8;
    static final int NODE_OFFSET = 16;
    static final int UID_OFFSET = 24;
    static final int GID_OFFSET = 28;
    static final int PID_OFFSET = 32;
    static final int HEADER_SIZE = 40;

    static final int ANSWER_ERROR_OFFSET = 4;
    static final int ANSWER_UNIQUE_OFFSET = 8;
    static final int ANSWER_HEADER_SIZE = 16;

    static final int LOOKUP = 1;
    static final int FORGET = 2;
    static final int GETATTR = 3;
    static final int SETATTR = 4;
    static final int READLINK = 5;
    static final int SYMLINK = 6;
    static final int MKNOD = 8;
    static final int MKDIR = 9;
    static final int UNLINK = 10;
    static final int RMDIR = 11;
    static final int RENAME = 12;
    static final int LINK = 13;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int WRITE = 16;
    static final int STATFS = 17;
    static final int RELEASE = 18;
    static final int FSYNC = 20;
    static final int SETXATTR = 21;
    static final int GETXATTR = 22;
    static final int LISTXATTR = 23;
    static final int REMOVEXATTR = 24;
    static final int FLUSH = 25;
    static final int INIT = 26;
    static final int OPENDIR = 27;
    static final int READDIR = 28;
    static final int RELEASEDIR = 29;
    static final int FSYNCDIR = 30;
    static final int ACCESS = 34;
    static final int CREATE = 35;
    static final int INTERRUPT = 36;
    static final int IOCTL = 39;
    static final int BATCH_FORGET = 42;
    static final int FALLOCATE = 43;

    static final int FORGET_IN_SIZE = 8;
    static final int BATCH_FORGET_IN_SIZE = 8;
    static final int FORGET_ONE_SIZE = 16;

    static final int GETATTR_IN_SIZE = 16;
    static final int GETATTR_FH_OFFSET = 8;
    static final int GETATTR_HAS_FH = 1;

    static final int SETATTR_IN_SIZE = 88;
    static final int SETATTR_FH_OFFSET = 8;
    static final int SETATTR_SIZE_OFFSET = 16;
    static final int SETATTR_ATIME_OFFSET = 32;
    static final int SETATTR_MTIME_OFFSET = 40;
    static final int SETATTR_ATIME_NANOS_OFFSET = 56;
    static final int SETATTR_MTIME_NANOS_OFFSET = 60;
    static final int SETATTR_MODE_OFFSET = 68;
    static final int SETATTR_UID_OFFSET = 76;
    static final int SETATTR_GID_OFFSET = 80;
    /** In {@code valid}, beside the bits of {@link io.quire.fuse.vfs.SetAttributes}. */
    static final int SETATTR_HAS_FH = 1 << 6;
    static final int SETATTR_KILL_SUIDGID = 1 << 11;

    static final int MKNOD_IN_SIZE = 16;
    static final int MKNOD_DEVICE_OFFSET = 4;
    static final int MKNOD_UMASK_OFFSET = 8;
    static final int MKDIR_IN_SIZE = 8;
    static final int MKDIR_UMASK_OFFSET = 4;
    static final int RENAME_IN_SIZE = 8;
    static final int LINK_IN_SIZE = 8;
    static final int ACCESS_IN_SIZE = 8;
    static final int GETXATTR_IN_SIZE = 8;
    /** Without SETXATTR_EXT, which is not negotiated. */
    static final int SETXATTR_IN_SIZE = 8;
    static final int SETXATTR_FLAGS_OFFSET = 4;

    static final int FALLOCATE_IN_SIZE = 32;
    static final int FALLOCATE_OFFSET_OFFSET = 8;
    static final int FALLOCATE_LENGTH_OFFSET = 16;
    static final int FALLOCATE_MODE_OFFSET = 24;

    static final int OPEN_IN_SIZE = 8;
    static final int OPEN_IN_FLAGS_OFFSET = 4;
    static final int OPEN_KILL_SUIDGID = 1;
    static final int FOPEN_DIRECT_IO = 1;
    static final int FOPEN_KEEP_CACHE = 1 << 1;
    /** Known since Linux 5.16, whatever version was agreed on; older kernels pass it over. */
    static final int FOPEN_NOFLUSH = 1 << 5;

    static final int CREATE_IN_SIZE = 16;
    static final int CREATE_MODE_OFFSET = 4;
    static final int CREATE_UMASK_OFFSET = 8;

    /** READ, READDIR and WRITE begin alike; what is written follows. */
    static final int TRANSFER_IN_SIZE = 40;
    static final int TRANSFER_OFFSET_OFFSET = 8;
    static final int TRANSFER_SIZE_OFFSET = 16;
    static final int TRANSFER_FLAGS_OFFSET = 20;
    static final int TRANSFER_OPEN_FLAGS_OFFSET = 32;
    static final int WRITE_FROM_PAGES = 1;
    static final int WRITE_KILL_SUIDGID = 1 << 2;

    /** RELEASE, RELEASEDIR, FLUSH, FSYNC and FSYNCDIR begin with the handle. */
    static final int RELEASE_IN_SIZE = 24;
    static final int FLUSH_IN_SIZE = 24;
    static final int FSYNC_IN_SIZE = 16;
    static final int FSYNC_FLAGS_OFFSET = 8;
    static final int FSYNC_DATA_ONLY = 1;

    static final int ATTRIBUTES_SIZE = 88;
    static final int ENTRY_OUT_SIZE = 40 + ATTRIBUTES_SIZE;
    static final int ATTR_OUT_SIZE = 16 + ATTRIBUTES_SIZE;
    static final int OPEN_OUT_SIZE = 16;
    static final int WRITE_OUT_SIZE = 8;
    static final int STATFS_OUT_SIZE = 80;
    static final int GETXATTR_OUT_SIZE = 8;

    private KernelProtocol() {
    }
}
