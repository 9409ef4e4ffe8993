package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;

/**
 * One write in progress: what a {@link WritePolicy} is given to work with. Valid during
 * {@link WritePolicy#write}; used by one thread, under the mapping's write lock.
 *
 * <p>A policy takes pages with {@link #grab}, copies into them with {@link #copyIn}, gathers them with {@link #add}, hands
 * them to the store with {@link #store} and gives each back with {@link #release}. A page that is grabbed is locked and
 * referenced. The reference keeps it from being evicted while it is newer than the store, even when it was unlocked (W2).
 */
public final class WriteOperation {
    private final ThreadState state;
    // Both only while a write runs: a thread that lives on must not keep a cache that nobody else uses.
    private PageCache cache;
    private Mapping mapping;
    private WriteSource source;
    private long offset;
    private long length;
    private long reached;
    private StoreException failure;

    WriteOperation(final ThreadState state) {
        this.state = state;
    }

    WriteOperation begin(final Mapping target, final WriteSource from, final long at, final long bytes) {
        assert mapping == null : "a write within a write has an operation of its own";
        cache = target.cache;
        mapping = target;
        source = from;
        offset = at;
        length = bytes;
        reached = 0;
        failure = null;
        return this;
    }

    boolean isRunning() {
        return mapping != null;
    }

    /** Bytes that reached the store so far. */
    long reached() {
        return reached;
    }

    void end() {
        cache = null;
        mapping = null;
        source = null;
        failure = null;
    }

    /**
     * Where in the file the write begins.
     *
     * @return bytes, 0 or more
     */
    public long offset() {
        return offset;
    }

    /**
     * How many bytes to write.
     *
     * @return bytes, 1 or more
     */
    public long length() {
        return length;
    }

    /**
     * Most pages that a batch may hold at once, so that concurrent writers cannot pin the whole cache.
     *
     * @return pages, 1 to 256
     */
    public int batchLimit() {
        return cache.batchLimit;
    }

    /**
     * Scratch for the frames of a batch.
     *
     * @return an array of at least {@link #batchLimit()}
     */
    public int[] frames() {
        return state.frames;
    }

    /**
     * Finds or makes the page of an index, locks it and takes a reference.
     *
     * @param index page index
     * @param wait  whether to wait for memory; not while other pages are held
     * @return its frame, or a negative number when there is no frame at once and {@code wait} is false
     * @throws CacheException ENOMEM when every page stays in use
     */
    public int grab(final long index, final boolean wait) throws CacheException {
        while (true) {
            int frame = mapping.getPage(index);
            if (frame != Mapping.NONE) {
                if (StopPoints.ENABLED) {
                    StopPoints.reached(CachePoint.WRITE_FOUND, mapping.id, index);
                }
                cache.lockPage(frame);
                if (mapping.isBound(frame, index)) {
                    if (StopPoints.ENABLED) {
                        StopPoints.reached(CachePoint.WRITE_GRABBED, mapping.id, index);
                    }
                    if (cache.descriptors.has(frame, UPTODATE)) {
                        cache.replacement.touched(frame);
                    }
                    return frame;
                }
                cache.unlockPage(frame);
                cache.release(frame);
                continue;
            }
            frame = wait ? cache.allocate(state) : cache.tryAllocate(state);
            if (frame == FrameAllocator.NONE) {
                return Mapping.NONE;
            }
            if (StopPoints.ENABLED) {
                StopPoints.reached(CachePoint.WRITE_HAS_FRAME, mapping.id, index);
            }
            switch (mapping.insert(index, frame, false, state)) {
                case INSERTED -> {
                    if (StopPoints.ENABLED) {
                        StopPoints.reached(CachePoint.WRITE_GRABBED, mapping.id, index);
                    }
                    return frame;
                }
                case OCCUPIED -> { }
                case NO_NODE -> {
                    if (!wait) {
                        return Mapping.NONE;
                    }
                    if (cache.reclaimer.reclaimNodes() == 0) {
                        throw mapping.noNode(index);
                    }
                }
            }
        }
    }

    /**
     * Whether a page's bytes are those of the file. Stable under its lock.
     *
     * @param frame a grabbed frame
     * @return whether it is uptodate
     */
    public boolean isUptodate(final int frame) {
        return cache.descriptors.has(frame, UPTODATE);
    }

    /**
     * Whether a write into a page covers every byte that the file has there, so that the page needs no read.
     *
     * @param index page index
     * @param from  first byte in the page, 0 to 4095
     * @param bytes 1 to 4096 - from
     * @return whether nothing of the old page remains
     */
    public boolean coversPage(final long index, final int from, final int bytes) {
        final long size = mapping.size();
        final long start = index << FRAME_SHIFT;
        return (from == 0 || start >= size) && (from + bytes == FRAME_SIZE || start + from + bytes >= size);
    }

    /**
     * Copies from the source into a locked page, without blocking.
     *
     * @param frame a grabbed frame
     * @param from  first byte in the page, 0 to 4095
     * @param at    first byte of the source
     * @param bytes 1 to 4096 - from
     * @return bytes copied; 0 when {@link #faultIn} must come first, with no page locked
     */
    public int copyIn(final int frame, final int from, final long at, final int bytes) {
        return source.copy(at, cache.arena.address(frame) + from, bytes);
    }

