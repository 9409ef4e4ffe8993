package io.quire.fuse.jnr;

import java.util.ArrayList;
import java.util.List;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.PosixAttributes;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.SetAttributes;

import jnr.ffi.Runtime;
import jnr.ffi.provider.ClosureManager;

/**
 * libfuse's table of operations ({@code struct fuse_lowlevel_ops}) and what each entry does: takes the arguments from
 * native memory, calls the {@link FileSystem}, answers. All of them run on a {@link FuseWorker}, whose holders they
 * use.
 *
 * <p>getlk, setlk, flock and bmap are left empty: the kernel keeps locks itself then (F8). Thread-safe.
 */
final class Operations {
    /** Bytes of the table: 41 pointers. */
    static final long TABLE_SIZE = 41 * (long) Long.BYTES;

    private static final int INIT = 0;
    private static final int LOOKUP = 2;
    private static final int FORGET = 3;
    private static final int GETATTR = 4;
    private static final int SETATTR = 5;
    private static final int READLINK = 6;
    private static final int MKNOD = 7;
    private static final int MKDIR = 8;
    private static final int UNLINK = 9;
    private static final int RMDIR = 10;
    private static final int SYMLINK = 11;
    private static final int RENAME = 12;
    private static final int LINK = 13;
    private static final int OPEN = 14;
    private static final int READ = 15;
    private static final int WRITE = 16;
    private static final int FLUSH = 17;
    private static final int RELEASE = 18;
    private static final int FSYNC = 19;
    private static final int OPENDIR = 20;
    private static final int READDIR = 21;
    private static final int RELEASEDIR = 22;
    private static final int FSYNCDIR = 23;
    private static final int STATFS = 24;
    private static final int SETXATTR = 25;
    private static final int GETXATTR = 26;
    private static final int LISTXATTR = 27;
    private static final int REMOVEXATTR = 28;
    private static final int ACCESS = 29;
    private static final int CREATE = 30;
    private static final int IOCTL = 34;
    private static final int FORGET_MULTI = 38;
    private static final int FALLOCATE = 40;

    private static final int S_IXGRP = 010;

    private static final byte[] NO_BYTES = {};

    private final FileSystem fileSystem;
    private final Callbacks.Words2 init;
    private final ClosureManager closures;
    private final Scratch table = new Scratch(TABLE_SIZE);
    /** jnr-ffi keeps only weak references to the receivers of closures (F6). */
    private final List<Object> receivers = new ArrayList<>();

    /**
     * Builds the table.
     *
     * @param fileSystem what answers the requests
     * @param init       the operation that negotiates the connection; it is called with the address of {@code struct
     *                   fuse_conn_info} second and must not throw
     */
    Operations(final FileSystem fileSystem, final Callbacks.Words2 init) {
        this.fileSystem = fileSystem;
        this.init = init;
        closures = Runtime.getSystemRuntime().getClosureManager();
        register();
    }

    /**
     * The table for libfuse.
     *
     * @return its address, valid until {@link #free}
     */
    long address() {
        return table.address();
    }

    /** Frees the table; libfuse has copied it. The closures stay while this object is reachable. */
    void free() {
        table.close();
    }

