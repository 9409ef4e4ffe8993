package io.quire.fuse.vfs;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;

/** Reading, writing and cutting of files. Thread-safe. */
final class DataOperations {
    private final PageCache cache;
    private final VfsOptions options;
    private final InodeTable inodes;
    private final AttributeReader attributes;
    private final HandleTable handles;
    private final Invalidator invalidator;

    DataOperations(final PageCache cache, final VfsOptions options, final InodeTable inodes, final AttributeReader attributes,
                   final HandleTable handles, final Invalidator invalidator) {
        this.cache = cache;
        this.options = options;
        this.inodes = inodes;
        this.attributes = attributes;
        this.handles = handles;
        this.invalidator = invalidator;
    }

    int read(final long fh, final long offset, final long address, final int length) {
        final FileHandle handle = handles.file(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            return handle.file.read(offset, address, length);
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        }
    }

    int write(final long fh, final long offset, final long address, final int length) {
        final FileHandle handle = handles.file(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        final FileData data = handle.data;
        data.begin();
        try {
            final int written = handle.file.write(offset, address, length);
            if (handle.syncs()) {
                handle.file.sync(handle.syncsDataOnly());
            }
            if (offset + written > handle.inode.toldSize) {
                // The kernel knows.
                handle.inode.toldSize = offset + written;
            }
            return written;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        } finally {
            changed(handle);
        }
    }

    /** The kernel goes by the size it was told; others may have made the file longer since, and keep what they wrote. */
    int append(final long fh, final long offset, final long address, final int length, final Appended out) {
        out.offset = offset;
        final FileHandle handle = handles.file(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        if (options.exclusive()) {
            return write(fh, offset, address, length);
        }
        final Attributes seen = inodes.scratch().attributes;
        final int result = attributes.read(handle.inode, seen);
        if (result < 0) {
            return result;
        }
        out.offset = seen.size;
        final int written = write(fh, out.offset, address, length);
        if (out.offset != offset) {
            // The kernel has put the data into its own pages, and the end behind it, where it believed the end to be.
            handle.inode.toldSize = offset + Math.max(written, 0);
            invalidator.invalidate(handle.inode.id());
        }
        return written;
    }

    /** After a change of data: what we changed must not be taken for a change from outside once the file is closed. */
    private void changed(final FileHandle handle) {
        handle.data.end();
        if (!handle.needsFlush()) {
            refresh(handle);
        }
    }

    private int refresh(final FileHandle handle) {
        try {
            handle.data.refresh(inodes.scratch().attributes);
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        }
    }

    int flush(final long fh) {
        final FileHandle handle = handles.file(fh);
        return handle == null ? -Errno.EBADF : refresh(handle);
    }

    int fsync(final long fh, final boolean dataOnly) {
        final FileHandle handle = handles.file(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            handle.file.sync(dataOnly);
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        }
    }

    /** Changes the size of a file; {@code fh} is a handle of it, or 0 when its name was given. */
    int truncate(final Inode inode, final long fh, final long size) {
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

    int fallocate(final long fh, final int mode, final long offset, final long length) {
        final FileHandle handle = handles.file(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        if (offset < 0 || length <= 0) {
            return -Errno.EINVAL;
        }
        if (offset > Long.MAX_VALUE - length) {
            return -Errno.EFBIG;
        }
        final FileData data = handle.data;
        data.begin();
        try {
            final boolean keepSize = (mode & Posix.FALLOC_FL_KEEP_SIZE) != 0;
            switch (mode & ~Posix.FALLOC_FL_KEEP_SIZE) {
                case 0 -> handle.file.allocate(offset, length, keepSize);
                case Posix.FALLOC_FL_PUNCH_HOLE -> {
                    if (!keepSize) {
                        return -Errno.EOPNOTSUPP;
                    }
                    handle.file.punch(offset, length);
                }
                case Posix.FALLOC_FL_ZERO_RANGE -> {
                    handle.file.punch(offset, length);
                    handle.file.allocate(offset, length, keepSize);
                }
                default -> {
                    return -Errno.EOPNOTSUPP;
                }
            }
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        } finally {
            changed(handle);
        }
    }
}
