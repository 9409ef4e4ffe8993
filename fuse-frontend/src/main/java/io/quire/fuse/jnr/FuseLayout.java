package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;

import jnr.ffi.Runtime;

import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * Where libfuse 2.9 keeps what, on 64-bit Linux. {@code struct stat} and {@code struct statvfs} differ between
 * processors: their offsets come from jnr-fuse's descriptions of them.
 *
 * <pre>
 * struct fuse_file_info                  struct fuse_entry_param
 *   0 int    flags                         0 u64    ino
 *   8 ulong  fh_old                        8 u64    generation
 *  16 int    writepage                    16 struct stat attr
 *  20 bits   direct_io, keep_cache,        + double attr_timeout
 *            flush, nonseekable,           + double entry_timeout
 *            flock_release
 *  24 u64    fh                          struct fuse_ctx
 *  32 u64    lock_owner                    0 uid_t  4 gid_t  8 pid_t  12 umask
 * </pre>
 */
final class FuseLayout {
    static final int FILE_INFO_FH_OFFSET = 24;

    static final int CONTEXT_UMASK_OFFSET = 12;

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

    /** In the kernel's own message, behind its header: what libfuse 2.9 does not hand on. */
    static final int SETATTR_KILL_SUIDGID = 1 << 11;

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

    static final int STAT_SIZE;
    static final int STAT_DEV_OFFSET;
    static final int STAT_INO_OFFSET;
    static final int STAT_MODE_OFFSET;
    static final int STAT_NLINK_OFFSET;
    static final int STAT_NLINK_SIZE;
    static final int STAT_UID_OFFSET;
    static final int STAT_GID_OFFSET;
    static final int STAT_RDEV_OFFSET;
    static final int STAT_SIZE_OFFSET;
    static final int STAT_BLKSIZE_OFFSET;
    static final int STAT_BLKSIZE_SIZE;
    static final int STAT_BLOCKS_OFFSET;
    static final int STAT_ATIME_OFFSET;
    static final int STAT_MTIME_OFFSET;
    static final int STAT_CTIME_OFFSET;
    static final int TIMESPEC_NANOS_OFFSET;

    static final int ENTRY_NODE_OFFSET = 0;
    static final int ENTRY_GENERATION_OFFSET = 8;
    static final int ENTRY_ATTRIBUTES_OFFSET = 16;
    static final int ENTRY_ATTRIBUTES_TIMEOUT_OFFSET;
    static final int ENTRY_TIMEOUT_OFFSET;
    static final int ENTRY_SIZE;

    static final int STATVFS_SIZE;
    static final int STATVFS_BSIZE_OFFSET;
    static final int STATVFS_FRSIZE_OFFSET;
    static final int STATVFS_BLOCKS_OFFSET;
    static final int STATVFS_BFREE_OFFSET;
    static final int STATVFS_BAVAIL_OFFSET;
    static final int STATVFS_FILES_OFFSET;
    static final int STATVFS_FFREE_OFFSET;
    static final int STATVFS_FAVAIL_OFFSET;
    static final int STATVFS_NAMEMAX_OFFSET;

    static {
        final Runtime runtime = Runtime.getSystemRuntime();
        final FileStat stat = new FileStat(runtime);
        STAT_SIZE = jnr.ffi.Struct.size(stat);
        STAT_DEV_OFFSET = (int) stat.st_dev.offset();
        STAT_INO_OFFSET = (int) stat.st_ino.offset();
        STAT_MODE_OFFSET = (int) stat.st_mode.offset();
        STAT_NLINK_OFFSET = (int) stat.st_nlink.offset();
        STAT_UID_OFFSET = (int) stat.st_uid.offset();
        STAT_GID_OFFSET = (int) stat.st_gid.offset();
        STAT_RDEV_OFFSET = (int) stat.st_rdev.offset();
        STAT_SIZE_OFFSET = (int) stat.st_size.offset();
        STAT_BLKSIZE_OFFSET = (int) stat.st_blksize.offset();
        STAT_BLOCKS_OFFSET = (int) stat.st_blocks.offset();
        STAT_ATIME_OFFSET = (int) stat.st_atim.tv_sec.offset();
        STAT_MTIME_OFFSET = (int) stat.st_mtim.tv_sec.offset();
        STAT_CTIME_OFFSET = (int) stat.st_ctim.tv_sec.offset();
        TIMESPEC_NANOS_OFFSET = (int) (stat.st_mtim.tv_nsec.offset() - stat.st_mtim.tv_sec.offset());
        // The generic layout of newer ports (arm64, riscv64) has 4-byte nlink and blksize; x86-64 has 8-byte ones.
        final boolean generic = STAT_MODE_OFFSET < STAT_NLINK_OFFSET;
        STAT_NLINK_SIZE = generic ? Integer.BYTES : Long.BYTES;
        STAT_BLKSIZE_SIZE = generic ? Integer.BYTES : Long.BYTES;

        ENTRY_ATTRIBUTES_TIMEOUT_OFFSET = ENTRY_ATTRIBUTES_OFFSET + STAT_SIZE;
        ENTRY_TIMEOUT_OFFSET = ENTRY_ATTRIBUTES_TIMEOUT_OFFSET + Double.BYTES;
        ENTRY_SIZE = ENTRY_TIMEOUT_OFFSET + Double.BYTES;

        final Statvfs statvfs = new Statvfs(runtime);
        STATVFS_SIZE = jnr.ffi.Struct.size(statvfs);
        STATVFS_BSIZE_OFFSET = (int) statvfs.f_bsize.offset();
        STATVFS_FRSIZE_OFFSET = (int) statvfs.f_frsize.offset();
        STATVFS_BLOCKS_OFFSET = (int) statvfs.f_blocks.offset();
        STATVFS_BFREE_OFFSET = (int) statvfs.f_bfree.offset();
        STATVFS_BAVAIL_OFFSET = (int) statvfs.f_bavail.offset();
        STATVFS_FILES_OFFSET = (int) statvfs.f_files.offset();
        STATVFS_FFREE_OFFSET = (int) statvfs.f_ffree.offset();
        STATVFS_FAVAIL_OFFSET = (int) statvfs.f_favail.offset();
        STATVFS_NAMEMAX_OFFSET = (int) statvfs.f_namemax.offset();
    }

    private FuseLayout() {
    }

    static long fileHandle(final long fileInfo) {
        return fileInfo == 0 ? 0 : OffHeap.getLong(fileInfo + FILE_INFO_FH_OFFSET);
    }

    /**
     * Copies a name that libfuse passed, byte for byte.
     *
     * @param address of a string that ends with a NUL
     * @return its bytes without the NUL
     */
    static byte[] string(final long address) {
        int length = 0;
        while (OffHeap.getByte(address + length) != 0) {
            length++;
        }
        final byte[] bytes = new byte[length];
        OffHeap.copyToArray(address, bytes, 0, length);
        return bytes;
    }
}