    /**
     * Makes the source ready. No page may be locked.
     *
     * @param at    first byte of the source
     * @param bytes 1 or more
     * @return bytes ready, 0 when the source cannot give them
     * @throws CacheException when the source failed
     */
    public int faultIn(final long at, final int bytes) throws CacheException {
        LockOrder.assertNoPageHeld("faulting in the source of a write");
        return source.faultIn(at, bytes);
    }

    /**
     * Zeroes what a write did not cover of a page that becomes uptodate by being covered.
     *
     * @param frame a grabbed frame, not uptodate
     * @param from  first byte written
     * @param bytes bytes written
     */
    public void zeroAround(final int frame, final int from, final int bytes) {
        final long address = cache.arena.address(frame);
        if (from > 0) {
            OffHeap.zero(address, from);
        }
        if (from + bytes < FRAME_SIZE) {
            OffHeap.zero(address + from + bytes, FRAME_SIZE - from - bytes);
        }
    }

    /**
     * Unlocks a grabbed page whose bytes are those of the file once this write is stored.
     *
     * @param frame a grabbed frame, locked
     */
    public void unlockUptodate(final int frame) {
        if (cache.descriptors.has(frame, UPTODATE)) {
            cache.unlockPage(frame);
        } else {
            cache.unlockPageWith(frame, UPTODATE);
        }
        if (StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.WRITE_UNLOCKED, mapping.id, cache.descriptors.index(frame));
        }
    }

    /**
     * Unlocks a grabbed page that is still not uptodate and takes it out of the cache: no unlocked page is without its
     * bytes (C8).
     *
     * @param index page index
     * @param frame a grabbed frame, locked; its reference stays with the caller
     */
    public void unlockIncomplete(final long index, final int frame) {
        mapping.removeLocked(index, frame, state);
        cache.unlockPage(frame);
        cache.release(frame);
    }

    /**
     * Drops a page whose bytes are newer than the store's and did not get there: no page is left uptodate but not stored
     * (W3).
     *
     * @param index page index
     * @param frame a grabbed frame, unlocked; its reference stays with the caller
     */
    public void discard(final long index, final int frame) {
        cache.lockPage(frame);
        final boolean bound = mapping.isBound(frame, index);
        if (bound) {
            mapping.removeLocked(index, frame, state);
        }
        cache.unlockPage(frame);
        if (bound) {
            cache.release(frame);
        }
    }

    /**
     * Gives back the reference of a grabbed page.
     *
     * @param frame a grabbed frame, unlocked
     */
    public void release(final int frame) {
        cache.release(frame);
    }

    /** Empties the batch. */
    public void clear() {
        state.vector.clear();
    }

    /**
     * Adds a piece of a page to the batch. Pieces follow each other in the file.
     *
     * @param frame a grabbed frame
     * @param from  first byte in the page
     * @param bytes 1 to 4096 - from
     */
    public void add(final int frame, final int from, final int bytes) {
        state.vector.add(cache.arena.address(frame) + from, bytes);
    }

    /**
     * Writes the batch to the store, repeating after short writes, and publishes a larger size when it grew the file. After
     * an error the bytes that did not arrive are the caller's to {@link #discard}.
     *
     * @param at where in the file the batch begins
     * @return bytes that reached the store, fewer than the batch holds only after an error
     */
    public long store(final long at) {
        final IoVector vector = state.vector;
        final long bytes = vector.bytes();
        final long pages = PageFiller.pages(bytes);
        long done = 0;
        boolean ended = false;
        state.count(CacheCounter.DIRTY, pages);
        try {
            if (StopPoints.ENABLED) {
                StopPoints.reached(CachePoint.WRITE_BEFORE_STORE, mapping.id, at >>> FRAME_SHIFT);
            }
            while (done < bytes) {
                state.count(CacheCounter.STORE_WRITES, 1);
                final long n = mapping.file.write(at + done, vector);
                if (n <= 0) {
                    throw new StoreException(Errno.EIO, "the store took none of " + vector.bytes() + " bytes at "
                        + (at + done));
                }
                done += n;
                vector.advance(n);
            }
            ended = true;
            if (StopPoints.ENABLED) {
                StopPoints.reached(CachePoint.WRITE_STORED, mapping.id, at >>> FRAME_SHIFT);
            }
        } catch (final StoreException e) {
            failure = e;
            mapping.errors.record(e.errno());
            ended = true;
        } finally {
            if (!ended) {
                // A store that broke rather than refused: the next sync must not be silent about it.
                mapping.errors.record(Errno.EIO);
            }
            state.count(CacheCounter.DIRTY, -pages);
            state.count(CacheCounter.STORE_WRITE_BYTES, done);
            reached += done;
            if (at + done > mapping.size()) {
                mapping.publishSize(at + done);
            }
        }
        return done;
    }

    /**
     * What the policy returns.
     *
     * @return bytes that reached the store
     * @throws CacheException with the store's errno when none did; EFAULT's place is taken by EIO when the source gave
     *                        nothing
     */
    public long result() throws CacheException {
        if (reached == 0) {
            if (failure != null) {
                throw new CacheException("writing " + length + " bytes at " + offset, failure);
            }
            throw new CacheException(Errno.EIO, "the source of a write of " + length + " bytes at " + offset
                + " gave no bytes");
        }
        return reached;
    }
}
