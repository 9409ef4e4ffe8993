package io.quire.engine.store;

/**
 * What {@code statx(2)} says of a file, decoded. A mutable holder that is reused; not thread-safe.
 *
 * <p>Ids and counts that are unsigned in C are kept as the same bits. Times are seconds since the epoch, negative before
 * it, and nanoseconds 0 to 999,999,999 that are added to them.
 */
public final class Attributes {
    /** Which fields the file system filled in: bits {@code PosixAttributes.STATX_*}. */
    public int mask;
    /** Properties of the file: bits {@code PosixAttributes.STATX_ATTR_*}. */
    public long flags;
    /** Inode number. */
    public long ino;
    /** Device that holds the file, as a 64-bit {@code dev_t} of glibc. */
    public long dev;
    /** Type and permissions: bits {@code PosixAttributes.S_*}. */
    public int mode;
    /** Number of hard links, unsigned. */
    public int nlink;
    /** Owner, unsigned. */
    public int uid;
    /** Group, unsigned. */
    public int gid;
    /** Device that the file stands for, when it is a device, as a 64-bit {@code dev_t} of glibc. */
    public long rdev;
    /** Size in bytes. */
    public long size;
    /** Space in use, in units of 512 bytes. */
    public long blocks;
    /** Preferred transfer size in bytes. */
    public int blockSize;
    /** Last access, seconds. */
    public long atimeSeconds;
    /** Last access, nanoseconds. */
    public int atimeNanos;
    /** Last change of the contents, seconds. */
    public long mtimeSeconds;
    /** Last change of the contents, nanoseconds. */
    public int mtimeNanos;
    /** Last change of contents or attributes, seconds. */
    public long ctimeSeconds;
    /** Last change of contents or attributes, nanoseconds. */
    public int ctimeNanos;
    /** Creation, seconds; 0 unless {@link #mask} has {@code STATX_BTIME}. */
    public long btimeSeconds;
    /** Creation, nanoseconds; 0 unless {@link #mask} has {@code STATX_BTIME}. */
    public int btimeNanos;
    /** The mount that the file was reached through; 0 unless {@link #mask} has {@code STATX_MNT_ID}. */
    public long mountId;

    /** Makes an empty holder. */
    public Attributes() {
        mask = 0;
    }

    /**
     * The type of the file.
     *
     * @return one of {@code PosixAttributes.S_IF*}
     */
    public int type() {
        return mode & PosixAttributes.S_IFMT;
    }

    /**
     * Whether it is a directory.
     *
     * @return true for S_IFDIR
     */
    public boolean isDirectory() {
        return type() == PosixAttributes.S_IFDIR;
    }

    /**
     * Whether it is a regular file.
     *
     * @return true for S_IFREG
     */
    public boolean isRegular() {
        return type() == PosixAttributes.S_IFREG;
    }

    /**
     * Whether it is a symbolic link.
     *
     * @return true for S_IFLNK
     */
    public boolean isSymbolicLink() {
        return type() == PosixAttributes.S_IFLNK;
    }

    /**
     * Takes over every field of another holder.
     *
     * @param other where from
     */
    public void copyFrom(final Attributes other) {
        mask = other.mask;
        flags = other.flags;
        ino = other.ino;
        dev = other.dev;
        mode = other.mode;
        nlink = other.nlink;
        uid = other.uid;
        gid = other.gid;
        rdev = other.rdev;
        size = other.size;
        blocks = other.blocks;
        blockSize = other.blockSize;
        atimeSeconds = other.atimeSeconds;
        atimeNanos = other.atimeNanos;
        mtimeSeconds = other.mtimeSeconds;
        mtimeNanos = other.mtimeNanos;
        ctimeSeconds = other.ctimeSeconds;
        ctimeNanos = other.ctimeNanos;
        btimeSeconds = other.btimeSeconds;
        btimeNanos = other.btimeNanos;
        mountId = other.mountId;
    }

    /**
     * Hands on what tells of a change behind the cache.
     *
     * @param target its size and times are set; times wrap around outside the years 1678 to 2262, which keeps them
     *               different from one another
     */
    public void copyTo(final StoreAttributes target) {
        target.size = size;
        target.modified = mtimeSeconds * 1_000_000_000L + mtimeNanos;
        target.changed = ctimeSeconds * 1_000_000_000L + ctimeNanos;
    }

    @Override
    public String toString() {
        return "inode " + ino + " of device " + dev + ", mode 0" + Integer.toOctalString(mode) + ", size " + size
            + ", links " + Integer.toUnsignedString(nlink) + ", owner " + Integer.toUnsignedString(uid) + ":"
            + Integer.toUnsignedString(gid);
    }
}