    private void register() {
        put(INIT, Callbacks.Words2.class, init);
        three(LOOKUP, OperationKind.LOOKUP, this::lookup);
        three(FORGET, OperationKind.FORGET, this::forget);
        three(FORGET_MULTI, OperationKind.FORGET, this::forgetMany);
        three(GETATTR, OperationKind.GETATTR, this::getattr);
        five(SETATTR, OperationKind.SETATTR, this::setattr);
        two(READLINK, OperationKind.READLINK, this::readlink);
        five(MKNOD, OperationKind.MKNOD, this::mknod);
        four(MKDIR, OperationKind.MKDIR, this::mkdir);
        three(UNLINK, OperationKind.UNLINK, this::unlink);
        three(RMDIR, OperationKind.RMDIR, this::rmdir);
        four(SYMLINK, OperationKind.SYMLINK, this::symlink);
        five(RENAME, OperationKind.RENAME, this::rename);
        four(LINK, OperationKind.LINK, this::link);
        three(OPEN, OperationKind.OPEN, this::open);
        five(READ, OperationKind.READ, this::read);
        six(WRITE, OperationKind.WRITE, this::write);
        three(FLUSH, OperationKind.FLUSH, this::flush);
        three(RELEASE, OperationKind.RELEASE, this::release);
        four(FSYNC, OperationKind.FSYNC, this::fsync);
        three(OPENDIR, OperationKind.OPENDIR, this::opendir);
        five(READDIR, OperationKind.READDIR, this::readdir);
        three(RELEASEDIR, OperationKind.RELEASEDIR, this::releasedir);
        four(FSYNCDIR, OperationKind.FSYNCDIR, this::fsyncdir);
        two(STATFS, OperationKind.STATFS, this::statfs);
        six(SETXATTR, OperationKind.SETXATTR, this::setxattr);
        four(GETXATTR, OperationKind.GETXATTR, this::getxattr);
        three(LISTXATTR, OperationKind.LISTXATTR, this::listxattr);
        three(REMOVEXATTR, OperationKind.REMOVEXATTR, this::removexattr);
        three(ACCESS, OperationKind.ACCESS, this::access);
        five(CREATE, OperationKind.CREATE, this::create);
        three(IOCTL, OperationKind.IOCTL, this::ioctl);
        six(FALLOCATE, OperationKind.FALLOCATE, this::fallocate);
    }

    private void two(final int slot, final OperationKind kind, final Callbacks.Words2 operation) {
        put(slot, Callbacks.Words2.class, new Guards.Guard2(kind, operation));
    }

    private void three(final int slot, final OperationKind kind, final Callbacks.Words3 operation) {
        put(slot, Callbacks.Words3.class, new Guards.Guard3(kind, operation));
    }

    private void four(final int slot, final OperationKind kind, final Callbacks.Words4 operation) {
        put(slot, Callbacks.Words4.class, new Guards.Guard4(kind, operation));
    }

    private void five(final int slot, final OperationKind kind, final Callbacks.Words5 operation) {
        put(slot, Callbacks.Words5.class, new Guards.Guard5(kind, operation));
    }

    private void six(final int slot, final OperationKind kind, final Callbacks.Words6 operation) {
        put(slot, Callbacks.Words6.class, new Guards.Guard6(kind, operation));
    }

    private <T> void put(final int slot, final Class<T> shape, final T receiver) {
        receivers.add(receiver);
        OffHeap.putLong(table.address() + slot * (long) Long.BYTES,
            closures.getClosurePointer(shape, receiver).address());
    }

    private void lookup(final long request, final long parent, final long name) {
        final FuseWorker worker = FuseWorker.current();
        answerEntry(worker,
            fileSystem.lookup(worker.caller(), parent, FuseLayout.string(name), worker.entry));
    }

    private void forget(final long request, final long node, final long count) {
        final FuseWorker worker = FuseWorker.current();
        try {
            fileSystem.forget(node, count);
        } finally {
            worker.replyNone();
        }
    }

    private void forgetMany(final long request, final long count, final long array) {
        final FuseWorker worker = FuseWorker.current();
        try {
            for (long i = 0; i < count; i++) {
                final long entry = array + i * FuseLayout.FORGET_SIZE;
                fileSystem.forget(OffHeap.getLong(entry + FuseLayout.FORGET_NODE_OFFSET),
                    OffHeap.getLong(entry + FuseLayout.FORGET_COUNT_OFFSET));
            }
        } finally {
            worker.replyNone();
        }
    }

    private void getattr(final long request, final long node, final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        answerAttributes(worker, fileSystem.getattr(node, worker.getattrHandle(), worker.attributes));
    }

