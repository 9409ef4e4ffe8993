package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.ALL_BLOCKS;
import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/**
 * One write in progress: what a {@link WritePolicy} is given to work with. Valid during
 * {@link WritePolicy#write}; used by one thread, under the mapping's write lock.
 *
 * <p>A policy takes pages with {@link #grab}, copies into them with {@link #copyIn}, gathers them in {@link #frames}, hands
 * them to the store with {@link #store} and gives each back with {@link #release}. A page that is grabbed is locked and
 * referenced. The reference keeps it from being evicted while it is newer than the store, even when it was unlocked (W2).
 */
public final class WriteOperation {
    private final ThreadState state;
    private final WriteBlocks blocks = new WriteBlocks();
    private final int[] frames = new int[ThreadState.BATCH];
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
        blocks.begin(target, at, bytes);
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
        blocks.end();
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
     * Room for the frames of a batch.
     *
     * @return an array of at least {@link #batchLimit()}
     */
    public int[] frames() {
        return frames;
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
        return grab(index, wait, true);
    }

    /** As {@link #grab(long, boolean)}; the second grab of one write is not reuse (R10). */
    private int grab(final long index, final boolean wait, final boolean use) throws CacheException {
        while (true) {
            int frame = mapping.getPage(index);
            if (frame != Mapping.NONE) {
                StopPoints.reached(CachePoint.WRITE_FOUND, mapping.id, index);
                cache.locker.lockOrRelease(frame);
                if (mapping.isBound(frame, index)) {
                    StopPoints.reached(CachePoint.WRITE_GRABBED, mapping.id, index);
                    if (use && cache.descriptors.use(frame) < ReplacementPolicy.SATURATED) {
                        cache.replacement.touched(frame);
                    }
                    return frame;
                }
                cache.locker.unlock(frame);
                cache.release(frame);
                continue;
            }
            frame = wait ? cache.allocate(state) : cache.tryAllocate(state);
            if (frame == FrameAllocator.NONE) {
                return Mapping.NONE;
            }
            StopPoints.reached(CachePoint.WRITE_HAS_FRAME, mapping.id, index);
            switch (mapping.insert(index, frame, false, state)) {
                case INSERTED -> {
                    StopPoints.reached(CachePoint.WRITE_GRABBED, mapping.id, index);
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
     * Reads a grabbed page from the store, so that a piece of it can be overwritten. When the store fails the page is as
     * {@link #grab} makes it: the write does not need the read.
     *
     * @param index page index
     * @param frame a grabbed frame, locked and not uptodate; the only one that the caller holds
     * @return the frame of the page now, grabbed
     * @throws CacheException ENOMEM when every page stays in use
     */
    public int readGrabbed(final long index, final int frame) throws CacheException {
        if (cache.filler.fillGrabbed(mapping, index, frame, state)) {
            cache.release(frame);
        }
        return grab(index, true, false);
    }

    /**
     * Overwrites pages that are not in the cache by one compound page, with one copy from the source. They are unlocked and
     * uptodate then, and each is referenced, as if it had been grabbed, copied into and unlocked by itself.
     *
     * @param index first page index; whole pages are written from there on
     * @param at    first byte of the source
     * @param limit most pages, as the write and the batch go
     * @param slot  where in {@link #frames} the first goes
     * @return how many pages it was, 4 or more; 0 when it must be done page by page: there is no room for a compound page, or
     *     the source does not give all bytes at once (W1)
     */
    public int overwriteLarge(final long index, final long at, final int limit, final int slot) {
        // Pages that are there are overwritten where they are: no room is made for others.
        final int head = cache.largePages && !PageTree.isPage(mapping.tree.lookup(index))
            ? cache.large.tryInsertPinned(mapping, index, limit, state) : Mapping.NONE;
        if (head == Mapping.NONE) {
            return 0;
        }
        final int pages = 1 << cache.descriptors.order(head);
        boolean copied = false;
        try {
            copied = source.copy(at, cache.arena.address(head), pages << FRAME_SHIFT) == pages << FRAME_SHIFT;
        } finally {
            if (copied) {
                cache.compounds.tailsUptodate(head);
                cache.locker.unlockUptodate(head, 0);
            } else {
                mapping.removeWholeLocked(index, head, state);
                cache.locker.unlock(head);
                cache.release(head);
            }
            for (int i = 0; i < pages; i++) {
                frames[slot + i] = head + i;
                if (!copied) {
                    cache.release(head + i);
                }
            }
        }
        if (copied && StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.WRITE_UNLOCKED, mapping.id, index);
        }
        return copied ? pages : 0;
    }

    /**
     * Overwrites pages that are in the cache as neighbours in one compound page, under one hold of its lock and with one copy from
     * the source. They are unlocked then, and each is referenced, as if it had been grabbed, copied into and unlocked by itself.
     *
     * @param index index of the first
     * @param from  first byte in it, 0 to 4095
     * @param at    first byte of the source
     * @param bytes most bytes, as the write and the batch go
     * @param slot  where in {@link #frames} the first goes
     * @return bytes copied, which may end within a page; 0 when it must be done page by page: the first page is of one frame or
     *     not there, or the source gives nothing at once (W1)
     */
    public int overwriteRun(final long index, final int from, final long at, final int bytes, final int slot) {
        // A look first, without a reference: most pages that are not parts of one are found out by this.
        final int entry = mapping.tree.lookup(index);
        if (!PageTree.isPage(entry) || cache.descriptors.order(cache.descriptors.head(PageTree.frame(entry))) == 0) {
            return 0;
        }
        final int frame = mapping.getPage(index);
        if (frame == Mapping.NONE) {
            return 0;
        }
        StopPoints.reached(CachePoint.WRITE_FOUND, mapping.id, index);
        cache.locker.lockOrRelease(frame);
        final int run = mapping.isBound(frame, index) ? uptodateRun(frame, PageFiller.pages(from + bytes)) : 0;
        if (run < 2) {
            cache.locker.unlock(frame);
            cache.release(frame);
            return 0;
        }
        StopPoints.reached(CachePoint.WRITE_GRABBED, mapping.id, index);
        cache.compounds.getRun(frame + 1, run - 1);
        int copied = 0;
        boolean whole = false;
        try {
            copied = source.copy(at, cache.arena.address(frame) + from, Math.min(bytes, (run << FRAME_SHIFT) - from));
            whole = true;
        } finally {
            cache.locker.unlock(frame);
            final int kept = copied > 0 ? (int) PageFiller.pages(from + copied) : 0;
            if (!whole) {
                // Nobody knows which of them the source was copied into. As a batch's pages that were unlocked: one by one.
                for (int i = 0; i < run; i++) {
                    discard(index + i, frame + i);
                }
            }
            for (int i = 0; i < kept; i++) {
                frames[slot + i] = frame + i;
            }
            if (kept < run) {
                cache.releaseRun(frame + kept, run - kept);
            }
        }
        if (StopPoints.ENABLED && copied > 0) {
            StopPoints.reached(CachePoint.WRITE_UNLOCKED, mapping.id, index);
        }
        return copied;
    }

    /** How many frames of a compound page from one on are uptodate, at most so many; under its lock. They count as touched. */
    private int uptodateRun(final int frame, final long most) {
        final int head = cache.descriptors.head(frame);
        final int end = (int) Math.min(head + (1 << cache.descriptors.order(head)), frame + most);
        int last = frame;
        while (last < end && cache.descriptors.has(last, UPTODATE)) {
            if (cache.descriptors.use(last) < ReplacementPolicy.SATURATED) {
                cache.replacement.touched(last);
            }
            last++;
        }
        return last - frame;
    }

    /**
     * Makes a grabbed page one of a single frame, when it is part of a compound page, so that its lock is its own: for who keeps
     * several pages locked at once.
     *
     * @param frame a grabbed frame, locked
     */
    public void isolate(final int frame) {
        cache.large.isolate(mapping, frame, state);
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
     * As {@link #faultIn} with pages locked, which is the deadlock that the rule prevents. For the laboratory only.
     *
     * @param at    first byte of the source
     * @param bytes 1 or more
     * @return bytes ready, 0 when the source cannot give them
     * @throws CacheException when the source failed
     */
    public int faultInLocked(final long at, final int bytes) throws CacheException {
        return source.faultIn(at, bytes);
    }

    /**
     * Marks the blocks of a locked page valid when a piece that was copied in covers all that the file has there.
     *
     * @param index page index
     * @param frame a grabbed frame, locked
     * @param from  first byte of the piece in the page
     * @param bytes its length, 1 to 4096 - from
     * @return whether every byte of the piece lies in a valid block, so that the page may be unlocked before the store has it
     */
    public boolean markCovered(final long index, final int frame, final int from, final int bytes) {
        if (cache.descriptors.has(frame, UPTODATE)) {
            return true;
        }
        if (coversPage(index, from, bytes)) {
            zero(frame, 0, from);
            zero(frame, from + bytes, FRAME_SIZE);
            cache.descriptors.validBlocks(frame, ALL_BLOCKS);
            return true;
        }
        return (Blocks.touched(from, from + bytes) & ~cache.descriptors.validBlocks(frame)) == 0;
    }

    /**
     * As {@link #markCovered}, block by block: those that the piece covers become valid, and those of which the store has nothing
     * but what the piece leaves.
     *
     * @param index page index
     * @param frame a grabbed frame, locked
     * @param from  first byte of the piece in the page
     * @param bytes its length, 1 to 4096 - from
     * @return whether every byte of the piece lies in a valid block, so that the page may be unlocked before the store has it
     * @throws CacheException when the store was asked for its holes and failed
     */
    public boolean markBlocks(final long index, final int frame, final int from, final int bytes) throws CacheException {
        if (cache.descriptors.has(frame, UPTODATE)) {
            return true;
        }
        final int valid = blocks.after(cache.descriptors.validBlocks(frame), index, cache.arena.address(frame), from, from + bytes);
        cache.descriptors.validBlocks(frame, valid);
        return (Blocks.touched(from, from + bytes) & ~valid) == 0;
    }

    private void zero(final int frame, final int from, final int to) {
        if (from < to) {
            OffHeap.zero(cache.arena.address(frame) + from, to - from);
        }
    }

    /**
     * Unlocks a grabbed page of which what is valid is, or is about to be, in the store. It becomes uptodate when all its blocks
     * are valid, stays as it is when some are, and leaves the cache when none is (C8).
     *
     * @param index page index
     * @param frame a grabbed frame, locked; its reference stays with the caller
     */
    public void unlockValid(final long index, final int frame) {
        final int valid = cache.descriptors.validBlocks(frame);
        if (cache.descriptors.has(frame, UPTODATE)) {
            cache.locker.unlock(frame);
        } else if (valid == ALL_BLOCKS) {
            cache.locker.unlockUptodate(frame, 0);
        } else if (valid != 0) {
            cache.locker.unlock(frame);
        } else {
            unlockRemoved(index, frame);
            return;
        }
        StopPoints.reached(CachePoint.WRITE_UNLOCKED, mapping.id, index);
    }

    /**
     * Unlocks a grabbed page with bytes that did not reach the store. It leaves the cache (W3), unless it has others that came
     * through a region and are in the store as little: then it stays, dirty, and is written back later (W10).
     *
     * @param index page index
     * @param frame a grabbed frame, locked; its reference stays with the caller
     */
    public void unlockUnstored(final long index, final int frame) {
        // Before the test: no store through an entry makes the page dirty after it.
        mapping.unmapPages(index, index, false);
        if (cache.descriptors.has(frame, DIRTY)) {
            // What the write put beyond the size did not become part of the file. C6.
            zero(frame, Math.clamp(mapping.size() - (index << FRAME_SHIFT), 0, FRAME_SIZE), FRAME_SIZE);
            cache.locker.unlock(frame);
        } else {
            unlockRemoved(index, frame);
        }
    }

    private void unlockRemoved(final long index, final int frame) {
        mapping.removeLocked(index, frame, state);
        cache.locker.unlock(frame);
        cache.release(frame);
    }

    /**
     * Drops a page whose bytes are newer than the store's and did not get there, as {@link #unlockUnstored}.
     *
     * @param index page index
     * @param frame a grabbed frame, unlocked; its reference stays with the caller
     */
    public void discard(final long index, final int frame) {
        cache.locker.lock(frame);
        if (mapping.isBound(frame, index)) {
            unlockUnstored(index, frame);
        } else {
            cache.locker.unlock(frame);
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

    /**
     * Gives back the references of a batch.
     *
     * @param pages how many of {@link #frames} there are, all of them unlocked
     */
    public void releaseAll(final int pages) {
        int page = 0;
        while (page < pages) {
            int run = 1;
            while (page + run < pages && frames[page + run] == frames[page] + run) {
                run++;
            }
            cache.releaseRun(frames[page], run);
            page += run;
        }
    }

    /**
     * Writes the batch to the store, repeating after short writes, and publishes a larger size when it grew the file. After
     * an error the bytes that did not arrive are the caller's to {@link #discard}.
     *
     * @param at    where in the file the batch begins; that page is the first of {@link #frames}
     * @param bytes how many it has, 1 or more
     * @return bytes that reached the store, fewer than the batch holds only after an error
     */
    public long store(final long at, final long bytes) {
        final IoVector vector = gather((int) at & FRAME_SIZE - 1, bytes);
        final long pages = PageFiller.pages(bytes);
        long done = 0;
        boolean ended = false;
        state.count(CacheCounter.DIRTY, pages);
        try {
            StopPoints.reached(CachePoint.WRITE_BEFORE_STORE, mapping.id, at >>> FRAME_SHIFT);
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
            StopPoints.reached(CachePoint.WRITE_STORED, mapping.id, at >>> FRAME_SHIFT);
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
            if (done > 0 && at + done > mapping.size()) {
                mapping.publishSize(at + done);
            }
        }
        return done;
    }

    /** The vector is made when it is used: a source that reads or writes through the cache meanwhile may use it too. */
    private IoVector gather(final int offsetInFirst, final long bytes) {
        final IoVector vector = state.vector;
        vector.clear();
        int from = offsetInFirst;
        for (int page = 0; vector.bytes() < bytes; page++) {
            vector.add(cache.arena.address(frames[page]) + from, Math.min(FRAME_SIZE - from, bytes - vector.bytes()));
            from = 0;
        }
        return vector;
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
