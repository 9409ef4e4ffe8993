package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.READAHEAD;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import java.lang.ref.Reference;
import java.util.concurrent.RejectedExecutionException;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/**
 * Brings pages into the cache: the fault protocol.
 *
 * <p>Miss; take the fault mutex of (mapping, index); look again; check the index against the size; take a frame; insert it
 * locked and not uptodate; release the mutex; read a window of pages in one vectored call; set uptodate and unlock each in
 * one operation. Because the size is checked under the mutex and truncate passes every mutex after it published the size,
 * no page beyond the size outlives a truncate (C5). Further pages of a window are only tried: mutex, frame and slot.
 */
final class PageFiller {
    /** Returned instead of a frame or a length when the range lies beyond the end of the file. */
    static final int END = -2;

    private final PageCache cache;
    private final BlockFiller blocks;

    PageFiller(final PageCache cache) {
        this.cache = cache;
        this.blocks = new BlockFiller(cache);
    }

    /**
     * Reads from one page, which is fetched when it is not in the cache.
     *
     * @return bytes copied, 1 or more, or {@link #END}
     */
    int readThrough(final Mapping mapping, final ReadAhead readAhead, final long position, final long target,
        final int length, final ThreadState state) throws CacheException {
        final long index = position >>> FRAME_SHIFT;
        final int offset = (int) position & FRAME_SIZE - 1;
        final int inPage = Math.min(length, FRAME_SIZE - offset);
        // The longest read would end beyond what an int counts from the start of its first page.
        final int to = offset + Math.min(length, Integer.MAX_VALUE - FRAME_SIZE);
        final int frame = pin(mapping, readAhead, index, offset, to, state);
        if (frame == END) {
            return END;
        }
        final int wanted = mapping.clip(position, inPage);
        StopPoints.reached(CachePoint.READ_SIZE_READ, mapping.id, index);
        if (wanted > 0) {
            OffHeap.copy(cache.arena.address(frame) + offset, target, wanted);
        }
        // A cache that closes marks its mappings before it discards the frames: what was copied after that is no data. And
        // what a truncate cut off meanwhile may have been zeros already. C5, C11.
        OffHeap.loadFence();
        final int copied = mapping.clip(position, wanted);
        final boolean gone = mapping.isClosed();
        final boolean marked = cache.descriptors.has(frame, READAHEAD);
        if (marked) {
            cache.descriptors.clear(frame, READAHEAD);
            cache.replacement.touched(frame);
        }
        cache.release(frame);
        if (gone) {
            mapping.checkOpen();
        }
        if (marked) {
            prefetchAfter(mapping, readAhead, index);
        }
        return copied > 0 ? copied : END;
    }

    /**
     * Finds or fetches a page, with a reference: [from, to) of it can be read, as far as the file goes.
     *
     * @param to end of what is asked for, counted from the start of the page; may lie in a later page, which is then fetched too
     * @return its frame, or {@link #END}
     */
    int pin(final Mapping mapping, final ReadAhead readAhead, final long index, final int from, final int to,
        final ThreadState state) throws CacheException {
        boolean large = cache.largePages;
        while (true) {
            int frame = mapping.getPage(index);
            if (frame == Mapping.NONE) {
                frame = fault(mapping, readAhead, index, to + FRAME_SIZE - 1 >>> FRAME_SHIFT, large, state);
                // A compound page leaves as one when a part of it cannot be read: the next attempt is for this page.
                large = false;
                if (frame == END) {
                    return END;
                }
                if (frame == Mapping.NONE) {
                    continue;
                }
            }
            StopPoints.reached(CachePoint.READ_HAS_PAGE, mapping.id, index);
            if (!makeReadable(mapping, index, frame, from, Math.min(to, FRAME_SIZE), state)) {
                cache.release(frame);
                continue;
            }
            StopPoints.reached(CachePoint.READ_UPTODATE, mapping.id, index);
            return frame;
        }
    }

