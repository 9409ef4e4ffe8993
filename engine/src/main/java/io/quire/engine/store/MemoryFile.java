package io.quire.engine.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.locks.StampedLock;

import org.agrona.collections.LongArrayList;
import org.jctools.maps.NonBlockingHashMapLong;

import io.quire.engine.memory.OffHeap;

/**
 * The bytes and times of one file of a {@link MemoryStore}.
 *
 * <p>Invariants (native-notes/store.md): S10 transfers hold the lock shared and what takes chunks away holds it
 * exclusively, so that no copy touches a chunk of another file. S11 every byte of a chunk at or beyond the size is zero.
 * S12 the size covers bytes only after they were copied. S13 times change after the data did.
 *
 * <p>The lock is a leaf: nothing is called back while it is held.
 */
final class MemoryFile {
    private static final int SHIFT = ChunkPool.CHUNK_SHIFT;
    private static final long CHUNK = ChunkPool.CHUNK_SIZE;
    private static final VarHandle SIZE;
    private static final VarHandle MODIFIED;
    private static final VarHandle CHANGED;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            SIZE = lookup.findVarHandle(MemoryFile.class, "size", long.class);
            MODIFIED = lookup.findVarHandle(MemoryFile.class, "modified", long.class);
            CHANGED = lookup.findVarHandle(MemoryFile.class, "changed", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final ChunkPool pool;
    private final StampedLock lock = new StampedLock();
    private final NonBlockingHashMapLong<Long> chunks = new NonBlockingHashMapLong<>();
    private volatile long size;
    private volatile long modified;
    private volatile long changed;
    private boolean released;

    MemoryFile(final String name, final ChunkPool pool) {
        this.name = name;
        this.pool = pool;
        touch();
    }

    String name() {
        return name;
    }

    long read(final long offset, final IoVector target) throws StoreException {
        requireOffset(offset);
        final long stamp = lock.readLock();
        try {
            requireLive();
            final long end = size;
            if (offset >= end) {
                return 0;
            }
            final long wanted = Math.min(target.bytes(), end - offset);
            long done = 0;
            for (int piece = 0; done < wanted; piece++) {
                final long length = Math.min(target.length(piece), wanted - done);
                copyOut(offset + done, target.address(piece), length);
                done += length;
            }
            return done;
        } finally {
            lock.unlockRead(stamp);
        }
    }

    long write(final long offset, final IoVector source) throws StoreException {
        requireOffset(offset);
        final long wanted = Math.min(source.bytes(), Long.MAX_VALUE - offset);
        if (wanted == 0) {
            if (source.bytes() == 0) {
                return 0;
            }
            throw new StoreException(Errno.EFBIG, "'" + name + "' cannot grow beyond 2^63 - 1 bytes");
        }
        final long stamp = lock.readLock();
        try {
            requireLive();
            long done = 0;
            for (int piece = 0; done < wanted; piece++) {
                final long length = Math.min(source.length(piece), wanted - done);
                final long copied = copyIn(offset + done, source.address(piece), length);
                done += copied;
                if (copied < length) {
                    break;
                }
            }
            if (done == 0) {
                throw full(offset);
            }
            growTo(offset + done);
            touch();
            return done;
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Chunks are data, also where nothing was ever written. */
    void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
        requireRange(offset, length);
        final long stamp = lock.readLock();
        try {
            requireLive();
            target.begin(offset);
            final long end = offset + length;
            final long dataEnd = Math.min(end, size);
            while (target.end() < dataEnd && target.count() < ExtentMap.MAX_EXTENTS) {
                final long index = target.end() >>> SHIFT;
                target.add(index == Long.MAX_VALUE >>> SHIFT ? dataEnd : Math.min(dataEnd, index + 1 << SHIFT),
                    chunks.get(index) == null);
            }
            if (target.end() == Math.max(offset, dataEnd)) {
                target.add(end, true);
            }
        } finally {
            lock.unlockRead(stamp);
        }
    }

    void truncate(final long newSize) throws StoreException {
        requireOffset(newSize);
        final long stamp = lock.writeLock();
        try {
            requireLive();
            final long before = size;
            size = newSize;
            if (newSize < before) {
                zero(newSize, Math.min(before, roundUp(newSize)));
            }
            removeChunks((newSize >>> SHIFT) + ((newSize & CHUNK - 1) == 0 ? 0 : 1), Long.MAX_VALUE >>> SHIFT);
            touch();
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    void punch(final long offset, final long length) throws StoreException {
        requireRange(offset, length);
        // A range that goes beyond the greatest size ends there.
        final long end = length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length;
        final long stamp = lock.writeLock();
        try {
            requireLive();
            final long firstWhole = roundUp(offset);
            final long lastWhole = end & -CHUNK;
            if (firstWhole > lastWhole) {
                zero(offset, end);
            } else {
                zero(offset, firstWhole);
                zero(lastWhole, end);
                if (firstWhole < lastWhole) {
                    removeChunks(firstWhole >>> SHIFT, (lastWhole >>> SHIFT) - 1);
                }
            }
            touch();
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        requireRange(offset, length);
        if (length > Long.MAX_VALUE - offset) {
            throw new StoreException(Errno.EFBIG, "'" + name + "' cannot grow beyond 2^63 - 1 bytes");
        }
        final long first = offset >>> SHIFT;
        final long last = offset + length - 1 >>> SHIFT;
        if (last - first >= pool.limit()) {
            throw full(offset);
        }
        final long stamp = lock.writeLock();
        try {
            requireLive();
            final LongArrayList added = new LongArrayList();
            for (long index = first; index <= last; index++) {
                if (chunks.get(index) == null) {
                    final long chunk = pool.allocate();
                    if (chunk == ChunkPool.NONE) {
                        for (int i = 0; i < added.size(); i++) {
                            pool.free(chunks.remove(added.getLong(i)));
                        }
                        throw full(offset);
                    }
                    chunks.put(index, Long.valueOf(chunk));
                    added.addLong(index);
                }
            }
            if (!keepSize && offset + length > size) {
                size = offset + length;
                touch();
            } else {
                changed = next(changed);
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    void attributes(final StoreAttributes target) {
        // S13: times first. A change in between then shows up as other times at the next look, never as the same ones.
        target.changed = changed;
        target.modified = modified;
        target.size = size;
    }

    /** Gives all chunks back; the file is not used again, and who tries gets EBADF. */
    void release() {
        final long stamp = lock.writeLock();
        try {
            released = true;
            removeChunks(0, Long.MAX_VALUE >>> SHIFT);
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    private void copyOut(final long offset, final long target, final long length) {
        long done = 0;
        while (done < length) {
            final long at = offset + done;
            final long within = at & CHUNK - 1;
            final long part = Math.min(length - done, CHUNK - within);
            final Long chunk = chunks.get(at >>> SHIFT);
            if (chunk == null) {
                OffHeap.zero(target + done, part);
            } else {
                OffHeap.copy(chunk + within, target + done, part);
            }
            done += part;
        }
    }

    private long copyIn(final long offset, final long source, final long length) {
        long done = 0;
        while (done < length) {
            final long at = offset + done;
            final long within = at & CHUNK - 1;
            final long part = Math.min(length - done, CHUNK - within);
            final long chunk = chunk(at >>> SHIFT);
            if (chunk == ChunkPool.NONE) {
                return done;
            }
            OffHeap.copy(source + done, chunk + within, part);
            done += part;
        }
        return done;
    }

    private long chunk(final long index) {
        final Long present = chunks.get(index);
        if (present != null) {
            return present;
        }
        final long fresh = pool.allocate();
        if (fresh == ChunkPool.NONE) {
            // Another writer may have put it there with the last chunk that the pool had.
            final Long other = chunks.get(index);
            return other == null ? ChunkPool.NONE : other;
        }
        final Long other = chunks.putIfAbsent(index, Long.valueOf(fresh));
        if (other == null) {
            return fresh;
        }
        pool.free(fresh);
        return other;
    }

    /** Zeroes [from, to), which lies in one chunk. Lock held exclusively. */
    private void zero(final long from, final long to) {
        if (from < to) {
            final Long chunk = chunks.get(from >>> SHIFT);
            if (chunk != null) {
                OffHeap.zero(chunk + (from & CHUNK - 1), to - from);
            }
        }
    }

    /** Costs the smaller of the range and what is present. Lock held exclusively. */
    private void removeChunks(final long first, final long last) {
        if (last - first < chunks.size()) {
            for (long index = first; index <= last; index++) {
                final Long chunk = chunks.remove(index);
                if (chunk != null) {
                    pool.free(chunk);
                }
            }
        } else {
            final Iterator<Map.Entry<Long, Long>> all = chunks.entrySet().iterator();
            while (all.hasNext()) {
                final Map.Entry<Long, Long> entry = all.next();
                if (entry.getKey() >= first && entry.getKey() <= last) {
                    all.remove();
                    pool.free(entry.getValue());
                }
            }
        }
    }

    private void growTo(final long end) {
        long before = size;
        while (before < end && !SIZE.compareAndSet(this, before, end)) {
            before = size;
        }
    }

    /** Gives the file new times, which differ from all that it had, whatever the resolution of the clock. */
    private void touch() {
        long before = changed;
        long now = next(before);
        while (!CHANGED.compareAndSet(this, before, now)) {
            before = changed;
            now = next(before);
        }
        long then = modified;
        while (then < now && !MODIFIED.compareAndSet(this, then, now)) {
            then = modified;
        }
    }

    private static long next(final long before) {
        return Math.max(before + 1, System.currentTimeMillis() * 1_000_000L);
    }

    private static long roundUp(final long offset) {
        return offset > (Long.MAX_VALUE & -CHUNK) ? Long.MAX_VALUE : offset + CHUNK - 1 & -CHUNK;
    }

    private void requireLive() throws StoreException {
        if (released) {
            throw new StoreException(Errno.EBADF, "'" + name + "' was removed or its store closed; open it again");
        }
    }

    private void requireOffset(final long offset) throws StoreException {
        if (offset < 0) {
            throw new StoreException(Errno.EINVAL, "offset or size " + offset + " of '" + name + "' is negative");
        }
    }

    private void requireRange(final long offset, final long length) throws StoreException {
        requireOffset(offset);
        if (length <= 0) {
            throw new StoreException(Errno.EINVAL, "a range of " + length + " bytes of '" + name + "' is empty");
        }
    }

    private StoreException full(final long offset) {
        return new StoreException(Errno.ENOSPC, "no memory left for '" + name + "' at offset " + offset
            + ": the store holds " + (pool.limit() << SHIFT) + " bytes; remove or truncate files");
    }
}
