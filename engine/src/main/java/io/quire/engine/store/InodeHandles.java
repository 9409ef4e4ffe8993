package io.quire.engine.store;

import java.util.Arrays;

/**
 * Opens inodes by file handle, name_to_handle_at(2), where the file system and the privileges of the process allow it. Thread-safe.
 */
final class InodeHandles {
    private static final byte[] EMPTY = {};

    /** For open_by_handle_at, which takes no O_PATH descriptor; -1 when handles cannot be used. */
    private final int mount;

    private InodeHandles(final int mount) {
        this.mount = mount;
    }

    /** The handles of a file system, or none. */
    static InodeHandles of(final int fd, final boolean wanted) {
        return new InodeHandles(wanted ? mountOf(fd) : -1);
    }

    /** A descriptor for open_by_handle_at, or -1 when the filesystem or the privileges do not allow handles. */
    private static int mountOf(final int fd) {
        final byte[] handle = new byte[PosixNames.MAX_HANDLE_SIZE];
        final int length = PosixNames.nameToHandleAt(fd, EMPTY, handle, PosixNames.AT_EMPTY_PATH);
        if (length < 0) {
            return -1;
        }
        final int mount = PosixNames.reopen(fd, Posix.O_RDONLY | Posix.O_DIRECTORY);
        if (mount < 0) {
            return -1;
        }
        final int probe = PosixNames.openByHandleAt(mount, handle, length, Posix.O_PATH);
        if (probe < 0) {
            Posix.close(mount);
            return -1;
        }
        Posix.close(probe);
        return mount;
    }

    boolean areUsable() {
        return mount >= 0;
    }

    /** The file handle of a name, of no length when there is none. */
    byte[] handleOf(final int directory, final byte[] name) {
        final byte[] handle = new byte[PosixNames.MAX_HANDLE_SIZE];
        final int length = PosixNames.nameToHandleAt(directory, name, handle,
            name.length == 0 ? PosixNames.AT_EMPTY_PATH : 0);
        return length < 0 ? EMPTY : Arrays.copyOf(handle, length);
    }

    int open(final byte[] handle) {
        return PosixNames.openByHandleAt(mount, handle, handle.length, Posix.O_PATH | Posix.O_NOFOLLOW);
    }

    void close() {
        if (mount >= 0) {
            Posix.close(mount);
        }
    }
}