    /**
     * Waits for a page's fill, or does it, until [from, to) of it can be read, as far as the file goes. A page becomes uptodate
     * but for one with valid blocks that has all that is asked for (C14).
     *
     * @return false when the page left the mapping meanwhile
     */
    private boolean makeReadable(final Mapping mapping, final long index, final int frame, final int from, final int to,
        final ThreadState state) throws CacheException {
        if (cache.descriptors.has(frame, UPTODATE)) {
            return true;
        }
        cache.locker.lockOrRelease(frame);
        if (!mapping.isBound(frame, index)) {
            cache.locker.unlock(frame);
            return false;
        }
        if (cache.descriptors.has(frame, UPTODATE)) {
            cache.locker.unlock(frame);
            return true;
        }
        completeOrRelease(mapping, index, frame, from, to, state);
        return true;
    }

    /** Reads what a locked page lacks and unlocks it; gives its reference back when that fails, however it fails. */
    private void completeOrRelease(final Mapping mapping, final long index, final int frame, final int from, final int to,
        final ThreadState state) throws CacheException {
        if (!blocks.isPartial(frame)) {
            state.frames[0] = frame;
            fillOrRelease(mapping, index, 1, -1, state);
            return;
        }
        boolean complete = false;
        try {
            blocks.complete(mapping, index, frame, from, to, state);
            complete = true;
        } finally {
            if (!complete) {
                cache.release(frame);
            }
        }
    }

    /**
     * Fills a locked page for a writer, who can do without.
     *
     * @return whether it is uptodate; it is unlocked in any case, and when it is not uptodate its reference is gone too
     */
    boolean fillGrabbed(final Mapping mapping, final long index, final int frame, final ThreadState state) {
        try {
            completeOrRelease(mapping, index, frame, 0, FRAME_SIZE, state);
            return true;
        } catch (final CacheException e) {
            cache.logger.log(System.Logger.Level.DEBUG, "a page that a write needs a part of cannot be read", e);
            return false;
        }
    }

    /**
     * Takes the next window's pages in when a marker page was touched, on the cache's read-ahead executor.
     */
    void prefetchAfter(final Mapping mapping, final ReadAhead readAhead, final long marker) {
        if (cache.readAheadExecutor == null || mapping.isClosed()) {
            return;
        }
        final long start = readAhead.onMarker(mapping, marker);
        final int pages = readAhead.windowSize();
        try {
            cache.readAheadExecutor.execute(() -> prefetch(mapping, start, pages));
        } catch (final RejectedExecutionException e) {
            // The executor is full or was shut down: the window is fetched by the read that misses it.
            cache.logger.log(System.Logger.Level.DEBUG, "no thread for a read-ahead", e);
        }
    }

    /** Fetches a window nobody waits for. An error is left for the read that asks for the page. */
    private void prefetch(final Mapping mapping, final long start, final int pages) {
        final ThreadState state = cache.threads.current();
        long index = start;
        while (index < start + pages && PageTree.isPage(mapping.tree.lookup(index))) {
            index++;
        }
        final int count = collect(mapping, index, 0, (int) (start + pages - index), cache.largePages, state);
        if (count == 0) {
            return;
        }
        state.count(CacheCounter.READ_AHEAD, count);
        final int first = state.frames[0];
        try {
            fillOrRelease(mapping, index, count, index, state);
            cache.release(first);
        } catch (final CacheException e) {
            cache.logger.log(System.Logger.Level.DEBUG, "read-ahead failed; the read that needs the page will tell", e);
        } finally {
            // C11: nobody else may refer to the cache any more.
            Reference.reachabilityFence(cache);
        }
    }

