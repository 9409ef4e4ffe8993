package io.quire.fuse.vfs;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.store.Posix;

/** A regular file that the kernel has open. */
final class FileHandle {
    final Inode inode;
    final FileData data;
    final int flags;
    private final boolean made;
    /** Set once, before the handle is published. */
    CachedFile file;

    /** {@code made}: the file was made by the request that opens it. */
    FileHandle(final Inode inode, final int flags, final boolean made) {
        this.inode = inode;
        this.data = inode.needData();
        this.flags = flags;
        this.made = made;
    }

    /**
     * Whether the kernel has to tell of closing, so that the attributes after the last write are looked at before others can change
     * the file. What is not written needs no look. New files are mostly written once: looking after each write is cheaper than
     * a request.
     */
    boolean needsFlush() {
        return writes() && !made;
    }

    boolean writes() {
        return (flags & Posix.O_ACCMODE) != Posix.O_RDONLY;
    }

    /** Whether each write has to reach stable storage. */
    boolean syncs() {
        return (flags & Posix.O_DSYNC) != 0;
    }

    /** Whether that need not include attributes. */
    boolean syncsDataOnly() {
        return (flags & Posix.O_SYNC) == Posix.O_DSYNC;
    }
}
