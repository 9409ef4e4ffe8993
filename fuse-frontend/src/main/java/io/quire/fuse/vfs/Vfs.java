package io.quire.fuse.vfs;

import java.util.function.LongConsumer;

import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.PosixProcess;

/**
 * A directory of the system as a filesystem whose file data goes through a page cache. Thread-safe.
 *
 * <p>Names and attributes are the source's at all times: nothing of them is remembered here but which inode a node
 * number stands for. Data is written through. The invariants are in {@code native-notes/vfs.md}.
 *
 * <p><b>Locks.</b> Reading, writing, looking at attributes and looking up what is known take no global lock. Each file
 * has a monitor for opening, closing and for judging whether it was changed from outside ({@link FileData}); it is
 * never held while the kernel is told anything, which is left to a thread of its own ({@link Invalidator}).
 *
 * <p>The operations are those of the classes {@code *Operations} and {@link FileOpener}; {@link InodeTable} and {@link HandleTable} are
 * what they share.
 */
public final class Vfs implements FileSystem {
    private final DirectoryStore store;
    private final VfsOptions options;
    private final Invalidator invalidator = new Invalidator();
    private final InodeTable inodes;
    private final HandleTable handles = new HandleTable();
    private final NameOperations names;
    private final AttributeOperations attributes;
    private final ExtendedAttributeOperations extendedAttributes;
    private final FileOpener opener;
    private final DataOperations data;
    private final DirectoryOperations directories;
    private final int umaskBefore;

    /**
     * Makes a filesystem of a directory. It takes the store over, but not the cache, and sets the umask of the process
     * to zero until it is closed, since the umask of each caller is what counts.
     *
     * @param store   the directory
     * @param cache   where data is cached
     * @param options how it behaves
     */
    public Vfs(final DirectoryStore store, final PageCache cache, final VfsOptions options) {
        this.store = store;
        this.options = options;
        this.umaskBefore = PosixProcess.umask(0);
        final AttributeReader reader = new AttributeReader(store, options, invalidator);
        this.inodes = new InodeTable(store, options, reader);
        this.names = new NameOperations(store, options, inodes);
        this.extendedAttributes = new ExtendedAttributeOperations(options, inodes);
        this.opener = new FileOpener(store, cache, options, inodes, reader, handles);
        this.data = new DataOperations(cache, options, inodes, reader, handles, invalidator);
        this.attributes = new AttributeOperations(store, options, inodes, reader, data);
        this.directories = new DirectoryOperations(store, inodes, handles);
        invalidator.start();
    }

    @Override
    public void notifier(final LongConsumer consumer) {
        invalidator.consumer(consumer);
    }

    @Override
    public long attrTimeoutNanos() {
        return options.attrTimeoutNanos();
    }

    /**
     * How many nodes the kernel knows.
     *
     * @return nodes, the root included
     */
    public int nodes() {
        return inodes.size();
    }

    /**
     * How many handles the kernel has open.
     *
     * @return handles of files and directories
     */
    public int handles() {
        return handles.size();
    }

    // ---- names

    @Override
    public int lookup(final Caller c, final long parent, final byte[] name, final Entry out) {
        return names.lookup(parent, name, out);
    }

    @Override
    public void forget(final long node, final long count) {
        inodes.forget(node, count);
    }

    @Override
    public int readlink(final long node, final byte[] target) {
        return names.readlink(node, target);
    }

    @Override
    public int mknod(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final long rdev, final Entry out) {
        return names.mknod(c, parent, name, mode, umask, rdev, out);
    }

    @Override
    public int mkdir(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final Entry out) {
        return names.mkdir(c, parent, name, mode, umask, out);
    }

    @Override
    public int symlink(final Caller c, final byte[] target, final long parent, final byte[] name, final Entry out) {
        return names.symlink(c, target, parent, name, out);
    }

    @Override
    public int unlink(final Caller c, final long parent, final byte[] name) {
        return names.unlink(parent, name);
    }

    @Override
    public int rmdir(final Caller c, final long parent, final byte[] name) {
        return names.rmdir(parent, name);
    }

    @Override
    public int rename(final Caller c, final long parent, final byte[] name, final long newParent,
                      final byte[] newName) {
        return names.rename(parent, name, newParent, newName);
    }

    @Override
    public int link(final Caller c, final long node, final long newParent, final byte[] newName, final Entry out) {
        return names.link(node, newParent, newName, out);
    }

    // ---- attributes

    @Override
    public int getattr(final long node, final long fh, final Attributes out) {
        return attributes.getattr(node, out);
    }

    @Override
    public int setattr(final Caller c, final long node, final long fh, final int valid, final SetAttributes in,
                       final Attributes out) {
        return attributes.setattr(node, fh, valid, in, out);
    }

    @Override
    public int access(final Caller c, final long node, final int mask) {
        return attributes.access(node, mask);
    }

    @Override
    public int statfs(final long node, final FileSystemStatistics out) {
        return attributes.statfs(node, out);
    }

    // ---- extended attributes

    @Override
    public int setxattr(final Caller c, final long node, final byte[] name, final byte[] value, final int flags) {
        return extendedAttributes.setxattr(node, name, value, flags);
    }

    @Override
    public int getxattr(final long node, final byte[] name, final byte[] value) {
        return extendedAttributes.getxattr(node, name, value);
    }

    @Override
    public int listxattr(final long node, final byte[] list) {
        return extendedAttributes.listxattr(node, list);
    }

    @Override
    public int removexattr(final Caller c, final long node, final byte[] name) {
        return extendedAttributes.removexattr(node, name);
    }

    // ---- opening

    @Override
    public int open(final Caller c, final long node, final int flags, final OpenResult out) {
        return opener.open(node, flags, out);
    }

    @Override
    public int create(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                      final int flags, final Entry entry, final OpenResult out) {
        return opener.create(c, parent, name, mode, umask, flags, entry, out);
    }

    @Override
    public int release(final long fh) {
        return opener.release(fh);
    }

    // ---- data

    @Override
    public int read(final long node, final long fh, final long offset, final long address, final int length) {
        return data.read(fh, offset, address, length);
    }

    @Override
    public int write(final long node, final long fh, final long offset, final long address, final int length) {
        return data.write(fh, offset, address, length);
    }

    @Override
    public int append(final long node, final long fh, final long offset, final long address, final int length, final Appended out) {
        return data.append(fh, offset, address, length, out);
    }

    @Override
    public int flush(final long fh) {
        return data.flush(fh);
    }

    @Override
    public int fsync(final long fh, final boolean dataOnly) {
        return data.fsync(fh, dataOnly);
    }

    @Override
    public int fallocate(final long node, final long fh, final int mode, final long offset, final long length) {
        return data.fallocate(fh, mode, offset, length);
    }

    // ---- directories

    @Override
    public int opendir(final Caller c, final long node, final OpenResult out) {
        return directories.opendir(node, out);
    }

    @Override
    public int readdir(final long fh, final long offset, final DirectorySink sink) {
        return directories.readdir(fh, offset, sink);
    }

    @Override
    public int releasedir(final long fh) {
        return directories.releasedir(fh);
    }

    @Override
    public int fsyncdir(final long fh, final boolean dataOnly) {
        return directories.fsyncdir(fh, dataOnly);
    }

    // ---- the end

    @Override
    public void close() {
        invalidator.close();
        for (final long fh : handles.openFiles()) {
            release(fh);
        }
        for (final long fh : handles.openDirectories()) {
            releasedir(fh);
        }
        inodes.forgetAll();
        store.close();
        PosixProcess.umask(umaskBefore);
    }
}
