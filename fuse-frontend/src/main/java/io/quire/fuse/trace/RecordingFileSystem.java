package io.quire.fuse.trace;

import java.util.Objects;
import java.util.function.LongConsumer;

import io.quire.engine.store.Attributes;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.fuse.vfs.Appended;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.DirectorySink;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.OpenResult;
import io.quire.fuse.vfs.SetAttributes;

/**
 * A filesystem whose operations are recorded, each when it has ended. {@link TraceKind} says what is recorded of which; names
 * and data are not. Thread-safe.
 */
public final class RecordingFileSystem implements FileSystem {
    private final FileSystem recorded;
    private final TraceRecorder trace;

    /**
     * Records a filesystem.
     *
     * @param recorded does the work; closed with this
     * @param trace    where to; not closed with this
     */
    public RecordingFileSystem(final FileSystem recorded, final TraceRecorder trace) {
        this.recorded = Objects.requireNonNull(recorded, "recorded");
        this.trace = Objects.requireNonNull(trace, "trace");
    }

    private int done(final TraceKind kind, final long began, final long node, final long handle, final int result) {
        trace.record(kind, began, node, handle, 0, 0, result, 0);
        return result;
    }

    /** An operation that finds or makes a node by a name. */
    private int entered(final TraceKind kind, final long began, final long parent, final int result, final Entry out) {
        final boolean there = result >= 0 && out.node != 0;
        trace.record(kind, began, parent, 0, 0, there ? out.attributes.size : 0, result, there ? out.node : 0);
        return result;
    }

    @Override
    public void notifier(final LongConsumer consumer) {
        recorded.notifier(consumer);
    }

    @Override
    public long attrTimeoutNanos() {
        return recorded.attrTimeoutNanos();
    }

    @Override
    public int lookup(final Caller c, final long parent, final byte[] name, final Entry out) {
        final long began = System.nanoTime();
        return entered(TraceKind.LOOKUP, began, parent, recorded.lookup(c, parent, name, out), out);
    }

    @Override
    public void forget(final long node, final long count) {
        final long began = System.nanoTime();
        recorded.forget(node, count);
        trace.record(TraceKind.FORGET, began, node, 0, 0, count, 0, 0);
    }

    @Override
    public int getattr(final long node, final long fh, final Attributes out) {
        final long began = System.nanoTime();
        final int result = recorded.getattr(node, fh, out);
        trace.record(TraceKind.GETATTR, began, node, fh, 0, result < 0 ? 0 : out.size, result, 0);
        return result;
    }

    @Override
    public int setattr(final Caller c, final long node, final long fh, final int valid, final SetAttributes in,
                       final Attributes out) {
        final long began = System.nanoTime();
        final long size = (valid & SetAttributes.SIZE) != 0 ? in.size : 0;
        final int result = recorded.setattr(c, node, fh, valid, in, out);
        trace.record(TraceKind.SETATTR, began, node, fh, size, result < 0 ? 0 : out.size, result, valid);
        return result;
    }

    @Override
    public int readlink(final long node, final byte[] target) {
        final long began = System.nanoTime();
        return done(TraceKind.READLINK, began, node, 0, recorded.readlink(node, target));
    }

    @Override
    public int mknod(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final long rdev, final Entry out) {
        final long began = System.nanoTime();
        return entered(TraceKind.MKNOD, began, parent, recorded.mknod(c, parent, name, mode, umask, rdev, out), out);
    }

    @Override
    public int mkdir(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                     final Entry out) {
        final long began = System.nanoTime();
        return entered(TraceKind.MKDIR, began, parent, recorded.mkdir(c, parent, name, mode, umask, out), out);
    }

    @Override
    public int unlink(final Caller c, final long parent, final byte[] name) {
        final long began = System.nanoTime();
        return done(TraceKind.UNLINK, began, parent, 0, recorded.unlink(c, parent, name));
    }

    @Override
    public int rmdir(final Caller c, final long parent, final byte[] name) {
        final long began = System.nanoTime();
        return done(TraceKind.RMDIR, began, parent, 0, recorded.rmdir(c, parent, name));
    }

    @Override
    public int symlink(final Caller c, final byte[] target, final long parent, final byte[] name, final Entry out) {
        final long began = System.nanoTime();
        return entered(TraceKind.SYMLINK, began, parent, recorded.symlink(c, target, parent, name, out), out);
    }

    @Override
    public int rename(final Caller c, final long parent, final byte[] name, final long newParent,
                      final byte[] newName) {
        final long began = System.nanoTime();
        final int result = recorded.rename(c, parent, name, newParent, newName);
        trace.record(TraceKind.RENAME, began, parent, 0, 0, 0, result, newParent);
        return result;
    }

    @Override
    public int link(final Caller c, final long node, final long newParent, final byte[] newName, final Entry out) {
        final long began = System.nanoTime();
        return entered(TraceKind.LINK, began, newParent, recorded.link(c, node, newParent, newName, out), out);
    }

    @Override
    public int open(final Caller c, final long node, final int flags, final OpenResult out) {
        final long began = System.nanoTime();
        final int result = recorded.open(c, node, flags, out);
        trace.record(TraceKind.OPEN, began, node, result < 0 ? 0 : out.fh, 0, 0, result, flags);
        return result;
    }

