package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.fuse.vfs.FileSystem;

/**
 * The operations that programs wait for most, decoded from the kernel's message and answered without libfuse: no handle
 * is allocated, no list of requests locked, and Java is not left but for the two system calls (F13). Thread-safe.
 *
 * <p>libfuse keeps a list of requests for INTERRUPT. Operations are never told of interrupts (F8), so INTERRUPT is
 * answered with ENOSYS, and the kernel sends no further ones.
 */
final class DirectOperations {
    private final FileSystem fileSystem;
    private final Privileges privileges;
    private final boolean ownerOnly;
    private final int owner = SystemCalls.LIBC.geteuid();

    /**
     * Prepares.
     *
     * @param fileSystem what answers the requests
     * @param ownerOnly  whether libfuse refuses what users other than root and the one who mounts ask for
     */
    DirectOperations(final FileSystem fileSystem, final boolean ownerOnly) {
        this.fileSystem = fileSystem;
        this.ownerOnly = ownerOnly;
        privileges = new Privileges(fileSystem);
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
        if (ownerOnly && request.uid() != 0 && request.uid() != owner && entersByName(kind)) {
            return false;
        }
        final long start = worker.beginDirect();
        try {
            dispatch(worker, request);
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
            case KernelProtocol.OPEN -> OperationKind.OPEN;
            case KernelProtocol.CREATE -> OperationKind.CREATE;
            case KernelProtocol.FLUSH -> OperationKind.FLUSH;
            case KernelProtocol.RELEASE -> OperationKind.RELEASE;
            case KernelProtocol.FSYNC -> OperationKind.FSYNC;
            case KernelProtocol.OPENDIR -> OperationKind.OPENDIR;
            case KernelProtocol.READDIR -> OperationKind.READDIR;
            case KernelProtocol.RELEASEDIR -> OperationKind.RELEASEDIR;
            case KernelProtocol.FORGET, KernelProtocol.BATCH_FORGET -> OperationKind.FORGET;
            default -> null;
        };
    }

    /** Whether it is one of those that libfuse refuses to strangers under {@code allow_root}; what is open may be used. */
    private static boolean entersByName(final OperationKind kind) {
        return switch (kind) {
            case LOOKUP, GETATTR, OPEN, CREATE, OPENDIR -> true;
            default -> false;
        };
    }

    private void dispatch(final FuseWorker worker, final Request request) {
        switch (request.opcode()) {
            case KernelProtocol.READ -> read(worker, request);
            case KernelProtocol.WRITE -> write(worker, request);
            case KernelProtocol.LOOKUP -> worker.answerEntry(fileSystem,
                fileSystem.lookup(worker.caller(), request.node(), request.name(0), worker.entry));
            case KernelProtocol.GETATTR -> getattr(worker, request);
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
                worker.replyStatus(fileSystem.fsync(request.bodyLong(0),
                    (request.bodyWord(KernelProtocol.FSYNC_FLAGS_OFFSET) & KernelProtocol.FSYNC_DATA_ONLY) != 0));
            }
            case KernelProtocol.OPENDIR -> opendir(worker, request);
            case KernelProtocol.READDIR -> readdir(worker, request);
            case KernelProtocol.RELEASEDIR -> {
                request.require(KernelProtocol.RELEASE_IN_SIZE);
                worker.replyStatus(fileSystem.releasedir(request.bodyLong(0)));
            }
            case KernelProtocol.FORGET -> forget(worker, request);
            case KernelProtocol.BATCH_FORGET -> forgetMany(worker, request);
            default -> throw new IllegalStateException("opcode " + request.opcode() + " is not decoded here");
        }
    }

    /** Not an operation: nothing waits for it, and the kernel takes the refusal for all times. */
    private static boolean interrupt(final FuseWorker worker) {
        worker.beginDirect();
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
        if ((request.bodyWord(KernelProtocol.TRANSFER_FLAGS_OFFSET) & KernelProtocol.WRITE_KILL_SUIDGID) != 0) {
            privileges.drop(worker, request.node());
        }
        final int length = fileSystem.write(request.node(), request.bodyLong(0),
            request.bodyLong(KernelProtocol.TRANSFER_OFFSET_OFFSET),
            request.body() + KernelProtocol.TRANSFER_IN_SIZE, size);
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

    private void getattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.GETATTR_IN_SIZE);
        final boolean opened = (request.bodyWord(0) & KernelProtocol.GETATTR_HAS_FH) != 0;
        final int result = fileSystem.getattr(request.node(),
            opened ? request.bodyLong(KernelProtocol.GETATTR_FH_OFFSET) : 0, worker.attributes);
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyAttributes(fileSystem.attrTimeoutNanos());
        }
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
        } else if (!worker.replyOpen()) {
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
