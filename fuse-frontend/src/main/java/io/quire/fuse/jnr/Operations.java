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
    private static final int SETATTR = 5;
    private static final int READLINK = 6;
    private static final int MKNOD = 7;
    private static final int MKDIR = 8;
    private static final int UNLINK = 9;
    private static final int RMDIR = 10;
    private static final int SYMLINK = 11;
    private static final int RENAME = 12;
    private static final int LINK = 13;
    private static final int FSYNCDIR = 23;
    private static final int STATFS = 24;
    private static final int SETXATTR = 25;
    private static final int GETXATTR = 26;
    private static final int LISTXATTR = 27;
    private static final int REMOVEXATTR = 28;
    private static final int ACCESS = 29;
    private static final int IOCTL = 34;
    private static final int FALLOCATE = 40;

    private static final byte[] NO_BYTES = {};

    private final FileSystem fileSystem;
    private final Privileges privileges;
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
        privileges = new Privileges(fileSystem);
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
        five(SETATTR, OperationKind.SETATTR, this::setattr);
        two(READLINK, OperationKind.READLINK, this::readlink);
        five(MKNOD, OperationKind.MKNOD, this::mknod);
        four(MKDIR, OperationKind.MKDIR, this::mkdir);
        three(UNLINK, OperationKind.UNLINK, this::unlink);
        three(RMDIR, OperationKind.RMDIR, this::rmdir);
        four(SYMLINK, OperationKind.SYMLINK, this::symlink);
        five(RENAME, OperationKind.RENAME, this::rename);
        four(LINK, OperationKind.LINK, this::link);
        four(FSYNCDIR, OperationKind.FSYNCDIR, this::fsyncdir);
        two(STATFS, OperationKind.STATFS, this::statfs);
        six(SETXATTR, OperationKind.SETXATTR, this::setxattr);
        four(GETXATTR, OperationKind.GETXATTR, this::getxattr);
        three(LISTXATTR, OperationKind.LISTXATTR, this::listxattr);
        three(REMOVEXATTR, OperationKind.REMOVEXATTR, this::removexattr);
        three(ACCESS, OperationKind.ACCESS, this::access);
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

    private void setattr(final long request, final long node, final long stat, final long valid,
                         final long fileInfo) {
        final FuseWorker worker = FuseWorker.current();
        if (((int) valid & SetAttributes.SIZE) != 0
            && worker.setattrHas(FuseLayout.SETATTR_KILL_SUIDGID)) {
            privileges.drop(worker, node);
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
        worker.answerEntry(fileSystem, fileSystem.mknod(worker.caller(), parent, FuseLayout.string(name), (int) mode,
            worker.umask(), device, worker.entry));
    }

    private void mkdir(final long request, final long parent, final long name, final long mode) {
        final FuseWorker worker = FuseWorker.current();
        worker.answerEntry(fileSystem, fileSystem.mkdir(worker.caller(), parent, FuseLayout.string(name), (int) mode,
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
        worker.answerEntry(fileSystem, fileSystem.symlink(worker.caller(), FuseLayout.string(target), parent,
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
        worker.answerEntry(fileSystem, fileSystem.link(worker.caller(), node, newParent, FuseLayout.string(newName),
            worker.entry));
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

    private void answerAttributes(final FuseWorker worker, final int result) {
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyAttributes(fileSystem.attrTimeoutNanos());
        }
    }
}
