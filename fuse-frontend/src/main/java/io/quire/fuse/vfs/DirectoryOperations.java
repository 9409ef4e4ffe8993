package io.quire.fuse.vfs;

import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** Reading of directories. Thread-safe. */
final class DirectoryOperations {
    private final DirectoryStore store;
    private final InodeTable inodes;
    private final HandleTable handles;

    DirectoryOperations(final DirectoryStore store, final InodeTable inodes, final HandleTable handles) {
        this.store = store;
        this.inodes = inodes;
        this.handles = handles;
    }

    int opendir(final long node, final OpenResult out) {
        final Inode inode = inodes.get(node);
        if (inode == null || !inode.source.opened()) {
            return -Errno.ESTALE;
        }
        try {
            final DirectoryHandle handle = new DirectoryHandle(inode, store.openDirectory(inode.source));
            out.set(handles.add(handle), false, false);
            return 0;
        } catch (final StoreException e) {
            inode.source.closed();
            return -e.errno();
        }
    }

    int readdir(final long fh, final long offset, final DirectorySink sink) {
        final DirectoryHandle handle = handles.directory(fh);
        return handle == null ? -Errno.EBADF : handle.stream().read(offset, sink);
    }

    int releasedir(final long fh) {
        final DirectoryHandle handle = handles.removeDirectory(fh);
        if (handle == null) {
            return -Errno.EBADF;
        }
        handle.stream().close();
        handle.inode().source.closed();
        return 0;
    }

    int fsyncdir(final long fh, final boolean dataOnly) {
        final DirectoryHandle handle = handles.directory(fh);
        return handle == null ? -Errno.EBADF : handle.stream().sync(dataOnly);
    }
}
