package io.quire.fuse.vfs;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixAttributes;
import io.quire.engine.store.SourceEntry;
import io.quire.engine.store.SourceNode;
import io.quire.engine.store.StoreException;

import org.jctools.maps.NonBlockingHashMapLong;

/**
 * A directory of the system as a filesystem whose file data goes through a page cache. Thread-safe.
 *
 * <p>Names and attributes are the source's at all times: nothing of them is remembered here but which inode a node
 * number stands for. Data is written through. The invariants are in {@code native-notes/vfs.md}.
 *
 * <p><b>Locks.</b> Reading, writing, looking at attributes and looking up what is known take no global lock. Each file
 * has a monitor for opening, closing and for judging whether it was changed from outside ({@link FileData}); it is
 * never held while the kernel is told anything, which is left to a thread of its own ({@link Invalidator}).
 */
public final class Vfs implements FileSystem {
    private static final Logger LOG = System.getLogger(Vfs.class.getName());
    private static final byte[] NO_BYTES = {};
    private static final byte[] CAPABILITY = "security.capability".getBytes(StandardCharsets.US_ASCII);
    private static final int TIMES = SetAttributes.ATIME | SetAttributes.MTIME | SetAttributes.ATIME_NOW
        | SetAttributes.MTIME_NOW;
    private static final int KEEP_ID = -1;
    private static final int S_IRUSR = 0400;
    private static final int S_IWUSR = 0200;
    /** How often others may remove a file between finding that it exists and opening it. */
    private static final int MAX_CREATIONS = 100;
    /** A multiplier that spreads device numbers over the high bits of inode numbers. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final DirectoryStore store;
    private final PageCache cache;
    private final VfsOptions options;
    private final NonBlockingHashMapLong<Inode> inodes = new NonBlockingHashMapLong<>();
    private final NonBlockingHashMapLong<FileHandle> files = new NonBlockingHashMapLong<>();
    private final NonBlockingHashMapLong<DirectoryHandle> directories = new NonBlockingHashMapLong<>();
    private final AtomicLong lastHandle = new AtomicLong();
    private final ThreadLocal<SourceEntry> entries = ThreadLocal.withInitial(SourceEntry::new);
    private final Invalidator invalidator = new Invalidator();
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
        this.cache = cache;
        this.options = options;
        this.umaskBefore = Posix.umask(0);
        inodes.put(ROOT, new Inode(store.root()));
        store.listener(this::dropped);
        invalidator.start();
    }

    private void dropped(final SourceNode node) {
        final Inode inode = inodes.remove(node.id);
        if (inode != null && inode.data() != null) {
            inode.data().drop();
        }
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
        return files.size() + directories.size();
    }

    // ---- names

    @Override
    public int lookup(final Caller c, final long parent, final byte[] name, final Entry out) {
        final Inode directory = inodes.get(parent);
        if (directory == null) {
            return -Errno.ESTALE;
        }
        final SourceEntry found = entries.get();
        final int result = store.lookup(directory.source, name, found);
        if (result == -Errno.ENOENT && options.exclusive()) {
            out.node = 0;
            out.generation = 0;
            out.entryTimeoutNanos = options.entryTimeoutNanos();
            out.attrTimeoutNanos = 0;
            return 0;
        }
        return result < 0 ? result : answer(found, out);
    }

    /** Fills an entry in for a node that was looked up or made; it has its kernel reference already. */
    private int answer(final SourceEntry found, final Entry out) {
        final SourceNode node = found.node;
        Inode inode = inodes.get(node.id);
        if (inode == null) {
            final Inode fresh = new Inode(node);
            final Inode other = inodes.putIfAbsent(node.id, fresh);
            inode = other == null ? fresh : other;
        }
        final int result = revalidate(inode, found.attributes);
        if (result < 0) {
            node.forget(1);
            return result;
        }
        out.node = node.id;
        out.generation = 0;
        out.entryTimeoutNanos = options.entryTimeoutNanos();
        out.attrTimeoutNanos = options.attrTimeoutNanos();
        out.attributes.copyFrom(found.attributes);
        inode.toldSize = found.attributes.size;
        return 0;
    }

