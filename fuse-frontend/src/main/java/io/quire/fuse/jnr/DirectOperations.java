package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;
import io.quire.fuse.vfs.FileSystem;

/**
 * The operations, decoded from the kernel's message and answered without libfuse: no handle is allocated, no list of
 * requests locked, and Java is not left but for the two system calls (F13). What works on handles is here, the rest in
 * {@link NameOperations} and {@link AttributeOperations}. Thread-safe.
 *
 * <p>libfuse keeps a list of requests for INTERRUPT. Operations are never told of interrupts (F8), so INTERRUPT is
 * answered with ENOSYS, and the kernel sends no further ones.
 */
final class DirectOperations {
    private final FileSystem fileSystem;
    private final Privileges privileges;
    private final NameOperations names;
    private final AttributeOperations attributes;
    private final boolean ownerOnly;
    private final int owner = SystemCalls.LIBC.geteuid();

    /**
     * Prepares.
     *
     * @param fileSystem what answers the requests
     * @param ownerOnly  whether users other than root and the one who mounts may only use what is open already
     */
    DirectOperations(final FileSystem fileSystem, final boolean ownerOnly) {
        this.fileSystem = fileSystem;
        this.ownerOnly = ownerOnly;
        privileges = new Privileges(fileSystem);
        names = new NameOperations(fileSystem);
        attributes = new AttributeOperations(fileSystem, privileges);
    }

    /**
     * Serves a request, if it is one of those that are decoded here.
     *
     * @param worker the worker that has received it
     * @return false when libfuse has to
     */
    boolean serve(final FuseWorker worker) {
        final Request request = worker.request;
        final OperationKind kind = kind(request.opcode());
        if (kind == null) {
            return request.opcode() == KernelProtocol.INTERRUPT && interrupt(worker);
        }
        final long start = worker.begin();
        try {
            if (ownerOnly && request.uid() != 0 && request.uid() != owner && !onlyUsesWhatIsOpen(kind)) {
                worker.replyError(Errno.EACCES);
            } else {
                dispatch(worker, request);
            }
        } catch (final Throwable e) {
            worker.failed(kind, e);
        }
        worker.end(kind, start);
        return true;
    }

    private static OperationKind kind(final int opcode) {
        return switch (opcode) {
            case KernelProtocol.READ -> OperationKind.READ;
            case KernelProtocol.WRITE -> OperationKind.WRITE;
            case KernelProtocol.LOOKUP -> OperationKind.LOOKUP;
            case KernelProtocol.GETATTR -> OperationKind.GETATTR;
            case KernelProtocol.SETATTR -> OperationKind.SETATTR;
            case KernelProtocol.OPEN -> OperationKind.OPEN;
            case KernelProtocol.CREATE -> OperationKind.CREATE;
            case KernelProtocol.FLUSH -> OperationKind.FLUSH;
            case KernelProtocol.RELEASE -> OperationKind.RELEASE;
            case KernelProtocol.FSYNC -> OperationKind.FSYNC;
            case KernelProtocol.OPENDIR -> OperationKind.OPENDIR;
            case KernelProtocol.READDIR -> OperationKind.READDIR;
            case KernelProtocol.RELEASEDIR -> OperationKind.RELEASEDIR;
            case KernelProtocol.FSYNCDIR -> OperationKind.FSYNCDIR;
            case KernelProtocol.READLINK -> OperationKind.READLINK;
            case KernelProtocol.SYMLINK -> OperationKind.SYMLINK;
            case KernelProtocol.MKNOD -> OperationKind.MKNOD;
            case KernelProtocol.MKDIR -> OperationKind.MKDIR;
            case KernelProtocol.UNLINK -> OperationKind.UNLINK;
            case KernelProtocol.RMDIR -> OperationKind.RMDIR;
            case KernelProtocol.RENAME -> OperationKind.RENAME;
            case KernelProtocol.LINK -> OperationKind.LINK;
            case KernelProtocol.STATFS -> OperationKind.STATFS;
            case KernelProtocol.SETXATTR -> OperationKind.SETXATTR;
            case KernelProtocol.GETXATTR -> OperationKind.GETXATTR;
            case KernelProtocol.LISTXATTR -> OperationKind.LISTXATTR;
            case KernelProtocol.REMOVEXATTR -> OperationKind.REMOVEXATTR;
            case KernelProtocol.ACCESS -> OperationKind.ACCESS;
            case KernelProtocol.IOCTL -> OperationKind.IOCTL;
            case KernelProtocol.FALLOCATE -> OperationKind.FALLOCATE;
            case KernelProtocol.FORGET, KernelProtocol.BATCH_FORGET -> OperationKind.FORGET;
            default -> null;
        };
    }

