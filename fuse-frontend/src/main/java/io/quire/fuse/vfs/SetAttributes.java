package io.quire.fuse.vfs;

/**
 * What a setattr changes; which fields count is told by a mask of the constants here, which are the kernel's FATTR bits
 * and libfuse's FUSE_SET_ATTR bits. A mutable holder owned by one worker thread; not thread-safe.
 */
public final class SetAttributes {
    /** Set the permission bits. */
    public static final int MODE = 1;
    /** Set the owner. */
    public static final int UID = 1 << 1;
    /** Set the group. */
    public static final int GID = 1 << 2;
    /** Set the size. */
    public static final int SIZE = 1 << 3;
    /** Set the access time. */
    public static final int ATIME = 1 << 4;
    /** Set the modification time. */
    public static final int MTIME = 1 << 5;
    /** Set the access time to the present (with or without {@link #ATIME}). */
    public static final int ATIME_NOW = 1 << 7;
    /** Set the modification time to the present (with or without {@link #MTIME}). */
    public static final int MTIME_NOW = 1 << 8;

    /** New mode; only the permission bits count. */
    public int mode;
    /** New owner. */
    public int uid;
    /** New group. */
    public int gid;
    /** New size, bytes. */
    public long size;
    /** New access time, whole seconds since the epoch. */
    public long atimeSeconds;
    /** New access time, nanoseconds within the second. */
    public int atimeNanos;
    /** New modification time, whole seconds since the epoch. */
    public long mtimeSeconds;
    /** New modification time, nanoseconds within the second. */
    public int mtimeNanos;

    /** Makes an empty holder. */
    public SetAttributes() {
        mode = 0;
    }
}
