package io.quire.fuse.vfs;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.PosixAttributes;
import io.quire.engine.store.SourceNode;

/** Reading and changing attributes, sizes among them. Thread-safe. */
final class AttributeOperations {
    private static final int TIMES = SetAttributes.ATIME | SetAttributes.MTIME | SetAttributes.ATIME_NOW
        | SetAttributes.MTIME_NOW;
    private static final int KEEP_ID = -1;

    private final DirectoryStore store;
    private final PageCache cache;
    private final VfsOptions options;
    private final InodeTable inodes;
    private final AttributeReader attributes;
    private final HandleTable handles;

    AttributeOperations(final DirectoryStore store, final PageCache cache, final VfsOptions options, final InodeTable inodes,
                        final AttributeReader attributes, final HandleTable handles) {
        this.store = store;
        this.cache = cache;
        this.options = options;
        this.inodes = inodes;
        this.attributes = attributes;
        this.handles = handles;
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
        int result = (valid & SetAttributes.SIZE) == 0 ? 0 : truncate(inode, fh, in.size);
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

    private int truncate(final Inode inode, final long fh, final long size) {
        if (inode.source.file() == null) {
            return inode.source.isDirectory() ? -Errno.EISDIR : -Errno.EINVAL;
        }
        final FileHandle handle = fh == 0 ? null : handles.file(fh);
        final int stale = handle == null ? attributes.readByName(inode, 0, inodes.scratch().attributes) : 0;
        if (stale < 0) {
            return stale;
        }
        final FileData data = inode.needData();
        data.begin();
        try {
            final CachedFile file = handle != null && handle.inode == inode ? handle.file : data.base(cache);
            file.truncate(size);
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        } finally {
            data.end();
            data.settle();
        }
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