    /** Whether it is one of those that strangers may ask for under {@code allow_root}. */
    private static boolean onlyUsesWhatIsOpen(final OperationKind kind) {
        return switch (kind) {
            case READ, WRITE, FLUSH, FSYNC, RELEASE, READDIR, FSYNCDIR, RELEASEDIR, FORGET -> true;
            default -> false;
        };
    }

    private void dispatch(final FuseWorker worker, final Request request) {
        switch (request.opcode()) {
            case KernelProtocol.READ -> read(worker, request);
            case KernelProtocol.WRITE -> write(worker, request);
            case KernelProtocol.LOOKUP -> names.lookup(worker, request);
            case KernelProtocol.GETATTR -> attributes.getattr(worker, request);
            case KernelProtocol.SETATTR -> attributes.setattr(worker, request);
            case KernelProtocol.OPEN -> open(worker, request);
            case KernelProtocol.CREATE -> create(worker, request);
            case KernelProtocol.FLUSH -> {
                request.require(KernelProtocol.FLUSH_IN_SIZE);
                worker.replyStatus(fileSystem.flush(request.bodyLong(0)));
            }
            case KernelProtocol.RELEASE -> {
                request.require(KernelProtocol.RELEASE_IN_SIZE);
                worker.replyStatus(fileSystem.release(request.bodyLong(0)));
            }
            case KernelProtocol.FSYNC -> {
                request.require(KernelProtocol.FSYNC_IN_SIZE);
                worker.replyStatus(fileSystem.fsync(request.bodyLong(0), dataOnly(request)));
            }
            case KernelProtocol.OPENDIR -> opendir(worker, request);
            case KernelProtocol.READDIR -> readdir(worker, request);
            case KernelProtocol.RELEASEDIR -> {
                request.require(KernelProtocol.RELEASE_IN_SIZE);
                worker.replyStatus(fileSystem.releasedir(request.bodyLong(0)));
            }
            case KernelProtocol.FSYNCDIR -> {
                request.require(KernelProtocol.FSYNC_IN_SIZE);
                worker.replyStatus(fileSystem.fsyncdir(request.bodyLong(0), dataOnly(request)));
            }
            case KernelProtocol.FALLOCATE -> fallocate(worker, request);
            case KernelProtocol.IOCTL -> worker.replyError(Errno.ENOTTY);
            case KernelProtocol.MKNOD -> names.mknod(worker, request);
            case KernelProtocol.MKDIR -> names.mkdir(worker, request);
            case KernelProtocol.SYMLINK -> names.symlink(worker, request);
            case KernelProtocol.LINK -> names.link(worker, request);
            case KernelProtocol.UNLINK -> names.unlink(worker, request);
            case KernelProtocol.RMDIR -> names.rmdir(worker, request);
            case KernelProtocol.RENAME -> names.rename(worker, request);
            case KernelProtocol.READLINK -> attributes.readlink(worker, request);
            case KernelProtocol.ACCESS -> attributes.access(worker, request);
            case KernelProtocol.STATFS -> attributes.statfs(worker, request);
            case KernelProtocol.GETXATTR -> attributes.getxattr(worker, request);
            case KernelProtocol.LISTXATTR -> attributes.listxattr(worker, request);
            case KernelProtocol.SETXATTR -> attributes.setxattr(worker, request);
            case KernelProtocol.REMOVEXATTR -> attributes.removexattr(worker, request);
            case KernelProtocol.FORGET -> forget(worker, request);
            case KernelProtocol.BATCH_FORGET -> forgetMany(worker, request);
            default -> throw new IllegalStateException("opcode " + request.opcode() + " is not decoded here");
        }
    }

    /** Not an operation: nothing waits for it, and the kernel takes the refusal for all times. */
    private static boolean interrupt(final FuseWorker worker) {
        worker.begin();
        worker.replyError(Errno.ENOSYS);
        return true;
    }