    /**
     * Inserts a missing page and fetches it together with those that follow.
     *
     * @param large whether it may be the first of a compound page
     * @return its frame with a reference, not always uptodate; {@link #END}; or {@link Mapping#NONE} to look again
     */
    private int fault(final Mapping mapping, final ReadAhead readAhead, final long index, final int request,
        final boolean large, final ThreadState state) throws CacheException {
        final int stripe = cache.stripes.stripe(mapping.id, index);
        final int window;
        boolean largeNext = large;
        int frame = Mapping.NONE;
        StopPoints.reached(CachePoint.FAULT_MISSED, mapping.id, index);
        cache.stripes.lock(stripe);
        try {
            StopPoints.reached(CachePoint.FAULT_HAS_STRIPE, mapping.id, index);
            final int present = mapping.getPage(index);
            if (present != Mapping.NONE) {
                return present;
            }
            mapping.checkOpen();
            if (index >= pages(mapping.size())) {
                return END;
            }
            StopPoints.reached(CachePoint.FAULT_SIZE_CHECKED, mapping.id, index);
            // What was asked for goes into one call also where read-ahead is off.
            window = Math.min(Math.max(readAhead.onMiss(mapping, index, request), request), cache.fillLimit);
            if (large && LargePages.order(index, window) != 0) {
                frame = cache.large.tryInsert(mapping, index, window, state);
                largeNext = frame != Mapping.NONE;
            }
            if (frame != Mapping.NONE) {
                // Whoever asked for its first page has it at once, and does not look for it as for the others. R10.
                cache.replacement.touched(frame);
            } else {
                frame = cache.allocate(state);
                StopPoints.reached(CachePoint.FAULT_HAS_FRAME, mapping.id, index);
                switch (mapping.insert(index, frame, false, state)) {
                    case INSERTED -> { }
                    // A writer was first, or a compound page: they insert under the tree lock alone.
                    case OCCUPIED -> {
                        return Mapping.NONE;
                    }
                    case NO_NODE -> {
                        if (cache.reclaimer.reclaimNodes() == 0) {
                            throw mapping.noNode(index);
                        }
                        return Mapping.NONE;
                    }
                }
            }
            StopPoints.reached(CachePoint.FAULT_INSERTED, mapping.id, index);
        } finally {
            cache.stripes.unlock(stripe);
        }
        StopPoints.reached(CachePoint.FAULT_LEFT_STRIPE, mapping.id, index);
        state.frames[0] = frame;
        final int pages = 1 << cache.descriptors.order(frame);
        final int count = pages + collect(mapping, index + pages, pages, window - pages, largeNext, state);
        state.count(CacheCounter.MISSES, Math.min(count, request));
        state.count(CacheCounter.READ_AHEAD, Math.max(0, count - request));
        fillOrRelease(mapping, index, count, cache.readAheadExecutor == null ? -1 : readAhead.marker(index, count), state);
        return frame;
    }

    /**
     * Inserts missing pages in ascending order until one is present, lies beyond the end, or cannot be had at once. Of a
     * compound page only the head is noted.
     *
     * <p>The policy is told that nobody asked for them yet, also where the request goes on: whoever asked finds them in the cache,
     * and that first touch is not reuse (R10).
     *
     * @param slot  where in {@code state.frames} the first goes
     * @param large whether to use compound pages where they fit
     * @return how many went in, each locked and with a reference
     */
    private int collect(final Mapping mapping, final long from, final int slot, final int count, final boolean large,
        final ThreadState state) {
        int done = 0;
        // Where no block is free here, none is free a few pages on: each attempt gathers all single frames that are free.
        boolean blocks = large;
        while (done < count && slot + done < ThreadState.BATCH) {
            final long index = from + done;
            final int stripe = cache.stripes.stripe(mapping.id, index);
            if (!cache.stripes.tryLock(stripe)) {
                break;
            }
            try {
                if (mapping.isClosed() || index >= pages(mapping.size())
                    || PageTree.isPage(mapping.tree.lookup(index))) {
                    break;
                }
                StopPoints.reached(CachePoint.WINDOW_SIZE_CHECKED, mapping.id, index);
                int frame = Mapping.NONE;
                if (blocks && LargePages.order(index, count - done) != 0) {
                    frame = cache.large.tryInsert(mapping, index, count - done, state);
                    blocks = frame != Mapping.NONE;
                }
                if (frame == Mapping.NONE) {
                    frame = cache.tryAllocate(state);
                    if (frame == FrameAllocator.NONE
                        || mapping.insert(index, frame, true, state) != Mapping.Insertion.INSERTED) {
                        break;
                    }
                }
                state.frames[slot + done] = frame;
                done += 1 << cache.descriptors.order(frame);
                StopPoints.reached(CachePoint.WINDOW_INSERTED, mapping.id, index);
            } finally {
                cache.stripes.unlock(stripe);
            }
        }
        return done;
    }

