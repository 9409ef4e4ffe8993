package io.quire.fuse.vfs;

import io.quire.engine.cache.CacheException;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;

/**
 * Reads attributes of the source and makes them those of this file system. Looks for changes from outside on the way: then the pages are
 * dropped, and the kernel is told. Thread-safe.
 */
final class AttributeReader {
    /** A multiplier that spreads device numbers over the high bits of inode numbers. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final long rootDevice;
    private final boolean exclusive;
    private final Invalidator invalidator;

    AttributeReader(final DirectoryStore store, final VfsOptions options, final Invalidator invalidator) {
        this.rootDevice = store.root().dev;
        this.exclusive = options.exclusive();
        this.invalidator = invalidator;
    }

    /** The attributes as they are now: 0 or negative errno. */
    int read(final Inode inode, final Attributes out) {
        final int result = inode.source.attributes(out);
        return result < 0 ? result : revalidate(inode, out);
    }

    /** The attributes as they are now, for the kernel, which goes by their size from then on: 0 or negative errno. */
    int tell(final Inode inode, final Attributes out) {
        return told(inode, read(inode, out), out);
    }

    /** The same after a change of ours. */
    int tellAfterChange(final Inode inode, final Attributes out) {
        return told(inode, readAfterChange(inode, out), out);
    }

    private static int told(final Inode inode, final int result, final Attributes told) {
        if (result == 0) {
            inode.toldSize = told.size;
        }
        return result;
    }

    private int readAfterChange(final Inode inode, final Attributes out) {
        final FileData data = inode.data();
        if (data == null) {
            return read(inode, out);
        }
        try {
            final int result = data.lookAnew(out);
            if (result > 0) {
                invalidator.invalidate(inode.id());
            }
            return result < 0 ? result : fit(inode, out);
        } catch (final CacheException e) {
            return CacheFailure.answer(e);
        }
    }

    /** Makes attributes fit for the kernel, dropping pages when they tell of a change from outside. */
    int revalidate(final Inode inode, final Attributes attributes) {
        final FileData data = inode.data();
        if (data != null) {
            try {
                if (data.revalidate(attributes)) {
                    invalidator.invalidate(inode.id());
                }
            } catch (final CacheException e) {
                return CacheFailure.answer(e);
            }
        }
        return fit(inode, attributes);
    }

    /** Makes attributes of the source those of this file system. Always 0. */
    private int fit(final Inode inode, final Attributes attributes) {
        final FileData data = inode.data();
        if (data != null) {
            data.correctSize(attributes);
        }
        if (attributes.dev != rootDevice) {
            // Inode numbers of another filesystem below the source must not look like those of this one.
            attributes.ino ^= attributes.dev * SPREAD;
        }
        return 0;
    }

    /**
     * Looks at an inode that the kernel found by a name it remembers. When the last name has gone in the source and nobody
     * holds the file open, the name stands for something else by now: ESTALE makes the kernel look it up again.
     *
     * @param own  how many open handles the caller has
     * @param seen filled in
     */
    int readByName(final Inode inode, final int own, final Attributes seen) {
        final int result = read(inode, seen);
        return result == 0 && !exclusive && seen.nlink == 0 && !inode.source.isRemovedHere()
            && inode.needData().opens() <= own ? -Errno.ESTALE : result;
    }
}