    private void setattr(final long request, final long node, final long stat, final long valid,
                         final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        if (((int) valid & SetAttributes.SIZE) != 0
            && worker.setattrHas(FuseLayout.SETATTR_KILL_SUIDGID)) {
            dropPrivileges(worker, node);
        }
        final SetAttributes in = worker.setAttributes;
        in.mode = OffHeap.getInt(stat + FuseLayout.STAT_MODE_OFFSET);
        in.uid = OffHeap.getInt(stat + FuseLayout.STAT_UID_OFFSET);
        in.gid = OffHeap.getInt(stat + FuseLayout.STAT_GID_OFFSET);
        in.size = OffHeap.getLong(stat + FuseLayout.STAT_SIZE_OFFSET);
        in.atimeSeconds = OffHeap.getLong(stat + FuseLayout.STAT_ATIME_OFFSET);
        in.atimeNanos = (int) OffHeap.getLong(stat + FuseLayout.STAT_ATIME_OFFSET + FuseLayout.TIMESPEC_NANOS_OFFSET);
        in.mtimeSeconds = OffHeap.getLong(stat + FuseLayout.STAT_MTIME_OFFSET);
        in.mtimeNanos = (int) OffHeap.getLong(stat + FuseLayout.STAT_MTIME_OFFSET + FuseLayout.TIMESPEC_NANOS_OFFSET);
        answerAttributes(worker, fileSystem.setattr(worker.caller(), node, FuseLayout.fileHandle(fileInfo),
            (int) valid, in, worker.attributes));
    }

