package io.quire.fuse.vfs;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.store.Posix;

/** A regular file that the kernel has open. */
final class FileHandle {
    final Inode inode;
    final FileData data;
    final int flags;
    /** Set once, before the handle is published. */
    CachedFile file;

    FileHandle(final Inode inode, final int flags) {
        this.inode = inode;
        this.data = inode.needData();
        this.flags = flags;
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