    /** Makes attributes fit for the kernel, dropping pages when they tell of a change from outside. */
    private int revalidate(final Inode inode, final Attributes attributes) {
        final FileData data = inode.data();
        if (data != null) {
            try {
                if (data.revalidate(attributes)) {
                    invalidator.invalidate(inode.id());
                }
            } catch (final CacheException e) {
                return failed(e);
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
        if (attributes.dev != store.root().dev) {
            // Inode numbers of another filesystem below the source must not look like those of this one.
            attributes.ino ^= attributes.dev * SPREAD;
        }
        return 0;
    }

    @Override
    public void forget(final long node, final long count) {
        final Inode inode = inodes.get(node);
        if (inode != null && node != ROOT && count > 0) {
            inode.source.forget(count);
        }
    }

    @Override
    public int readlink(final long node, final byte[] target) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : inode.source.readlink(target);
    }


    @Override
    public int mknod(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final long rdev, final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = entries.get();
        final int result = store.mknod(c.uid, c.gid, directory.source, name, mode, umask, rdev, made);
        return result < 0 ? result : answer(made, out);
    }

    @Override
    public int mkdir(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = entries.get();
        final int result = store.mkdir(c.uid, c.gid, directory.source, name, mode, umask, made);
        return result < 0 ? result : answer(made, out);
    }

    @Override
    public int symlink(final Caller c, final byte[] target, final long parent, final byte[] name, final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = entries.get();
        final int result = store.symlink(c.uid, c.gid, target, directory.source, name, made);
        return result < 0 ? result : answer(made, out);
    }

    @Override
    public int unlink(final Caller c, final long parent, final byte[] name) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        return refused < 0 ? refused : store.unlink(directory.source, name);
    }