    /** Fills, and gives the reference of the first page back when that fails, however it fails. */
    private void fillOrRelease(final Mapping mapping, final long index, final int count, final long marker,
        final ThreadState state) throws CacheException {
        final int first = state.frames[0];
        boolean filled = false;
        try {
            fill(mapping, index, count, marker, state);
            filled = true;
        } finally {
            if (!filled) {
                cache.release(first);
            }
        }
    }

    /**
     * Reads locked pages that follow each other from the store, sets them uptodate and unlocks them. Pages whose bytes
     * could not be read leave the cache. The references of all but the first page are dropped.
     *
     * @param marker index of the page to mark, or -1
     * @throws CacheException when the first page could not be read
     */
    private void fill(final Mapping mapping, final long index, final int count, final long marker,
        final ThreadState state) throws CacheException {
        final int[] frames = state.frames;
        final IoVector vector = state.vector;
        vector.clear();
        int pages;
        for (int i = 0; i < count; i += pages) {
            pages = 1 << cache.descriptors.order(frames[i]);
            vector.add(cache.arena.address(frames[i]), (long) pages << FRAME_SHIFT);
        }
        final long offset = index << FRAME_SHIFT;
        final long wanted = (long) count << FRAME_SHIFT;
        long done = 0;
        boolean ended = false;
        StoreException failure = null;
        try {
            StopPoints.reached(CachePoint.FILL_BEFORE_READ, mapping.id, index);
            // Nothing is asked for beyond the end: a file of one page costs one call, not a second one that finds nothing.
            while (done < wanted && offset + done < mapping.size()) {
                state.count(CacheCounter.STORE_READS, 1);
                final long n = mapping.file.read(offset + done, vector);
                if (n == 0) {
                    break;
                }
                done += n;
                vector.advance(n);
            }
            ended = true;
        } catch (final StoreException e) {
            failure = e;
        } finally {
            state.count(CacheCounter.STORE_READ_BYTES, done);
            StopPoints.reached(CachePoint.FILL_BEFORE_SETTLE, mapping.id, index);
            settle(mapping, index, count, marker, done, ended, state);
        }
        if (failure != null && done < FRAME_SIZE) {
            throw new CacheException("reading page " + index, failure);
        }
    }

    private void settle(final Mapping mapping, final long index, final int count, final long marker, final long done,
        final boolean ended, final ThreadState state) {
        int pages;
        for (int i = 0; i < count; i += pages) {
            final int frame = state.frames[i];
            final long start = (long) i << FRAME_SHIFT;
            pages = 1 << cache.descriptors.order(frame);
            final int bytes = pages << FRAME_SHIFT;
            if (ended || done >= start + bytes) {
                // What lies beyond the end of the file reads as zeros, whatever the store or the former page had there. C6.
                final long inFile = Math.min(done - start, mapping.size() - (index + i << FRAME_SHIFT));
                final int valid = Math.clamp(inFile, 0, bytes);
                StopPoints.reached(CachePoint.FILL_SIZE_READ, mapping.id, index + i);
                if (valid < bytes) {
                    OffHeap.zero(cache.arena.address(frame) + valid, bytes - valid);
                }
                unlockFilled(frame, pages, marker - index - i);
            } else {
                mapping.removeWholeLocked(index + i, frame, state);
                cache.locker.unlock(frame);
                cache.release(frame);
            }
            if (i > 0) {
                cache.release(frame);
            }
        }
    }

    /** Every frame is uptodate when the lock is given back. */
    private void unlockFilled(final int head, final int pages, final long marked) {
        if (pages > 1) {
            cache.compounds.tailsUptodate(head);
            if (marked > 0 && marked < pages) {
                cache.descriptors.set(head + (int) marked, READAHEAD);
            }
        }
        cache.locker.unlockUptodate(head, marked == 0 ? READAHEAD : 0);
    }

    /** Number of pages that a file of this size has. */
    static long pages(final long size) {
        return (size >>> FRAME_SHIFT) + ((size & FRAME_SIZE - 1) == 0 ? 0 : 1);
    }
}
