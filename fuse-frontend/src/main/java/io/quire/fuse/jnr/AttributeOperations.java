package io.quire.fuse.jnr;

import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.SetAttributes;

/**
 * The operations on what a node is besides its data: attributes, extended attributes, link targets, permissions and the
 * statistics of the file system, decoded from the kernel's message. Each takes everything out of the message, and so
 * finds out whether it is whole (F13), before it calls the file system. Thread-safe.
 *
 * <pre>
 * SETATTR, 88 bytes                                        GETXATTR     u32 size, u32 (padding); name
 *   0 u32 valid     8 u64 fh       16 u64 size             LISTXATTR    u32 size, u32 (padding)
 *  24 u64 owner of locks           32 u64 atime            SETXATTR     u32 size, u32 flags; name; value
 *  40 u64 mtime    48 u64 ctime    56 u32 atime, ns        REMOVEXATTR  name
 *  60 u32 mtime, ns                64 u32 ctime, ns        ACCESS       u32 mask, u32 (padding)
 *  68 u32 mode     76 u32 uid      80 u32 gid
 * </pre>
 */
final class AttributeOperations {
    private static final byte[] NO_BYTES = {};

    /** What is handed on of SETATTR's {@code valid}; the change time is the source's, and locks are the kernel's (F8). */
    private static final int CHANGES = SetAttributes.MODE | SetAttributes.UID | SetAttributes.GID | SetAttributes.SIZE
        | SetAttributes.ATIME | SetAttributes.MTIME | SetAttributes.ATIME_NOW | SetAttributes.MTIME_NOW;

    private final FileSystem fileSystem;
    private final Privileges privileges;

    AttributeOperations(final FileSystem fileSystem, final Privileges privileges) {
        this.fileSystem = fileSystem;
        this.privileges = privileges;
    }

    void getattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.GETATTR_IN_SIZE);
        final boolean opened = (request.bodyWord(0) & KernelProtocol.GETATTR_HAS_FH) != 0;
        answer(worker, fileSystem.getattr(request.node(),
            opened ? request.bodyLong(KernelProtocol.GETATTR_FH_OFFSET) : 0, worker.attributes));
    }

    void setattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.SETATTR_IN_SIZE);
        final int valid = request.bodyWord(0);
        if ((valid & SetAttributes.SIZE) != 0 && (valid & KernelProtocol.SETATTR_KILL_SUIDGID) != 0) {
            // Uses the worker's holders, so they are filled in afterwards.
            privileges.drop(worker, request.node());
        }
        final SetAttributes in = worker.setAttributes;
        in.size = request.bodyLong(KernelProtocol.SETATTR_SIZE_OFFSET);
        in.atimeSeconds = request.bodyLong(KernelProtocol.SETATTR_ATIME_OFFSET);
        in.mtimeSeconds = request.bodyLong(KernelProtocol.SETATTR_MTIME_OFFSET);
        in.atimeNanos = request.bodyWord(KernelProtocol.SETATTR_ATIME_NANOS_OFFSET);
        in.mtimeNanos = request.bodyWord(KernelProtocol.SETATTR_MTIME_NANOS_OFFSET);
        in.mode = request.bodyWord(KernelProtocol.SETATTR_MODE_OFFSET);
        in.uid = request.bodyWord(KernelProtocol.SETATTR_UID_OFFSET);
        in.gid = request.bodyWord(KernelProtocol.SETATTR_GID_OFFSET);
        final long handle = (valid & KernelProtocol.SETATTR_HAS_FH) != 0
            ? request.bodyLong(KernelProtocol.SETATTR_FH_OFFSET) : 0;
        answer(worker, fileSystem.setattr(worker.caller(), request.node(), handle, valid & CHANGES, in,
            worker.attributes));
    }

    private void answer(final FuseWorker worker, final int result) {
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyAttributes(fileSystem.attrTimeoutNanos());
        }
    }

    void readlink(final FuseWorker worker, final Request request) {
        final int length = fileSystem.readlink(request.node(), worker.target);
        if (length < 0) {
            worker.replyError(-length);
        } else {
            worker.replyBytes(worker.target, length);
        }
    }

    void access(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.ACCESS_IN_SIZE);
        worker.replyStatus(fileSystem.access(worker.caller(), request.node(), request.bodyWord(0)));
    }

    void statfs(final FuseWorker worker, final Request request) {
        final long node = request.node();
        final int result = fileSystem.statfs(node == 0 ? FileSystem.ROOT : node, worker.statistics);
        if (result < 0) {
            worker.replyError(-result);
        } else {
            worker.replyStatistics();
        }
    }

    void getxattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.GETXATTR_IN_SIZE);
        final byte[] name = request.name(KernelProtocol.GETXATTR_IN_SIZE);
        final long capacity = Integer.toUnsignedLong(request.bodyWord(0));
        worker.replyExtended(fileSystem.getxattr(request.node(), name, capacity == 0 ? NO_BYTES : worker.extended),
            capacity);
    }

    void listxattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.GETXATTR_IN_SIZE);
        final long capacity = Integer.toUnsignedLong(request.bodyWord(0));
        worker.replyExtended(fileSystem.listxattr(request.node(), capacity == 0 ? NO_BYTES : worker.extended),
            capacity);
    }

    void setxattr(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.SETXATTR_IN_SIZE);
        final byte[] name = request.name(KernelProtocol.SETXATTR_IN_SIZE);
        final byte[] value = request.bytes(KernelProtocol.SETXATTR_IN_SIZE + name.length + 1,
            Integer.toUnsignedLong(request.bodyWord(0)));
        worker.replyStatus(fileSystem.setxattr(worker.caller(), request.node(), name, value,
            request.bodyWord(KernelProtocol.SETXATTR_FLAGS_OFFSET)));
    }

    void removexattr(final FuseWorker worker, final Request request) {
        final byte[] name = request.name(0);
        worker.replyStatus(fileSystem.removexattr(worker.caller(), request.node(), name));
    }
}
