package io.quire.fuse.vfs;

import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.PosixAttributes;
import io.quire.engine.store.SourceNode;

/** Reading and changing attributes; a size is changed by {@link DataOperations}. Thread-safe. */
final class AttributeOperations {
    private static final int TIMES = SetAttributes.ATIME | SetAttributes.MTIME | SetAttributes.ATIME_NOW
        | SetAttributes.MTIME_NOW;
    private static final int KEEP_ID = -1;

    private final DirectoryStore store;
    private final VfsOptions options;
    private final InodeTable inodes;
    private final AttributeReader attributes;
    private final DataOperations data;

    AttributeOperations(final DirectoryStore store, final VfsOptions options, final InodeTable inodes,
                        final AttributeReader attributes, final DataOperations data) {
        this.store = store;
        this.options = options;
        this.inodes = inodes;
        this.attributes = attributes;
        this.data = data;
    }

    int getattr(final long node, final Attributes out) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : attributes.tell(inode, out);
    }

    int setattr(final long node, final long fh, final int valid, final SetAttributes in, final Attributes out) {
        final Inode inode = inodes.get(node);
        final int refused = inodes.refuseChange(inode);
        if (refused < 0) {
            return refused;
        }
        int result = (valid & SetAttributes.SIZE) == 0 ? 0 : data.truncate(inode, fh, in.size);
        if (result == 0 && (valid & ~SetAttributes.SIZE) != 0) {
            result = change(inode.source, valid, in);
        }
        return result < 0 ? result : attributes.tellAfterChange(inode, out);
    }

    /** Owner first, since that clears set-id bits which a mode given with it may set again; times last. */
    private static int change(final SourceNode node, final int valid, final SetAttributes in) {
        int result = 0;
        if ((valid & (SetAttributes.UID | SetAttributes.GID)) != 0) {
            result = node.chown((valid & SetAttributes.UID) != 0 ? in.uid : KEEP_ID,
                (valid & SetAttributes.GID) != 0 ? in.gid : KEEP_ID);
        }
        if (result == 0 && (valid & SetAttributes.MODE) != 0) {
            result = node.chmod(in.mode);
        }
        if (result == 0 && (valid & TIMES) != 0) {
            result = node.utimens(in.atimeSeconds,
                nanos(valid, SetAttributes.ATIME, SetAttributes.ATIME_NOW, in.atimeNanos), in.mtimeSeconds,
                nanos(valid, SetAttributes.MTIME, SetAttributes.MTIME_NOW, in.mtimeNanos));
        }
        return result;
    }

    private static int nanos(final int valid, final int set, final int now, final int nanos) {
        if ((valid & now) != 0) {
            return PosixAttributes.UTIME_NOW;
        }
        return (valid & set) != 0 ? nanos : PosixAttributes.UTIME_OMIT;
    }

    int access(final long node, final int mask) {
        final Inode inode = inodes.get(node);
        if (inode == null) {
            return -Errno.ESTALE;
        }
        // The kernel has checked the permissions by the attributes it has.
        return (mask & PosixAttributes.W_OK) != 0 && options.readOnly() ? -Errno.EROFS : 0;
    }

    int statfs(final long node, final FileSystemStatistics out) {
        final Inode inode = inodes.get(node);
        final int result = inode == null ? -Errno.ESTALE : inode.source.statfs(out);
        return result == -Errno.ESTALE ? store.root().statfs(out) : result;
    }
}
