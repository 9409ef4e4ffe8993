package io.quire.fuse.vfs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.quire.engine.store.Errno;

/** Extended attributes, which are the source's. Thread-safe. */
final class ExtendedAttributeOperations {
    private static final byte[] NO_BYTES = {};
    private static final byte[] CAPABILITY = "security.capability".getBytes(StandardCharsets.US_ASCII);

    private final VfsOptions options;
    private final InodeTable inodes;

    ExtendedAttributeOperations(final VfsOptions options, final InodeTable inodes) {
        this.options = options;
        this.inodes = inodes;
    }

    int setxattr(final long node, final byte[] name, final byte[] value, final int flags) {
        final Inode inode = inodes.get(node);
        final int refused = inodes.refuseChange(inode);
        if (refused < 0) {
            return refused;
        }
        final int result = inode.source.setxattr(name, value, flags);
        if (inode.data() != null) {
            inode.data().capability(false, 0);
        }
        return result;
    }

    int getxattr(final long node, final byte[] name, final byte[] value) {
        final Inode inode = inodes.get(node);
        if (inode == null) {
            return -Errno.ESTALE;
        }
        final FileData data = inode.data();
        // The kernel asks for this one before each write, to see whether the write has to take it away.
        if (data == null || !Arrays.equals(name, CAPABILITY)) {
            return inode.source.getxattr(name, value == null ? NO_BYTES : value);
        }
        final long now = System.nanoTime();
        if (data.lacksCapability(now, options.attrTimeoutNanos())) {
            return -Errno.ENODATA;
        }
        final int result = inode.source.getxattr(name, value == null ? NO_BYTES : value);
        data.capability(result == -Errno.ENODATA, now);
        return result;
    }

    int listxattr(final long node, final byte[] list) {
        final Inode inode = inodes.get(node);
        return inode == null ? -Errno.ESTALE : inode.source.listxattr(list == null ? NO_BYTES : list);
    }

    int removexattr(final long node, final byte[] name) {
        final Inode inode = inodes.get(node);
        final int refused = inodes.refuseChange(inode);
        return refused < 0 ? refused : inode.source.removexattr(name);
    }
}