    private void readlink(final long request, final long node) {
        final FuseWorker worker = FuseWorker.current();
        final int length = fileSystem.readlink(node, worker.target);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyTarget(length);
        }
    }

    private void mknod(final long request, final long parent, final long name, final long mode, final long device) {
        final FuseWorker worker = FuseWorker.current();
        answerEntry(worker, fileSystem.mknod(worker.caller(), parent, FuseLayout.string(name), (int) mode,
            worker.umask(), device, worker.entry));
    }

    private void mkdir(final long request, final long parent, final long name, final long mode) {
        final FuseWorker worker = FuseWorker.current();
        answerEntry(worker, fileSystem.mkdir(worker.caller(), parent, FuseLayout.string(name), (int) mode,
            worker.umask(), worker.entry));
    }

    private void unlink(final long request, final long parent, final long name) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyStatus(fileSystem.unlink(worker.caller(), parent, FuseLayout.string(name)));
    }

    private void rmdir(final long request, final long parent, final long name) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyStatus(fileSystem.rmdir(worker.caller(), parent, FuseLayout.string(name)));
    }

    private void symlink(final long request, final long target, final long parent, final long name) {
        final FuseWorker worker = FuseWorker.current();
        answerEntry(worker, fileSystem.symlink(worker.caller(), FuseLayout.string(target), parent,
            FuseLayout.string(name), worker.entry));
    }

    private void rename(final long request, final long parent, final long name, final long newParent,
                        final long newName) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyStatus(fileSystem.rename(worker.caller(), parent, FuseLayout.string(name), newParent,
            FuseLayout.string(newName)));
    }

    private void link(final long request, final long node, final long newParent, final long newName) {
        final FuseWorker worker = FuseWorker.current();
        answerEntry(worker, fileSystem.link(worker.caller(), node, newParent, FuseLayout.string(newName),
            worker.entry));
    }

    private void open(final long request, final long node, final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        if (worker.requestHas(FuseLayout.OPEN_FLAGS_OFFSET, FuseLayout.OPEN_KILL_SUIDGID)) {
            dropPrivileges(worker, node);
        }
        final int result = fileSystem.open(worker.caller(), node, FuseLayout.openFlags(fileInfo), worker.opened);
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyOpen()) {
            fileSystem.release(worker.opened.fh);
        }
    }

    private void create(final long request, final long parent, final long name, final long mode,
                        final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        final int result = fileSystem.create(worker.caller(), parent, FuseLayout.string(name), (int) mode,
            worker.umask(), FuseLayout.openFlags(fileInfo), worker.entry, worker.opened);
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyCreate()) {
            fileSystem.release(worker.opened.fh);
            fileSystem.forget(worker.entry.node, 1);
        }
    }

    private void read(final long request, final long node, final long size, final long offset, final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        final long buffer = worker.data(size);
        final int length = fileSystem.read(node, FuseLayout.fileHandle(fileInfo), offset, buffer, (int) size);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyData(buffer, length);
        }
    }

    private void write(final long request, final long node, final long buffer, final long size, final long offset,
                       final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        if (worker.requestHas(FuseLayout.WRITE_FLAGS_OFFSET, FuseLayout.WRITE_KILL_SUIDGID)) {
            dropPrivileges(worker, node);
        }
        final int length = fileSystem.write(node, FuseLayout.fileHandle(fileInfo), offset, buffer, (int) size);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyWritten(length);
        }
    }

    private void flush(final long request, final long node, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.flush(FuseLayout.fileHandle(fileInfo)));
    }

    private void release(final long request, final long node, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.release(FuseLayout.fileHandle(fileInfo)));
    }

    private void fsync(final long request, final long node, final long dataOnly, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.fsync(FuseLayout.fileHandle(fileInfo), (int) dataOnly != 0));
    }

    private void opendir(final long request, final long node, final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        final int result = fileSystem.opendir(worker.caller(), node, worker.opened);
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyOpen()) {
            fileSystem.releasedir(worker.opened.fh);
        }
    }

    private void readdir(final long request, final long node, final long size, final long offset,
                         final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        final long buffer = worker.data(size);
        worker.directory.begin(buffer, size);
        final int result = fileSystem.readdir(FuseLayout.fileHandle(fileInfo), offset, worker.directory);
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyData(buffer, worker.directory.used());
        }
    }

    private void releasedir(final long request, final long node, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.releasedir(FuseLayout.fileHandle(fileInfo)));
    }

    private void fsyncdir(final long request, final long node, final long dataOnly, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.fsyncdir(FuseLayout.fileHandle(fileInfo), (int) dataOnly != 0));
    }

    private void statfs(final long request, final long node) {
        final FuseWorker worker = FuseWorker.current();
        final int result = fileSystem.statfs(node == 0 ? FileSystem.ROOT : node, worker.statistics);
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyStatistics();
        }
    }

    private void setxattr(final long request, final long node, final long name, final long value, final long size,
                          final long flags) {
        final FuseWorker worker = FuseWorker.current();
        final byte[] bytes = new byte[Math.toIntExact(size)];
        OffHeap.copyToArray(value, bytes, 0, bytes.length);
        worker.replyStatus(fileSystem.setxattr(worker.caller(), node, FuseLayout.string(name), bytes, (int) flags));
    }

    private void getxattr(final long request, final long node, final long name, final long size) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyExtended(fileSystem.getxattr(node, FuseLayout.string(name), size == 0 ? NO_BYTES
            : worker.extended), size);
    }

    private void listxattr(final long request, final long node, final long size) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyExtended(fileSystem.listxattr(node, size == 0 ? NO_BYTES : worker.extended), size);
    }

    private void removexattr(final long request, final long node, final long name) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyStatus(fileSystem.removexattr(worker.caller(), node, FuseLayout.string(name)));
    }

    private void access(final long request, final long node, final long mask) {
        final FuseWorker worker = FuseWorker.current();
        worker.replyStatus(fileSystem.access(worker.caller(), node, (int) mask));
    }

    private void ioctl(final long request, final long node, final long command) {
        FuseWorker.current().replyError(Errno.ENOTTY);
    }

    private void fallocate(final long request, final long node, final long mode, final long offset,
                           final long length, final long fileInfo) {
        FuseWorker.current().replyStatus(fileSystem.fallocate(node, FuseLayout.fileHandle(fileInfo), (int) mode,
            offset, length));
    }

    /**
     * Takes the set-user-ID bit, and the set-group-ID bit of a program, away before a file is changed by someone who
     * may not keep them (F11). Capabilities are taken away by the source's own file system, at every write.
     */
    private void dropPrivileges(final FuseWorker worker, final long node) {
        if (fileSystem.getattr(node, 0, worker.attributes) < 0 || !worker.attributes.isRegular()) {
            return;
        }
        final int mode = worker.attributes.mode;
        final int drop = mode & PosixAttributes.S_ISUID
            | ((mode & S_IXGRP) != 0 ? mode & PosixAttributes.S_ISGID : 0);
        if (drop != 0) {
            worker.setAttributes.mode = mode & ~drop;
            final int result = fileSystem.setattr(worker.superuser, node, 0, SetAttributes.MODE,
                worker.setAttributes, worker.attributes);
            if (result < 0) {
                throw new IllegalStateException("set-user-ID bits cannot be taken away: " + Errno.name(-result));
            }
            worker.forgetAttributes(node);
        }
    }

    private void answerEntry(final FuseWorker worker, final int result) {
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyEntry() && worker.entry.node != 0) {
            fileSystem.forget(worker.entry.node, 1);
        }
    }

    private void answerAttributes(final FuseWorker worker, final int result) {
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyAttributes(fileSystem.attrTimeoutNanos());
        }
    }
}