    private void read(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.TRANSFER_IN_SIZE);
        final int size = transferSize(request);
        final long buffer = worker.data(size);
        final int length = fileSystem.read(request.node(), request.bodyLong(0),
            request.bodyLong(KernelProtocol.TRANSFER_OFFSET_OFFSET), buffer, size);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyData(buffer, length);
        }
    }

    private void write(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.TRANSFER_IN_SIZE);
        final int size = transferSize(request);
        request.require(KernelProtocol.TRANSFER_IN_SIZE + (long) size);
        final int flags = request.bodyWord(KernelProtocol.TRANSFER_FLAGS_OFFSET);
        if ((flags & KernelProtocol.WRITE_KILL_SUIDGID) != 0) {
            privileges.drop(worker, request.node());
        }
        final long offset = request.bodyLong(KernelProtocol.TRANSFER_OFFSET_OFFSET);
        final long data = request.body() + KernelProtocol.TRANSFER_IN_SIZE;
        // With O_DIRECT the parts of one write may come at the same time: each has to go where it belongs.
        final boolean appends = (flags & KernelProtocol.WRITE_FROM_PAGES) == 0
            && (request.bodyWord(KernelProtocol.TRANSFER_OPEN_FLAGS_OFFSET) & (Posix.O_APPEND | Posix.O_DIRECT))
                == Posix.O_APPEND;
        final int length = appends ? fileSystem.append(request.node(), request.bodyLong(0), offset, data, size, worker.appended)
            : fileSystem.write(request.node(), request.bodyLong(0), offset, data, size);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyWritten(length);
        }
    }

    private static int transferSize(final Request request) {
        final int size = request.bodyWord(KernelProtocol.TRANSFER_SIZE_OFFSET);
        if (size < 0) {
            throw new IllegalStateException("a request wants to move " + Integer.toUnsignedString(size) + " bytes");
        }
        return size;
    }

    private static boolean dataOnly(final Request request) {
        return (request.bodyWord(KernelProtocol.FSYNC_FLAGS_OFFSET) & KernelProtocol.FSYNC_DATA_ONLY) != 0;
    }

    private void fallocate(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.FALLOCATE_IN_SIZE);
        if (request.uid() != 0) {
            // The kernel leaves this to us, but has no bit for it in the message (F11).
            privileges.drop(worker, request.node());
        }
        worker.replyStatus(fileSystem.fallocate(request.node(), request.bodyLong(0),
            request.bodyWord(KernelProtocol.FALLOCATE_MODE_OFFSET),
            request.bodyLong(KernelProtocol.FALLOCATE_OFFSET_OFFSET),
            request.bodyLong(KernelProtocol.FALLOCATE_LENGTH_OFFSET)));
    }

    private void open(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.OPEN_IN_SIZE);
        final int flags = request.bodyWord(0);
        if ((request.bodyWord(KernelProtocol.OPEN_IN_FLAGS_OFFSET) & KernelProtocol.OPEN_KILL_SUIDGID) != 0) {
            privileges.drop(worker, request.node());
        }
        final int result = fileSystem.open(worker.caller(), request.node(), flags, worker.opened);
        if (result < 0) {
            worker.replyError(-result);
            return;
        }
        if (worker.opened.forgetAttributes) {
            // Before the answer: what the program does next must not be done with the old size.
            worker.forgetAttributes(request.node());
        }
        if (!worker.replyOpen()) {
            fileSystem.release(worker.opened.fh);
        }
    }

    private void create(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.CREATE_IN_SIZE);
        final int result = fileSystem.create(worker.caller(), request.node(),
            request.name(KernelProtocol.CREATE_IN_SIZE), request.bodyWord(KernelProtocol.CREATE_MODE_OFFSET),
            request.bodyWord(KernelProtocol.CREATE_UMASK_OFFSET), request.bodyWord(0), worker.entry, worker.opened);
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyCreate()) {
            fileSystem.release(worker.opened.fh);
            fileSystem.forget(worker.entry.node, 1);
        }
    }

    private void opendir(final FuseWorker worker, final Request request) {
        final int result = fileSystem.opendir(worker.caller(), request.node(), worker.opened);
        if (result < 0) {
            worker.replyError(-result);
        } else if (!worker.replyOpen()) {
            fileSystem.releasedir(worker.opened.fh);
        }
    }

    private void readdir(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.TRANSFER_IN_SIZE);
        final int size = transferSize(request);
        final long buffer = worker.data(size);
        worker.directory.begin(buffer, size);
        final int result = fileSystem.readdir(request.bodyLong(0),
            request.bodyLong(KernelProtocol.TRANSFER_OFFSET_OFFSET), worker.directory);
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyData(buffer, worker.directory.used());
        }
    }

    private void forget(final FuseWorker worker, final Request request) {
        worker.replyNone();
        request.require(KernelProtocol.FORGET_IN_SIZE);
        fileSystem.forget(request.node(), request.bodyLong(0));
    }

    private void forgetMany(final FuseWorker worker, final Request request) {
        worker.replyNone();
        request.require(KernelProtocol.BATCH_FORGET_IN_SIZE);
        final long count = Integer.toUnsignedLong(request.bodyWord(0));
        request.require(KernelProtocol.BATCH_FORGET_IN_SIZE + count * KernelProtocol.FORGET_ONE_SIZE);
        for (long i = 0; i < count; i++) {
            final long one = request.body() + KernelProtocol.BATCH_FORGET_IN_SIZE + i * KernelProtocol.FORGET_ONE_SIZE;
            fileSystem.forget(OffHeap.getLong(one), OffHeap.getLong(one + Long.BYTES));
        }
    }
}
