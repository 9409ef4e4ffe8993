package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.tree.PageTree.MARK_DIRTY;

import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/**
 * Pages that stores through regions made newer than the store, and their way back to it.
 *
 * <p>A page is dirty from before its first entry becomes writable (M5) until a writeback took that right away again and the
 * store has its bytes. Writeback: page lock, DIRTY cleared, entries write-protected, store written from the frame; only then
 * unlocked. So no store happens while the bytes go out, and one that comes later makes the page dirty again. A page that
 * could not be written is dirty again, and the error is recorded for every open file.
 *
 * <p>At most a quarter of the frames is dirty: who wants to make one more dirty writes back first, holding nothing. Writeback
 * of a mapping runs under its write lock, so that an older copy of a page never overtakes it on its way to the store.
 * Source: Linux {@code folio_clear_dirty_for_io}, {@code folio_mkclean}, {@code balance_dirty_pages}.
 */
final class DirtyPages {
    private static final int LIMIT_SHIFT = 2;
    private static final int BATCH = 64;

    private final PageCache cache;
    private final AtomicLong count = new AtomicLong();

    DirtyPages(final PageCache cache) {
        this.cache = cache;
    }

    long count() {
        return count.get();
    }

    /** Notes that a page is about to become newer than the store; under its page lock. */
    void mark(final Mapping mapping, final long index, final int frame, final ThreadState state) {
        if ((cache.descriptors.set(frame, DIRTY) & DIRTY) == 0) {
            mark(mapping, index, true);
            counted(1, state);
        }
    }

    /** A page leaves the cache, or its bytes are about to go to the store; under its page lock. */
    boolean forget(final int frame, final ThreadState state) {
        final boolean dirty = (cache.descriptors.clear(frame, DIRTY) & DIRTY) != 0;
        if (dirty) {
            counted(-1, state);
        }
        return dirty;
    }

    private void counted(final int delta, final ThreadState state) {
        count.addAndGet(delta);
        state.count(CacheCounter.DIRTY, delta);
    }

    private static void mark(final Mapping mapping, final long index, final boolean dirty) {
        mapping.tree.lock();
        try {
            if (dirty) {
                mapping.tree.setMark(index, MARK_DIRTY);
            } else {
                mapping.tree.clearMark(index, MARK_DIRTY);
            }
        } finally {
            mapping.tree.unlock();
        }
    }

    // ---- throttling ----

    /**
     * Before a page is made dirty: when a quarter of the frames is dirty, writes back first. The caller holds no page, no
     * fault mutex and no region.
     *
     * @throws CacheException the store's errno when nothing can be written back: the memory of the cache stays bounded
     */
    void balance(final Mapping mapping) throws CacheException {
        if (count.get() < limit()) {
            return;
        }
        // In the middle of a write of this thread another file's lock could be one that waits for this thread's.
        final boolean wait = !cache.threads.current().write.isRunning();
        CacheException failure = tryFlush(mapping, wait);
        for (final Mapping other : cache.mappings.values()) {
            if (count.get() < limit()) {
                return;
            }
            if (other != mapping && other.tree.isAnyMarked(MARK_DIRTY)) {
                final CacheException next = tryFlush(other, wait);
                failure = failure == null ? next : failure;
            }
        }
        if (failure != null && count.get() >= limit()) {
            throw failure;
        }
    }

    private long limit() {
        return Math.max(1, cache.allocator.frames() >>> LIMIT_SHIFT);
    }

    private CacheException tryFlush(final Mapping mapping, final boolean wait) {
        if (mapping.writeLock.isHeldByCurrentThread()) {
            return null;
        }
        if (wait) {
            mapping.writeLock.lock();
        } else if (!mapping.writeLock.tryLock()) {
            return null;
        }
        try {
            flush(mapping, 0, PageTree.MAX_INDEX);
            return null;
        } catch (final CacheException e) {
            return e;
        } finally {
            mapping.writeLock.unlock();
        }
    }

    // ---- writeback ----

    /** Writes back the dirty pages of a range, as far as the file goes. */
    void flush(final Mapping mapping, final long first, final long last) throws CacheException {
        flush(mapping, first, last, mapping.size());
    }

