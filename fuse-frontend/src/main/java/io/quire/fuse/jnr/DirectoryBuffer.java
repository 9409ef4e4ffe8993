package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;
import io.quire.fuse.vfs.DirectorySink;

/**
 * Builds the answer to a readdir: the kernel's {@code struct fuse_dirent}, one after the other, each padded to eight
 * bytes, in native memory. Confined to one worker.
 */
final class DirectoryBuffer implements DirectorySink {
    private static final int ALIGNMENT = 8;

    private long base;
    private long capacity;
    private long used;

    /**
     * Starts an answer.
     *
     * @param address  where to build it
     * @param newCapacity bytes that the kernel has room for
     */
    void begin(final long address, final long newCapacity) {
        base = address;
        capacity = newCapacity;
        used = 0;
    }

    /**
     * How much was built.
     *
     * @return bytes
     */
    long used() {
        return used;
    }

    @Override
    public boolean add(final byte[] name, final long ino, final int type, final long nextOffset) {
        final long target = begin(name.length, ino, type, nextOffset);
        if (target == 0) {
            return false;
        }
        OffHeap.copyFromArray(name, 0, target, name.length);
        return true;
    }

    @Override
    public boolean add(final long name, final int length, final long ino, final int type, final long nextOffset) {
        final long target = begin(length, ino, type, nextOffset);
        if (target == 0) {
            return false;
        }
        OffHeap.copy(name, target, length);
        return true;
    }

    /** Builds an entry but for its name; returns where that goes, or 0 when there is no room. */
    private long begin(final int nameLength, final long ino, final int type, final long nextOffset) {
        final long length = FuseLayout.DIRENT_NAME_OFFSET + (long) nameLength;
        final long padded = (length + ALIGNMENT - 1) & -ALIGNMENT;
        if (used + padded > capacity) {
            return 0;
        }
        final long entry = base + used;
        OffHeap.putLong(entry + padded - ALIGNMENT, 0);
        OffHeap.putLong(entry + FuseLayout.DIRENT_NODE_OFFSET, ino);
        OffHeap.putLong(entry + FuseLayout.DIRENT_NEXT_OFFSET, nextOffset);
        OffHeap.putInt(entry + FuseLayout.DIRENT_NAME_LENGTH_OFFSET, nameLength);
        OffHeap.putInt(entry + FuseLayout.DIRENT_TYPE_OFFSET, type);
        used += padded;
        return entry + FuseLayout.DIRENT_NAME_OFFSET;
    }
}
