package io.quire.fuse.vfs;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;
import io.quire.engine.store.SourceEntry;

/** Opening, making and closing of regular files. Thread-safe. */
final class FileOpener {
    private static final int S_IRUSR = 0400;
    private static final int S_IWUSR = 0200;
    /** How often others may remove a file between finding that it exists and opening it. */
    private static final int MAX_CREATIONS = 100;

    private final DirectoryStore store;
    private final PageCache cache;
    private final VfsOptions options;
    private final InodeTable inodes;
    private final AttributeReader attributes;
    private final HandleTable handles;

    FileOpener(final DirectoryStore store, final PageCache cache, final VfsOptions options, final InodeTable inodes,
               final AttributeReader attributes, final HandleTable handles) {
        this.store = store;
        this.cache = cache;
        this.options = options;
        this.inodes = inodes;
        this.attributes = attributes;
        this.handles = handles;
    }

    int open(final long node, final int flags, final OpenResult out) {
        final Inode inode = inodes.get(node);
        if (inode == null) {
            return -Errno.ESTALE;
        }
        if (inode.source.file() == null) {
            return inode.source.isDirectory() ? -Errno.EISDIR : -Errno.ENXIO;
        }
        final FileHandle handle = new FileHandle(inode, flags, false);
        if (options.readOnly() && (handle.writes() || (flags & Posix.O_TRUNC) != 0)) {
            return -Errno.EROFS;
        }
        int result = open(inode, handle, null);
        if (result < 0) {
            return result;
        }
        final Attributes seen = inodes.scratch().attributes;
        result = attributes.readByName(inode, 1, seen);
        final boolean otherSize = result == 0 && seen.size != inode.toldSize;
        if (result == 0 && (flags & Posix.O_TRUNC) != 0) {
            result = cutToNothing(handle);
        }
        if (result < 0) {
            close(handle);
            return result;
        }
        result = publish(handle, out);
        out.forgetAttributes = otherSize;
        return result;
    }

    /** Opens the data; {@code made} are the attributes of a file that was just made, or null. */
    private int open(final Inode inode, final FileHandle handle, final Attributes made) {
        // The handle holds the node from here on, and the node's descriptor when its names go.
        if (!inode.source.opened()) {
            return -Errno.ESTALE;
        }
        int result;
        try {
            result = made == null ? handle.data.open(cache, handle) : handle.data.openMade(cache, handle, made);
        } catch (final CacheException e) {
            result = CacheFailure.answer(e);
        }
        if (result < 0) {
            handle.data.settle();
            inode.source.closed();
        }
        return result;
    }

    private int publish(final FileHandle handle, final OpenResult out) {
        out.set(handles.add(handle), options.directIo(), handle.data.keepsKernelPages());
        out.noFlush = !handle.needsFlush();
        return 0;
    }

    private static int cutToNothing(final FileHandle handle) {
        handle.data.begin();
        try {
            handle.file.truncate(0);
            handle.inode.toldSize = 0;
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        } finally {
            handle.data.end();
        }
    }

    private static int close(final FileHandle handle) {
        try {
            handle.data.close(handle);
            return 0;
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        } finally {
            handle.inode.source.closed();
        }
    }

    int create(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
               final int flags, final Entry entry, final OpenResult out) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = inodes.scratch();
        int result = store.create(c.uid, c.gid, directory.source, name, mode, umask, made);
        for (int i = 0; result == -Errno.EEXIST && (flags & Posix.O_EXCL) == 0; i++) {
            // Somebody else made it since the kernel looked.
            result = openExisting(c, directory, name, flags, entry, out);
            if (result != -Errno.ENOENT || i == MAX_CREATIONS) {
                return result;
            }
            // And removed it.
            result = store.create(c.uid, c.gid, directory.source, name, mode, umask, made);
        }
        if (result == 0) {
            result = inodes.answer(made, entry);
        }
        if (result < 0) {
            return result;
        }
        final FileHandle handle = new FileHandle(inodes.get(entry.node), flags & ~Posix.O_TRUNC, true);
        result = open(handle.inode, handle, made.attributes);
        if (result < 0) {
            inodes.forget(entry.node, 1);
            return result;
        }
        return publish(handle, out);
    }

    private int openExisting(final Caller c, final Inode directory, final byte[] name, final int flags, final Entry entry,
                             final OpenResult out) {
        final SourceEntry found = inodes.scratch();
        int result = store.lookup(directory.source, name, found);
        if (result == 0) {
            result = inodes.answer(found, entry);
        }
        if (result < 0) {
            return result;
        }
        final boolean may = mayOpen(c, found.attributes, flags);
        result = may ? open(entry.node, flags, out) : -Errno.ESTALE;
        if (result < 0) {
            inodes.forget(entry.node, 1);
            return may && result == -Errno.ESTALE ? -Errno.ENOENT : result;
        }
        return (flags & Posix.O_TRUNC) != 0 ? answerAgain(entry, out) : 0;
    }

    /**
     * Whether a caller may certainly open what the kernel took for a file that does not exist, and so did not check. For whatever takes
     * a closer look ESTALE makes the kernel look the name up again.
     */
    private static boolean mayOpen(final Caller c, final Attributes found, final int flags) {
        if (!found.isRegular()) {
            return false;
        }
        if (c.uid == 0) {
            return true;
        }
        final int access = flags & Posix.O_ACCMODE;
        final int wanted = (access == Posix.O_WRONLY ? 0 : S_IRUSR) | (access == Posix.O_RDONLY ? 0 : S_IWUSR);
        return c.uid == found.uid && (found.mode & wanted) == wanted && (flags & Posix.O_TRUNC) == 0;
    }

    /** The file existed and was cut: its attributes are others than those that were found. */
    private int answerAgain(final Entry entry, final OpenResult out) {
        final Inode inode = inodes.get(entry.node);
        final int result = inode == null ? -Errno.ESTALE : attributes.tell(inode, entry.attributes);
        if (result < 0) {
            release(out.fh);
            inodes.forget(entry.node, 1);
        }
        return result;
    }

    int release(final long fh) {
        final FileHandle handle = handles.removeFile(fh);
        return handle == null ? -Errno.EBADF : close(handle);
    }
}
