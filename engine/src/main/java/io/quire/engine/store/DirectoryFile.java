package io.quire.engine.store;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The data of a regular file in a directory. Opens the source on demand: for reading only until somebody writes, so
 * that files which cannot be written, such as running programs, can still be read. Thread-safe.
 *
 * <p>The descriptors are closed by {@link #idle} and {@link #close}, or when the store has too many; whatever is called
 * next opens them again. None is opened with O_APPEND, which would make Linux ignore offsets.
 *
 * <p><b>Own changes.</b> Size and times of the source tell whether it was changed, but not by whom. So every change
 * that is made through here to data, attributes or names is bracketed by {@link #beginChange} and {@link #endChange},
 * and {@link #activity} tells whether one was under way or began between two looks:
 *
 * <pre>
 *   activity, 64 bits:   | changes begun (48) | changes under way (16) |
 * </pre>
 *
 * <p>Renaming, or changing permissions, moves the change time alone. {@link #modifications} counts the others, so that after such a
 * change the modification time still tells of what somebody else wrote.
 */
public final class DirectoryFile implements StoreFile {
    private static final long BEGUN = 1L << 16;
    private static final long UNDER_WAY = BEGUN - 1;

    private final DirectoryStore store;
    private final SourceNode node;
    private final Data reader;
    private final Data writer;
    private final AtomicLong activity = new AtomicLong();
    private final AtomicLong modifications = new AtomicLong();
    /** Error of a close that nobody waited for; told by the next sync. */
    private final AtomicInteger lost = new AtomicInteger();

    DirectoryFile(final DirectoryStore store, final SourceNode node) {
        this.store = store;
        this.node = node;
        this.reader = new Data(Posix.O_RDONLY);
        this.writer = new Data(Posix.O_RDWR);
    }

    /** One of the two descriptors. */
    private final class Data extends BoundedDescriptor {
        private final int access;

        Data(final int access) {
            super(store.descriptors);
            this.access = access;
        }

        @Override
        int openNow() {
            final int path = node.acquire();
            if (path < 0) {
                return path;
            }
            try {
                // The node is a regular file, so this can neither block nor act on a device.
                return PosixNames.reopen(path, access | Posix.O_NOCTTY);
            } finally {
                node.release();
            }
        }

        @Override
        void closing(final int fd) {
            node.closing(fd);
        }

        @Override
        void closeFailed(final int errno) {
            lost.compareAndSet(0, errno);
        }
    }

    /**
     * Opens the source for reading, so that an error is seen now.
     *
     * @return 0 or negative errno
     */
    public int openForReading() {
        if (writer.isOpen()) {
            return 0;
        }
        return touch(reader);
    }

    /**
     * Opens the source for reading and writing, so that an error is seen now.
     *
     * @return 0 or negative errno: EROFS, ETXTBSY, EACCES, EPERM of an immutable file
     */
    public int openForWriting() {
        return touch(writer);
    }

    private static int touch(final Data data) {
        final int fd = data.acquire();
        if (fd < 0) {
            return fd;
        }
        data.release();
        return 0;
    }

    /**
     * Begins a change. The store does this itself for attributes and names; who writes data does it around the whole of
     * what makes size, times and its own knowledge of them agree again.
     */
    public void beginChange() {
        modifications.getAndIncrement();
        beginAttributeChange();
    }

    /** Begins a change that moves neither size nor modification time. */
    void beginAttributeChange() {
        final long before = activity.getAndAdd(BEGUN + 1);
        assert (before & UNDER_WAY) != UNDER_WAY : "too many changes at once";
    }

    /** Ends a change. */
    public void endChange() {
        final long before = activity.getAndDecrement();
        assert (before & UNDER_WAY) != 0 : "a change ended that was not begun";
    }

    /**
     * A number that is another one after each change that was begun.
     *
     * @return the number, or -1 while a change is under way
     */
    public long activity() {
        final long now = activity.get();
        return (now & UNDER_WAY) == 0 ? now : -1;
    }

    /**
     * A number that grows with each change that may move size or modification time. Read before {@link #activity}, it counts no
     * change that the activity does not.
     *
     * @return the number
     */
    public long modifications() {
        return modifications.get();
    }

    /** Closes the descriptors until they are needed again; without a descriptor the source can be executed. */
    public void idle() {
        writer.closeSoon();
        reader.closeSoon();
    }

    boolean isOpen() {
        return writer.isOpen() || reader.isOpen();
    }

    /** Takes over a descriptor that is open for reading and writing. */
    void adoptWriter(final int fd) {
        writer.adopt(fd);
    }

    /** An O_PATH descriptor by way of the open data, which works whatever became of the names. */
    int reopenAsPath() {
        final BoundedDescriptor data = openData();
        if (data == null) {
            return BoundedDescriptor.CLOSED;
        }
        final int fd = data.tryAcquire();
        if (fd == BoundedDescriptor.CLOSED) {
            return fd;
        }
        try {
            return PosixNames.reopen(fd, Posix.O_PATH);
        } finally {
            data.release();
        }
    }

    /** The descriptor that is open, or null. */
    BoundedDescriptor openData() {
        return writer.isOpen() ? writer : reader.isOpen() ? reader : null;
    }

    @Override
    public long read(final long offset, final IoVector target) throws StoreException {
        if (target.count() == 0) {
            return 0;
        }
        Data data = writer;
        int fd = data.tryAcquire();
        if (fd == BoundedDescriptor.CLOSED) {
            data = reader;
            fd = data.acquire();
        }
        check(fd, "opening for reading");
        final long result;
        try {
            result = Posix.preadv(fd, target.nativeAddress(), target.count(), offset);
        } finally {
            data.release();
        }
        if (result < 0) {
            throw failure((int) -result, "reading " + target.bytes() + " bytes at " + offset);
        }
        return result;
    }

    @Override
    public long write(final long offset, final IoVector source) throws StoreException {
        if (source.count() == 0) {
            return 0;
        }
        final int fd = check(writer.acquire(), "opening for writing");
        final long result;
        try {
            result = Posix.pwritev(fd, source.nativeAddress(), source.count(), offset);
        } finally {
            writer.release();
        }
        if (result < 0) {
            throw failure((int) -result, "writing " + source.bytes() + " bytes at " + offset);
        }
        if (result == 0) {
            throw failure(Errno.EIO, "the source took none of " + source.bytes() + " bytes at " + offset);
        }
        return result;
    }

    @Override
    public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        final Data data = pinAny("opening for a map");
        final int result;
        try {
            result = mapRange(data.pinned(), offset, offset + length, target);
        } finally {
            data.release();
        }
        check(result, "looking for holes");
    }

    /** Pins a descriptor for a call that any will do for: what is open, or for reading, or for writing where a file may not be read. */
    private Data pinAny(final String doing) throws StoreException {
        if (writer.tryAcquire() != BoundedDescriptor.CLOSED) {
            return writer;
        }
        final int fd = reader.acquire();
        final Data pinned = fd == -Errno.EACCES ? writer : reader;
        check(pinned == reader ? fd : writer.acquire(), doing);
        return pinned;
    }

    /** Transfers have offsets of their own, so that the seeks disturb nobody. 0 or negative errno. */
    private static int mapRange(final int fd, final long offset, final long end, final ExtentMap target) {
        target.begin(offset);
        while (target.end() < end && target.count() < ExtentMap.MAX_EXTENTS) {
            final long data = Posix.lseek(fd, target.end(), Posix.SEEK_DATA);
            if (data == -Errno.ENXIO) {
                // No byte at or beyond this place.
                target.add(end, true);
            } else if (data < 0) {
                target.begin(offset);
                target.add(end, false);
                // A file system that does not know of holes.
                return data == -Errno.EINVAL || data == -Errno.EOPNOTSUPP ? 0 : (int) data;
            } else {
                target.add(Math.min(data, end), true);
                final long hole = data < end ? Posix.lseek(fd, data, Posix.SEEK_HOLE) : end;
                target.add(hole < 0 ? end : Math.min(hole, end), false);
            }
        }
        return 0;
    }

    @Override
    public void truncate(final long size) throws StoreException {
        final int fd = check(writer.acquire(), "opening for writing");
        final int result;
        try {
            result = Posix.ftruncate(fd, size);
        } finally {
            writer.release();
        }
        check(result, "setting the size");
    }

    @Override
    public void punch(final long offset, final long length) throws StoreException {
        final int mode = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
        try {
            fallocate(mode, offset, length, "punching a hole");
        } catch (final StoreException e) {
            if (e.errno() != Errno.EFBIG) {
                throw e;
            }
            // The range goes beyond the largest file of the source: what lies beyond this file need not be punched.
            final StoreAttributes now = new StoreAttributes();
            attributes(now);
            if (offset < now.size) {
                fallocate(mode, offset, now.size - offset, "punching a hole");
            }
        }
    }

    @Override
    public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        fallocate(keepSize ? Posix.FALLOC_FL_KEEP_SIZE : 0, offset, length, "allocating");
    }

    private void fallocate(final int mode, final long offset, final long length, final String doing)
        throws StoreException {
        final int fd = check(writer.acquire(), "opening for writing");
        final int result;
        try {
            result = Posix.fallocate(fd, mode, offset, length);
        } finally {
            writer.release();
        }
        if (result < 0) {
            throw failure(-result, doing + " " + length + " bytes at " + offset);
        }
    }

    @Override
    public void sync(final boolean dataOnly) throws StoreException {
        final Data data = pinAny("opening for a sync");
        final int result;
        try {
            result = dataOnly ? Posix.fdatasync(data.pinned()) : Posix.fsync(data.pinned());
        } finally {
            data.release();
        }
        final int earlier = lost.getAndSet(0);
        check(result, "syncing");
        check(-earlier, "an earlier close");
    }

    @Override
    public void attributes(final StoreAttributes target) throws StoreException {
        final Attributes found = new Attributes();
        check(node.attributes(found), "reading the attributes");
        found.copyTo(target);
    }

    /** Closes the descriptors. The node stays; used again, the file opens them again. */
    @Override
    public void close() throws StoreException {
        idle();
        check(-lost.getAndSet(0), "closing");
    }

    private int check(final int result, final String doing) throws StoreException {
        if (result < 0) {
            throw failure(-result, doing);
        }
        return result;
    }

    private StoreException failure(final int errno, final String doing) {
        return new StoreException(errno, doing + ": " + node);
    }
}
