package io.quire.engine.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

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

    private static final byte[] DOT_DOT = "..".getBytes(StandardCharsets.US_ASCII);

    private final DirectoryStore store;
    private final SourceNode node;
    /** 0 after closing. */
    private long buffer;
    /** The record that is next, and the end of the records, relative to the buffer. */
    private int next;
    private int end;
    /** The offset of the record that is next. */
    private long position;
    /** Where the descriptor has to stand for the records after the buffer. */
    private long afterBuffer;

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
        if (fd >= 0 && afterBuffer != 0) {
            final long result = Posix.lseek(fd, afterBuffer, Posix.SEEK_SET);
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
        afterBuffer = offset;
        return 0;
    }

    private int offer(final int fd, final Sink sink) {
        for (;;) {
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
                afterBuffer = lastOffset();
            }
            final long entry = buffer + next;
            final long nextOffset = OffHeap.getLong(entry + PosixNames.DIRENT_NEXT_OFFSET);
            final int length = OffHeap.getInt(entry + PosixNames.DIRENT_LENGTH_OFFSET) & 0xffff;
            final byte[] name = name(entry, length);
            final long ino = store.isRoot(node) && Arrays.equals(name, DOT_DOT) ? node.ino
                : OffHeap.getLong(entry + PosixNames.DIRENT_INO_OFFSET);
            final int type = OffHeap.getByte(entry + PosixNames.DIRENT_TYPE_OFFSET) & 0xff;
            if (!sink.add(name, ino, type, nextOffset)) {
                return 0;
            }
            next += length;
            position = nextOffset;
        }
    }

    /** Where the records after those in the buffer begin. */
    private long lastOffset() {
        long last = 0;
        int at = 0;
        while (at < end) {
            last = OffHeap.getLong(buffer + at + PosixNames.DIRENT_NEXT_OFFSET);
            at += OffHeap.getInt(buffer + at + PosixNames.DIRENT_LENGTH_OFFSET) & 0xffff;
        }
        return last;
    }

    private static byte[] name(final long entry, final int length) {
        final long start = entry + PosixNames.DIRENT_NAME_OFFSET;
        final int most = length - PosixNames.DIRENT_NAME_OFFSET;
        int size = 0;
        while (size < most && OffHeap.getByte(start + size) != 0) {
            size++;
        }
        final byte[] name = new byte[size];
        OffHeap.copyToArray(start, name, 0, size);
        return name;
    }

    /**
     * Waits until the directory is on stable storage.
     *
     * @param dataOnly whether attributes that reading does not need may stay behind
     * @return 0 or negative errno
     */
    public int sync(final boolean dataOnly) {
        final int fd = acquire();
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
