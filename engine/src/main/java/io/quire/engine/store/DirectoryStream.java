package io.quire.engine.store;

import io.quire.engine.memory.OffHeap;

/**
 * An open directory of a {@link DirectoryStore}: its entries in the order and with the offsets of the source.
 *
 * <p>An offset is what the source's getdents64(2) gives and stays good while other entries come and go. Records that
 * were read stay in a buffer of the stream, so that going on where one stopped asks the source for nothing, and
 * removing what was listed neither hides nor repeats anything. Offset 0 begins anew. Thread-safe: one caller at a time.
 */
public final class DirectoryStream extends BoundedDescriptor implements AutoCloseable {
    /** Bytes of records that are read from the source at once. */
    static final int BUFFER_SIZE = 32 << 10;

    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    /** The bytes before the name in the last 8 of the shortest record. */
    private static final long BEFORE_NAME = 0xff_ffffL;

    private final DirectoryStore store;
    private final SourceNode node;
    /** 0 after closing. */
    private long buffer;
    /** The record that is next, and the end of the records, relative to the buffer. */
    private int next;
    private int end;
    /** The offset of the record that is next. */
    private long position;

    DirectoryStream(final DirectoryStore store, final SourceNode node, final long buffer) {
        super(store.descriptors);
        this.store = store;
        this.node = node;
        this.buffer = buffer;
    }

    /** Takes the entries of a directory. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Offers an entry.
         *
         * @param name       name, without NUL
         * @param ino        inode number
         * @param type       DT_ type of readdir(3), 0 unknown
         * @param nextOffset where to go on after it
         * @return false when it was not taken
         */
        boolean add(byte[] name, long ino, int type, long nextOffset);

        /**
         * Offers an entry whose name lies outside of the heap. Who can take it from there makes no array of each name.
         *
         * @param name       absolute address of the name, valid during the call
         * @param length     bytes of the name, without NUL
         * @param ino        inode number
         * @param type       DT_ type of readdir(3), 0 unknown
         * @param nextOffset where to go on after it
         * @return false when it was not taken
         */
        default boolean add(final long name, final int length, final long ino, final int type, final long nextOffset) {
            final byte[] bytes = new byte[length];
            OffHeap.copyToArray(name, bytes, 0, length);
            return add(bytes, ino, type, nextOffset);
        }
    }

    @Override
    int openNow() {
        final int path = node.acquire();
        if (path < 0) {
            return path;
        }
        final int fd;
        try {
            fd = PosixNames.reopen(path, Posix.O_RDONLY | Posix.O_DIRECTORY);
        } finally {
            node.release();
        }
        final long stopped = afterBuffer();
        if (fd >= 0 && stopped != 0) {
            final long result = Posix.lseek(fd, stopped, Posix.SEEK_SET);
            if (result < 0) {
                Posix.close(fd);
                return (int) result;
            }
        }
        return fd;
    }

    /** Opens the directory, so that an error is seen now. */
    int open() {
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        release();
        return 0;
    }

    /**
     * Offers entries, "." and ".." among them, until one is not taken or the directory ends.
     *
     * @param offset 0 for the beginning, otherwise the {@code nextOffset} of an entry
     * @param sink   takes them
     * @return 0 or negative errno
     */
    public synchronized int read(final long offset, final Sink sink) {
        if (buffer == 0) {
            return -Errno.EBADF;
        }
        final int fd = acquire();
        if (fd < 0) {
            return fd;
        }
        try {
            if (offset != position || offset == 0) {
                final int result = seek(fd, offset);
                if (result < 0) {
                    return result;
                }
            }
            return offer(fd, sink);
        } finally {
            release();
        }
    }

    private int seek(final int fd, final long offset) {
        final long result = Posix.lseek(fd, offset, Posix.SEEK_SET);
        if (result < 0) {
            return (int) result;
        }
        next = 0;
        end = 0;
        position = offset;
        return 0;
    }

    private int offer(final int fd, final Sink sink) {
        final boolean root = store.isRoot(node);
        do {
            if (next == end) {
                final int read = PosixNames.getdents64(fd, buffer, BUFFER_SIZE);
                if (read == -Errno.ENOENT) {
                    // The directory was removed while it was open: it has no entries any more.
                    return 0;
                }
                if (read <= 0) {
                    return read;
                }
                next = 0;
                end = read;
            }
        } while (offerNext(sink, root));
        return 0;
    }

    /** A method of its own, since the JVM compiles what is called often far sooner than what loops. */
    private boolean offerNext(final Sink sink, final boolean root) {
        final long entry = buffer + next;
        final long nextOffset = OffHeap.getLong(entry + PosixNames.DIRENT_NEXT_OFFSET);
        final int length = recordLength(entry);
        final int nameLength = nameLength(entry, length);
        final long ino = root && isDotDot(entry, nameLength) ? node.ino
            : OffHeap.getLong(entry + PosixNames.DIRENT_INO_OFFSET);
        final int type = OffHeap.getByte(entry + PosixNames.DIRENT_TYPE_OFFSET) & 0xff;
        if (!sink.add(entry + PosixNames.DIRENT_NAME_OFFSET, nameLength, ino, type, nextOffset)) {
            return false;
        }
        next += length;
        position = nextOffset;
        return true;
    }

    /** Where the descriptor has to stand: behind the records that are in the buffer. */
    private long afterBuffer() {
        long last = position;
        int at = next;
        while (at < end) {
            last = OffHeap.getLong(buffer + at + PosixNames.DIRENT_NEXT_OFFSET);
            at += recordLength(buffer + at);
        }
        return last;
    }

    private static int recordLength(final long entry) {
        return OffHeap.getInt(entry + PosixNames.DIRENT_LENGTH_OFFSET) & 0xffff;
    }

    /**
     * How long the name of a record is. The kernel pads records to 8 bytes and no further, so the NUL is among the last 8; what
     * follows it is anything. The first of them that is zero is found without looking at each.
     */
    static int nameLength(final long entry, final int length) {
        long tail = OffHeap.getLong(entry + length - Long.BYTES);
        if (length - Long.BYTES < PosixNames.DIRENT_NAME_OFFSET) {
            tail |= BEFORE_NAME;
        }
        final long zero = tail - LOW_BITS & ~tail & HIGH_BITS;
        return length - Long.BYTES + Long.numberOfTrailingZeros(zero) / Byte.SIZE - PosixNames.DIRENT_NAME_OFFSET;
    }

    private static boolean isDotDot(final long entry, final int nameLength) {
        return nameLength == 2 && OffHeap.getByte(entry + PosixNames.DIRENT_NAME_OFFSET) == '.'
            && OffHeap.getByte(entry + PosixNames.DIRENT_NAME_OFFSET + 1) == '.';
    }

    /**
     * Waits until the directory is on stable storage.
     *
     * @param dataOnly whether attributes that reading does not need may stay behind
     * @return 0 or negative errno
     */
    public int sync(final boolean dataOnly) {
        final int fd;
        // Opening it anew looks at how far reading has come.
        synchronized (this) {
            if (buffer == 0) {
                return -Errno.EBADF;
            }
            fd = acquire();
        }
        if (fd < 0) {
            return fd;
        }
        try {
            return dataOnly ? Posix.fdatasync(fd) : Posix.fsync(fd);
        } finally {
            release();
        }
    }

    /** Gives descriptor and buffer back. */
    @Override
    public synchronized void close() {
        if (buffer != 0) {
            closeSoon();
            store.giveBack(buffer);
            buffer = 0;
        }
    }
}
