package io.quire.engine.store;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Files in memory, off-heap: sparse, made of chunks of 64 KiB that exist only where something was written. A size of
 * 2^62 costs nothing, a transfer little more than the copy.
 *
 * <p>A file lives until it is removed and its last handle is closed, or until the store is closed. A range that was
 * punched or cut off gives its memory back. Modification and change time differ after every change. Thread-safe;
 * transfers run concurrently and allocate nothing where the chunks exist already.
 */
public final class MemoryStore implements Store {
    /** Bytes that a store holds unless told otherwise: 64 GiB, used only as they are written. */
    public static final long DEFAULT_CAPACITY = 64L << 30;

    private final ChunkPool pool;
    private final Object names = new Object();
    private final Map<String, Entry> files = new HashMap<>();
    private final Set<Entry> live = new HashSet<>();
    private boolean closed;

    /** Makes an empty store of {@link #DEFAULT_CAPACITY}. */
    public MemoryStore() {
        this(DEFAULT_CAPACITY);
    }

    /**
     * Makes an empty store.
     *
     * @param capacity bytes of chunks at most, 0 or more, rounded down to 64 KiB; what does not fit fails with ENOSPC
     */
    public MemoryStore(final long capacity) {
        if (capacity < 0) {
            throw new IllegalArgumentException("a store cannot hold " + capacity + " bytes");
        }
        pool = new ChunkPool(Math.min(capacity >>> ChunkPool.CHUNK_SHIFT, Integer.MAX_VALUE - 8));
    }

    /**
     * Opens a file; any name but the empty one is good.
     *
     * @param name   its name
     * @param create whether to make it when it does not exist
     * @return a handle of its own; all handles of a name reach the same bytes
     * @throws StoreException ENOENT when it does not exist and {@code create} is false, or has no name; EBADF when the
     *                        store is closed
     */
    @Override
    public StoreFile open(final String name, final boolean create) throws StoreException {
        synchronized (names) {
            requireOpen();
            Entry entry = files.get(name);
            if (entry == null) {
                if (!create || name.isEmpty()) {
                    throw new StoreException(Errno.ENOENT, "the store has no file '" + name + "'");
                }
                entry = new Entry(new MemoryFile(name, pool));
                files.put(name, entry);
                live.add(entry);
            }
            entry.handles++;
            return new Handle(entry);
        }
    }

    /**
     * Removes a name. Handles that are open keep working; the bytes go with the last of them.
     *
     * @param name its name
     * @throws StoreException ENOENT when there is none; EBADF when the store is closed
     */
    public void remove(final String name) throws StoreException {
        synchronized (names) {
            requireOpen();
            final Entry entry = files.remove(name);
            if (entry == null) {
                throw new StoreException(Errno.ENOENT, "the store has no file '" + name + "'");
            }
            entry.removed = true;
            releaseUnused(entry);
        }
    }

    /**
     * Memory in use for the contents of files.
     *
     * @return bytes, a multiple of 64 KiB
     */
    public long bytesUsed() {
        return pool.used() << ChunkPool.CHUNK_SHIFT;
    }

    /** Forgets every file and gives all memory back. Handles that are still open fail with EBADF from now on. */
    @Override
    public void close() {
        synchronized (names) {
            if (!closed) {
                closed = true;
                // Each file waits for its running transfers, so that the memory can go.
                for (final Entry entry : live) {
                    entry.file.release();
                }
                live.clear();
                files.clear();
                pool.close();
            }
        }
    }

    private void requireOpen() throws StoreException {
        if (closed) {
            throw new StoreException(Errno.EBADF, "the store is closed");
        }
    }

    /** Names lock held. */
    private void releaseUnused(final Entry entry) {
        if (entry.removed && entry.handles == 0 && live.remove(entry)) {
            entry.file.release();
        }
    }

    /** A file and who keeps it. The counts are under the names lock. */
    private static final class Entry {
        private final MemoryFile file;
        private int handles;
        private boolean removed;

        private Entry(final MemoryFile file) {
            this.file = file;
        }
    }

    private final class Handle implements StoreFile {
        private final Entry entry;
        private final MemoryFile file;
        private volatile boolean handleClosed;

        private Handle(final Entry entry) {
            this.entry = entry;
            this.file = entry.file;
        }

        @Override
        public long read(final long offset, final IoVector target) throws StoreException {
            requireHandle();
            return file.read(offset, target);
        }

        @Override
        public long write(final long offset, final IoVector source) throws StoreException {
            requireHandle();
            return file.write(offset, source);
        }

        @Override
        public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
            requireHandle();
            file.mapRange(offset, length, target);
        }

        @Override
        public void truncate(final long size) throws StoreException {
            requireHandle();
            file.truncate(size);
        }

        @Override
        public void punch(final long offset, final long length) throws StoreException {
            requireHandle();
            file.punch(offset, length);
        }

        @Override
        public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
            requireHandle();
            file.allocate(offset, length, keepSize);
        }

        @Override
        public void sync(final boolean dataOnly) throws StoreException {
            requireHandle();
        }

        @Override
        public void attributes(final StoreAttributes target) throws StoreException {
            requireHandle();
            file.attributes(target);
        }

        @Override
        public void close() {
            synchronized (names) {
                if (!handleClosed) {
                    handleClosed = true;
                    entry.handles--;
                    releaseUnused(entry);
                }
            }
        }

        @Override
        public String toString() {
            return "'" + file.name() + "' in memory";
        }

        private void requireHandle() throws StoreException {
            if (handleClosed) {
                throw new StoreException(Errno.EBADF, "this handle of '" + file.name() + "' is closed; open another");
            }
        }
    }
}
