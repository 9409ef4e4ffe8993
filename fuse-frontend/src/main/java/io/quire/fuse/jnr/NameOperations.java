package io.quire.fuse.jnr;

import io.quire.fuse.vfs.FileSystem;

/**
 * The operations that make, find, move and remove names, decoded from the kernel's message. Each takes everything out of
 * the message, and so finds out whether it is whole (F13), before it calls the file system. Thread-safe.
 *
 * <pre>
 * LOOKUP, UNLINK, RMDIR   name
 * MKNOD                   u32 mode, u32 rdev, u32 umask, u32 (padding); name
 * MKDIR                   u32 mode, u32 umask; name
 * SYMLINK                 name; target
 * RENAME                  u64 new parent; name; new name
 * LINK                    u64 node; new name
 * </pre>
 */
final class NameOperations {
    private final FileSystem fileSystem;

    NameOperations(final FileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    void lookup(final FuseWorker worker, final Request request) {
        final byte[] name = request.name(0);
        worker.answerEntry(fileSystem, fileSystem.lookup(worker.caller(), request.node(), name, worker.entry));
    }

    void mknod(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.MKNOD_IN_SIZE);
        final byte[] name = request.name(KernelProtocol.MKNOD_IN_SIZE);
        worker.answerEntry(fileSystem, fileSystem.mknod(worker.caller(), request.node(), name, request.bodyWord(0),
            request.bodyWord(KernelProtocol.MKNOD_UMASK_OFFSET),
            Integer.toUnsignedLong(request.bodyWord(KernelProtocol.MKNOD_DEVICE_OFFSET)), worker.entry));
    }

    void mkdir(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.MKDIR_IN_SIZE);
        final byte[] name = request.name(KernelProtocol.MKDIR_IN_SIZE);
        worker.answerEntry(fileSystem, fileSystem.mkdir(worker.caller(), request.node(), name, request.bodyWord(0),
            request.bodyWord(KernelProtocol.MKDIR_UMASK_OFFSET), worker.entry));
    }

    void symlink(final FuseWorker worker, final Request request) {
        final byte[] name = request.name(0);
        final byte[] target = request.name(name.length + 1);
        worker.answerEntry(fileSystem, fileSystem.symlink(worker.caller(), target, request.node(), name, worker.entry));
    }

    void link(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.LINK_IN_SIZE);
        final byte[] newName = request.name(KernelProtocol.LINK_IN_SIZE);
        worker.answerEntry(fileSystem, fileSystem.link(worker.caller(), request.bodyLong(0), request.node(), newName,
            worker.entry));
    }

    void unlink(final FuseWorker worker, final Request request) {
        final byte[] name = request.name(0);
        worker.replyStatus(fileSystem.unlink(worker.caller(), request.node(), name));
    }

    void rmdir(final FuseWorker worker, final Request request) {
        final byte[] name = request.name(0);
        worker.replyStatus(fileSystem.rmdir(worker.caller(), request.node(), name));
    }

    void rename(final FuseWorker worker, final Request request) {
        request.require(KernelProtocol.RENAME_IN_SIZE);
        final byte[] name = request.name(KernelProtocol.RENAME_IN_SIZE);
        final byte[] newName = request.name(KernelProtocol.RENAME_IN_SIZE + name.length + 1);
        worker.replyStatus(fileSystem.rename(worker.caller(), request.node(), name, request.bodyLong(0), newName));
    }
}
