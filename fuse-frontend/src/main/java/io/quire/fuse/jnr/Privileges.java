package io.quire.fuse.jnr;

import io.quire.engine.store.Errno;
import io.quire.engine.store.PosixAttributes;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.SetAttributes;

/**
 * Takes the set-user-ID bit, and the set-group-ID bit of a program, away before a file is changed by someone who may not
 * keep them (F11). Capabilities are taken away by the source's own file system, at every write. Thread-safe.
 */
final class Privileges {
    private static final int S_IXGRP = 010;

    private final FileSystem fileSystem;

    Privileges(final FileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    void drop(final FuseWorker worker, final long node) {
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
}