    @Override
    public int rmdir(final Caller c, final long parent, final byte[] name) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        return refused < 0 ? refused : store.rmdir(directory.source, name);
    }

    @Override
    public int rename(final Caller c, final long parent, final byte[] name, final long newParent,
                      final byte[] newName) {
        final Inode directory = inodes.get(parent);
        final Inode newDirectory = inodes.get(newParent);
        final int refused = Math.min(refuseChange(directory), refuseChange(newDirectory));
        return refused < 0 ? refused : store.rename(directory.source, name, newDirectory.source, newName, 0);
    }

    @Override
    public int link(final Caller c, final long node, final long newParent, final byte[] newName, final Entry out) {
        final Inode inode = inodes.get(node);
        final Inode directory = inodes.get(newParent);
        final int refused = Math.min(refuseChange(inode), refuseChange(directory));
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = entries.get();
        final int result = store.link(inode.source, directory.source, newName, made);
        return result < 0 ? result : answer(made, out);
    }

    private int refuseChange(final Inode inode) {
        return inode == null ? -Errno.ESTALE : options.readOnly() ? -Errno.EROFS : 0;
    }

    // ---- attributes

    @Override
    public int getattr(final long node, final long fh, final Attributes out) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : tell(inode, attributes(inode, out), out);
    }

    /** Remembers what the kernel is told. */
    private static int tell(final Inode inode, final int result, final Attributes told) {
        if (result == 0) {
            inode.toldSize = told.size;
        }
        return result;
    }

    private int attributes(final Inode inode, final Attributes out) {
        final int result = inode.source.attributes(out);
        return result < 0 ? result : revalidate(inode, out);
    }

    @Override
    public int setattr(final Caller c, final long node, final long fh, final int valid, final SetAttributes in,
                       final Attributes out) {
        final Inode inode = inodes.get(node);
        final int refused = refuseChange(inode);
        if (refused < 0) {
            return refused;
        }
        int result = (valid & SetAttributes.SIZE) == 0 ? 0 : truncate(inode, fh, in.size);
        if (result == 0 && (valid & ~SetAttributes.SIZE) != 0) {
            result = change(inode.source, valid, in);
        }
        return result < 0 ? result : tell(inode, attributesAfterChange(inode, out), out);
    }

    private int attributesAfterChange(final Inode inode, final Attributes out) {
        final FileData data = inode.data();
        if (data == null) {
            return attributes(inode, out);
        }
        try {
            final int result = data.lookAnew(out);
            if (result > 0) {
                invalidator.invalidate(inode.id());
            }
            return result < 0 ? result : fit(inode, out);
        } catch (final CacheException e) {
            return failed(e);
        }
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
        final FileHandle handle = fh == 0 ? null : files.get(fh);
        final int stale = handle == null ? lookByName(inode, 0) : 0;
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
            return failed(e);
        } finally {
            data.end();
            data.settle();
        }
    }

    @Override
    public int access(final Caller c, final long node, final int mask) {
        final Inode inode = inodes.get(node);
        if (inode == null) {
            return -Errno.ESTALE;
        }
        // The kernel has checked the permissions by the attributes it has.
        return (mask & PosixAttributes.W_OK) != 0 && options.readOnly() ? -Errno.EROFS : 0;
    }

    @Override
    public int statfs(final long node, final FileSystemStatistics out) {
        final Inode inode = inodes.get(node);
        final int result = inode == null ? -Errno.ESTALE : inode.source.statfs(out);
        return result == -Errno.ESTALE ? store.root().statfs(out) : result;
    }

    // ---- extended attributes

    @Override
    public int setxattr(final Caller c, final long node, final byte[] name, final byte[] value, final int flags) {
        final Inode inode = inodes.get(node);
        final int refused = refuseChange(inode);
        if (refused < 0) {
            return refused;
        }
        final int result = inode.source.setxattr(name, value, flags);
        if (inode.data() != null) {
            inode.data().capability(false, 0);
        }
        return result;
    }

    @Override
    public int getxattr(final long node, final byte[] name, final byte[] value) {
        final Inode inode = inodes.get(node);
        if (inode == null) {
            return -Errno.ESTALE;
        }
        final FileData data = inode.data();
        // The kernel asks for this one before each write, to see whether the write has to take it away.
        if (data == null || !Arrays.equals(name, CAPABILITY)) {
            return inode.source.getxattr(name, value == null ? NO_BYTES : value);
        }
        final long now = System.nanoTime();
        if (data.lacksCapability(now, options.attrTimeoutNanos())) {
            return -Errno.ENODATA;
        }
        final int result = inode.source.getxattr(name, value == null ? NO_BYTES : value);
        data.capability(result == -Errno.ENODATA, now);
        return result;
    }

    @Override
    public int listxattr(final long node, final byte[] list) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : inode.source.listxattr(list == null ? NO_BYTES : list);
    }

    @Override
    public int removexattr(final Caller c, final long node, final byte[] name) {
        final Inode inode = inodes.get(node);
        final int refused = refuseChange(inode);
        return refused < 0 ? refused : inode.source.removexattr(name);
    }

    // ---- files

    @Override
    public int open(final Caller c, final long node, final int flags, final OpenResult out) {
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
        result = lookByName(inode, 1);
        final boolean otherSize = result == 0 && entries.get().attributes.size != inode.toldSize;
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
            result = failed(e);
        }
        if (result < 0) {
            handle.data.settle();
            inode.source.closed();
        }
        return result;
    }

    private int publish(final FileHandle handle, final OpenResult out) {
        final long fh = lastHandle.incrementAndGet();
        files.put(fh, handle);
        out.set(fh, options.directIo(), handle.data.keepsKernelPages());
        out.noFlush = !handle.needsFlush();
        return 0;
    }

    /**
     * Looks at an inode that the kernel found by a name it remembers. When the last name has gone in the source and nobody
     * holds the file open, the name stands for something else by now: ESTALE makes the kernel look it up again.
     *
     * @param own how many open handles the caller has
     */
    private int lookByName(final Inode inode, final int own) {
        final Attributes seen = entries.get().attributes;
        final int result = attributes(inode, seen);
        return result == 0 && !options.exclusive() && seen.nlink == 0 && !inode.source.isRemovedHere()
            && inode.needData().opens() <= own ? -Errno.ESTALE : result;
    }

    private static int cutToNothing(final FileHandle handle) {
        handle.data.begin();
        try {
            handle.file.truncate(0);
            handle.inode.toldSize = 0;
            return 0;
        } catch (final CacheException e) {
            return failed(e);
        } finally {
            handle.data.end();
        }
    }

    private static int close(final FileHandle handle) {
        try {
            handle.data.close(handle);
            return 0;
        } catch (final CacheException e) {
            return failed(e);
        } finally {
            handle.inode.source.closed();
        }
    }

    @Override
    public int create(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                      final int flags, final Entry entry, final OpenResult out) {
        final Inode directory = inodes.get(parent);
        final int refused = refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = entries.get();
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
            result = answer(made, entry);
        }
        if (result < 0) {
            return result;
        }
        final FileHandle handle = new FileHandle(inodes.get(entry.node), flags & ~Posix.O_TRUNC, true);
        result = open(handle.inode, handle, made.attributes);
        if (result < 0) {
            forget(entry.node, 1);
            return result;
        }
        return publish(handle, out);
    }

    private int openExisting(final Caller c, final Inode directory, final byte[] name, final int flags, final Entry entry,
                             final OpenResult out) {
        final SourceEntry found = entries.get();
        int result = store.lookup(directory.source, name, found);
        if (result == 0) {
            result = answer(found, entry);
        }
        if (result < 0) {
            return result;
        }
        final boolean may = mayOpen(c, found.attributes, flags);
        result = may ? open(c, entry.node, flags, out) : -Errno.ESTALE;
        if (result < 0) {
            forget(entry.node, 1);
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
        final int result = getattr(entry.node, out.fh, entry.attributes);
        if (result < 0) {
            release(out.fh);
            forget(entry.node, 1);
        }
        return result;
    }

    @Override
    public int read(final long node, final long fh, final long offset, final long address, final int length) {
        final FileHandle handle = files.get(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            return handle.file.read(offset, address, length);
        } catch (final CacheException e) {
            return failed(e);
        }
    }

    @Override
    public int write(final long node, final long fh, final long offset, final long address, final int length) {
        final FileHandle handle = files.get(fh);
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
            return failed(e);
        } finally {
            changed(handle);
        }
    }

    /** The kernel goes by the size it was told; others may have made the file longer since, and keep what they wrote. */
    @Override
    public int append(final long node, final long fh, final long offset, final long address, final int length) {
        final FileHandle handle = files.get(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        if (options.exclusive()) {
            return write(node, fh, offset, address, length);
        }
        final Attributes seen = entries.get().attributes;
        final int result = attributes(handle.inode, seen);
        if (result < 0) {
            return result;
        }
        final int written = write(node, fh, seen.size, address, length);
        if (seen.size != offset) {
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
            handle.data.refresh(entries.get().attributes);
            return 0;
        } catch (final CacheException e) {
            return failed(e);
        }
    }

    @Override
    public int flush(final long fh) {
        final FileHandle handle = files.get(fh);
        return handle == null ? -Errno.EBADF : refresh(handle);
    }

    @Override
    public int release(final long fh) {
        final FileHandle handle = files.remove(fh);
        return handle == null ? -Errno.EBADF : close(handle);
    }

    @Override
    public int fsync(final long fh, final boolean dataOnly) {
        final FileHandle handle = files.get(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        try {
            handle.file.sync(dataOnly);
            return 0;
        } catch (final CacheException e) {
            return failed(e);
        }
    }

    @Override
    public int fallocate(final long node, final long fh, final int mode, final long offset, final long length) {
        final FileHandle handle = files.get(fh);
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
            return failed(e);
        } finally {
            changed(handle);
        }
    }

    // ---- directories

    @Override
    public int opendir(final Caller c, final long node, final OpenResult out) {
        final Inode inode = inodes.get(node);
        if (inode == null || !inode.source.opened()) {
            return -Errno.ESTALE;
        }
        try {
            final DirectoryHandle handle = new DirectoryHandle(inode, store.openDirectory(inode.source));
            final long fh = lastHandle.incrementAndGet();
            directories.put(fh, handle);
            out.set(fh, false, false);
            return 0;
        } catch (final StoreException e) {
            inode.source.closed();
            return -e.errno();
        }
    }

    @Override
    public int readdir(final long fh, final long offset, final DirectorySink sink) {
        final DirectoryHandle handle = directories.get(fh);
        return handle == null ? -Errno.EBADF : handle.stream().read(offset, sink::add);
    }

    @Override
    public int releasedir(final long fh) {
        final DirectoryHandle handle = directories.remove(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        handle.stream().close();
        handle.inode().source.closed();
        return 0;
    }

    @Override
    public int fsyncdir(final long fh, final boolean dataOnly) {
        final DirectoryHandle handle = directories.get(fh);
        return handle == null ? -Errno.EBADF : handle.stream().sync(dataOnly);
    }

    // ---- the end

    private static int failed(final CacheException e) {
        LOG.log(Level.DEBUG, "an operation failed", e);
        return -e.errno();
    }

    @Override
    public void close() {
        invalidator.close();
        for (final long fh : files.keySetLong()) {
            release(fh);
        }
        for (final long fh : directories.keySetLong()) {
            releasedir(fh);
        }
        for (final long node : inodes.keySetLong()) {
            forget(node, Long.MAX_VALUE);
        }
        store.close();
        Posix.umask(umaskBefore);
    }
}