    @Override
    public int create(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
                      final int flags, final Entry entry, final OpenResult out) {
        final long began = System.nanoTime();
        final int result = recorded.create(c, parent, name, mode, umask, flags, entry, out);
        final boolean made = result >= 0;
        trace.record(TraceKind.CREATE, began, parent, made ? out.fh : 0, Integer.toUnsignedLong(flags),
            made ? entry.attributes.size : 0, result, made ? entry.node : 0);
        return result;
    }

    @Override
    public int read(final long node, final long fh, final long offset, final long address, final int length) {
        if (!trace.isRecording()) {
            return recorded.read(node, fh, offset, address, length);
        }
        final long began = System.nanoTime();
        final int result = recorded.read(node, fh, offset, address, length);
        trace.record(TraceKind.READ, began, node, fh, offset, length, result, 0);
        return result;
    }

    @Override
    public int write(final long node, final long fh, final long offset, final long address, final int length) {
        if (!trace.isRecording()) {
            return recorded.write(node, fh, offset, address, length);
        }
        final long began = System.nanoTime();
        final int result = recorded.write(node, fh, offset, address, length);
        trace.record(TraceKind.WRITE, began, node, fh, offset, length, result, 0);
        return result;
    }

    @Override
    public int append(final long node, final long fh, final long offset, final long address, final int length, final Appended out) {
        final long began = System.nanoTime();
        final int result = recorded.append(node, fh, offset, address, length, out);
        // The kernel asks for where it believes the end to be; what was written stands elsewhere when others have appended.
        trace.record(TraceKind.WRITE, began, node, fh, out.offset, length, result, 0);
        return result;
    }

    @Override
    public int flush(final long fh) {
        final long began = System.nanoTime();
        return done(TraceKind.FLUSH, began, 0, fh, recorded.flush(fh));
    }

    @Override
    public int release(final long fh) {
        final long began = System.nanoTime();
        return done(TraceKind.RELEASE, began, 0, fh, recorded.release(fh));
    }

    @Override
    public int fsync(final long fh, final boolean dataOnly) {
        final long began = System.nanoTime();
        final int result = recorded.fsync(fh, dataOnly);
        trace.record(TraceKind.FSYNC, began, 0, fh, 0, 0, result, dataOnly ? 1 : 0);
        return result;
    }

    @Override
    public int opendir(final Caller c, final long node, final OpenResult out) {
        final long began = System.nanoTime();
        final int result = recorded.opendir(c, node, out);
        return done(TraceKind.OPENDIR, began, node, result < 0 ? 0 : out.fh, result);
    }

    @Override
    public int readdir(final long fh, final long offset, final DirectorySink sink) {
        final long began = System.nanoTime();
        final int result = recorded.readdir(fh, offset, sink);
        trace.record(TraceKind.READDIR, began, 0, fh, offset, 0, result, 0);
        return result;
    }

    @Override
    public int releasedir(final long fh) {
        final long began = System.nanoTime();
        return done(TraceKind.RELEASEDIR, began, 0, fh, recorded.releasedir(fh));
    }

    @Override
    public int fsyncdir(final long fh, final boolean dataOnly) {
        final long began = System.nanoTime();
        final int result = recorded.fsyncdir(fh, dataOnly);
        trace.record(TraceKind.FSYNCDIR, began, 0, fh, 0, 0, result, dataOnly ? 1 : 0);
        return result;
    }

    @Override
    public int statfs(final long node, final FileSystemStatistics out) {
        final long began = System.nanoTime();
        return done(TraceKind.STATFS, began, node, 0, recorded.statfs(node, out));
    }

    @Override
    public int setxattr(final Caller c, final long node, final byte[] name, final byte[] value, final int flags) {
        final long began = System.nanoTime();
        return done(TraceKind.SETXATTR, began, node, 0, recorded.setxattr(c, node, name, value, flags));
    }

    @Override
    public int getxattr(final long node, final byte[] name, final byte[] value) {
        final long began = System.nanoTime();
        return done(TraceKind.GETXATTR, began, node, 0, recorded.getxattr(node, name, value));
    }

    @Override
    public int listxattr(final long node, final byte[] list) {
        final long began = System.nanoTime();
        return done(TraceKind.LISTXATTR, began, node, 0, recorded.listxattr(node, list));
    }

    @Override
    public int removexattr(final Caller c, final long node, final byte[] name) {
        final long began = System.nanoTime();
        return done(TraceKind.REMOVEXATTR, began, node, 0, recorded.removexattr(c, node, name));
    }

    @Override
    public int access(final Caller c, final long node, final int mask) {
        final long began = System.nanoTime();
        final int result = recorded.access(c, node, mask);
        trace.record(TraceKind.ACCESS, began, node, 0, 0, 0, result, mask);
        return result;
    }

    @Override
    public int fallocate(final long node, final long fh, final int mode, final long offset, final long length) {
        final long began = System.nanoTime();
        final int result = recorded.fallocate(node, fh, mode, offset, length);
        trace.record(TraceKind.FALLOCATE, began, node, fh, offset, length, result, mode);
        return result;
    }

    @Override
    public void close() {
        recorded.close();
    }
}
