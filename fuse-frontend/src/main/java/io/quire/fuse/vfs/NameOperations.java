package io.quire.fuse.vfs;

import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.SourceEntry;

/** Finding, making, removing and renaming nodes. Thread-safe. */
final class NameOperations {
    private final DirectoryStore store;
    private final VfsOptions options;
    private final InodeTable inodes;

    NameOperations(final DirectoryStore store, final VfsOptions options, final InodeTable inodes) {
        this.store = store;
        this.options = options;
        this.inodes = inodes;
    }

    int lookup(final long parent, final byte[] name, final Entry out) {
        final Inode directory = inodes.get(parent);
        if (directory == null) {
            return -Errno.ESTALE;
        }
        final SourceEntry found = inodes.scratch();
        final int result = store.lookup(directory.source, name, found);
        if (result == -Errno.ENOENT && options.exclusive()) {
            out.node = 0;
            out.generation = 0;
            out.entryTimeoutNanos = options.entryTimeoutNanos();
            out.attrTimeoutNanos = 0;
            return 0;
        }
        return result < 0 ? result : inodes.answer(found, out);
    }

    int readlink(final long node, final byte[] target) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : inode.source.readlink(target);
    }

    int mknod(final Caller c, final long parent, final byte[] name, final int mode, final int umask,
              final long rdev, final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = inodes.scratch();
        final int result = store.mknod(c.uid, c.gid, directory.source, name, mode, umask, rdev, made);
        return result < 0 ? result : inodes.answer(made, out);
    }

    int mkdir(final Caller c, final long parent, final byte[] name, final int mode, final int umask, final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = inodes.scratch();
        final int result = store.mkdir(c.uid, c.gid, directory.source, name, mode, umask, made);
        return result < 0 ? result : inodes.answer(made, out);
    }

    int symlink(final Caller c, final byte[] target, final long parent, final byte[] name, final Entry out) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = inodes.scratch();
        final int result = store.symlink(c.uid, c.gid, target, directory.source, name, made);
        return result < 0 ? result : inodes.answer(made, out);
    }

    int unlink(final long parent, final byte[] name) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        return refused < 0 ? refused : store.unlink(directory.source, name);
    }

    int rmdir(final long parent, final byte[] name) {
        final Inode directory = inodes.get(parent);
        final int refused = inodes.refuseChange(directory);
        return refused < 0 ? refused : store.rmdir(directory.source, name);
    }

    int rename(final long parent, final byte[] name, final long newParent, final byte[] newName) {
        final Inode directory = inodes.get(parent);
        final Inode newDirectory = inodes.get(newParent);
        final int refused = Math.min(inodes.refuseChange(directory), inodes.refuseChange(newDirectory));
        return refused < 0 ? refused : store.rename(directory.source, name, newDirectory.source, newName, 0);
    }

    int link(final long node, final long newParent, final byte[] newName, final Entry out) {
        final Inode inode = inodes.get(node);
        final Inode directory = inodes.get(newParent);
        final int refused = Math.min(inodes.refuseChange(inode), inodes.refuseChange(directory));
        if (refused < 0) {
            return refused;
        }
        final SourceEntry made = inodes.scratch();
        final int result = store.link(inode.source, directory.source, newName, made);
        return result < 0 ? result : inodes.answer(made, out);
    }
}