    /**
     * Writes back the dirty pages of a range; under the mapping's write lock. Pages that become dirty meanwhile may be left.
     *
     * @param size where the file ends in the store
     * @throws CacheException the store's errno; the pages that did not reach it are dirty, and the error is recorded
     */
    void flush(final Mapping mapping, final long first, final long last, final long size) throws CacheException {
        assert mapping.writeLock.isHeldByCurrentThread();
        if (!mapping.tree.isAnyMarked(MARK_DIRTY)) {
            return;
        }
        final ThreadState state = cache.threads.current();
        long from = first;
        while (from <= last) {
            final long index;
            mapping.tree.lock();
            try {
                index = mapping.tree.nextMarked(from, last, MARK_DIRTY);
            } finally {
                mapping.tree.unlock();
            }
            if (index < 0) {
                return;
            }
            from = index + Math.max(1, flushRun(mapping, index, last, size, state));
        }
    }

    /** Writes back dirty pages that follow each other; how many there were. */
    private int flushRun(final Mapping mapping, final long first, final long last, final long size,
        final ThreadState state) throws CacheException {
        final int[] frames = new int[BATCH];
        int n = 0;
        int held = Mapping.NONE;
        while (n < BATCH && first + n <= last && (frames[n] = lockDirty(mapping, first + n, held)) != Mapping.NONE) {
            held = cache.descriptors.head(frames[n++]);
        }
        if (n == 0) {
            return 0;
        }
        try {
            for (int i = 0; i < n; i++) {
                // In this order: a store before the entry is write-protected is among the bytes that go out, and one that
                // comes later finds the entry read-only and waits for the page lock. M6.
                forget(frames[i], state);
                mapping.writeProtectPage(first + i);
            }
            StopPoints.reached(CachePoint.WRITEBACK_PROTECTED, mapping.id, first);
            transfer(mapping, first, frames, n, size, state);
        } finally {
            for (int i = 0; i < n; i++) {
                // Frames of a compound page have one lock, given back with the last of them.
                if (i == n - 1 || cache.descriptors.head(frames[i]) != cache.descriptors.head(frames[i + 1])) {
                    cache.locker.unlock(frames[i]);
                }
                cache.release(frames[i]);
            }
        }
        return n;
    }

    /**
     * A dirty page, locked and with a reference; further pages of a run are only tried.
     *
     * @param held first frame of the page before it, which the caller has locked; {@link Mapping#NONE} for the first of a run
     */
    private int lockDirty(final Mapping mapping, final long index, final int held) {
        final int frame = mapping.getPage(index);
        if (frame == Mapping.NONE) {
            return Mapping.NONE;
        }
        // Only the holder of the lock splits, so a frame that has the held page's head has its lock.
        final boolean ours = cache.descriptors.head(frame) == held;
        if (held == Mapping.NONE) {
            cache.locker.lock(frame);
        } else if (!ours && !cache.locker.tryLock(frame)) {
            cache.release(frame);
            return Mapping.NONE;
        }
        if (mapping.isBound(frame, index) && cache.descriptors.has(frame, DIRTY)) {
            return frame;
        }
        if (!ours) {
            cache.locker.unlock(frame);
        }
        cache.release(frame);
        return Mapping.NONE;
    }

    private void transfer(final Mapping mapping, final long first, final int[] frames, final int n, final long size,
        final ThreadState state) throws CacheException {
        final long offset = first << FRAME_SHIFT;
        final long bytes = Math.min((long) n << FRAME_SHIFT, size - offset);
        long done = 0;
        boolean ended = false;
        try (IoVector vector = new IoVector()) {
            for (int i = 0; i < n && (long) i << FRAME_SHIFT < bytes; i++) {
                vector.add(cache.arena.address(frames[i]), (int) Math.min(FRAME_SIZE, bytes - ((long) i << FRAME_SHIFT)));
            }
            mapping.noteOwnChange();
            while (done < bytes) {
                state.count(CacheCounter.STORE_WRITES, 1);
                final long written = mapping.file.write(offset + done, vector);
                if (written <= 0) {
                    throw new StoreException(Errno.EIO, "the store took none of " + (bytes - done) + " bytes at "
                        + (offset + done));
                }
                done += written;
                vector.advance(written);
            }
            ended = true;
        } catch (final StoreException e) {
            ended = true;
            mapping.errors.record(e.errno());
            throw new CacheException("writing back " + bytes + " bytes at " + offset, e);
        } finally {
            if (!ended) {
                mapping.errors.record(Errno.EIO);
            }
            state.count(CacheCounter.STORE_WRITE_BYTES, done);
            for (int i = 0; i < n; i++) {
                if (done < Math.min(bytes, (long) i + 1 << FRAME_SHIFT)) {
                    mark(mapping, first + i, frames[i], state);
                } else {
                    // Not before: who syncs meanwhile must wait for what is on its way.
                    mark(mapping, first + i, false);
                }
            }
        }
    }
}
