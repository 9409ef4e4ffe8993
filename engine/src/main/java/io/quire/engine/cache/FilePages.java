package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.GENERATION_ONE;
import static io.quire.engine.memory.PageDescriptors.READAHEAD;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.tree.PageTree;

/**
 * The pages of one file as a mapped region uses them: what {@code io.quire.engine.map} is given to work with. It is a handle
 * of the file: the pages stay while it is open, also when every {@link CachedFile} was closed.
 *
 * <p>Who shows a page in an entry raises its map count first, and does that either under the page lock ({@link #lock}) or by
 * the ordered check of {@link #tryShow}. Thread-safe.
 */
public final class FilePages {
    /** Returned instead of a frame when the page lies beyond the end of the file. */
    public static final int BEYOND_END = PageFiller.END;
    /** Returned instead of a frame when there is none. */
    public static final int NONE = Mapping.NONE;
    /** Returned by {@link #tryShow} when the page could not be shown. No state word of an uptodate page has this value. */
    public static final long REFUSED = 0;

    private static final long SAME_PAGE = -GENERATION_ONE | UPTODATE;

    private final Mapping mapping;
    private final PageCache cache;
    private final ReadAhead readAhead;
    private final AtomicLong errorCursor;

    FilePages(final Mapping mapping) {
        this.mapping = mapping;
        this.cache = mapping.cache;
        this.readAhead = new ReadAhead(() -> cache.readAheadPages);
        this.errorCursor = new AtomicLong(mapping.errors.sample());
    }

    /**
     * The size of the file.
     *
     * @return bytes
     */
    public long size() {
        return mapping.size();
    }

    /**
     * What the file is called in messages.
     *
     * @return a short phrase
     */
    public String name() {
        return "file " + mapping.id;
    }

    /**
     * The number that stop points tell.
     *
     * @return the mapping's id
     */
    public long id() {
        return mapping.id;
    }

    /**
     * The address of frame 0. Frames lie 4096 bytes apart.
     *
     * @return absolute address; stays mapped as long as this object can be reached
     */
    public long frameBase() {
        return cache.arena.base();
    }

    /**
     * Whether the file can be used.
     *
     * @throws CacheException EBADF when the cache was closed
     */
    public void checkOpen() throws CacheException {
        mapping.checkOpen();
    }

    /**
     * Starts to call somebody who shows pages.
     *
     * @param mapper told when pages leave; before it shows the first
     */
    public void addMapper(final PageMapper mapper) {
        mapping.addMapper(mapper);
    }

    /**
     * Finds or fetches a page and takes a reference. It was uptodate and in the file, and may have left since.
     *
     * @param index page index
     * @return its frame, or {@link #BEYOND_END}
     * @throws CacheException EBADF when closed, ENOMEM when no page can be had, or the store's errno
     */
    public int pin(final long index) throws CacheException {
        mapping.checkOpen();
        final int frame = cache.filler.pin(mapping, readAhead, index, 0, PageCache.PAGE_SIZE, cache.threads.current());
        if (frame != BEYOND_END && cache.descriptors.has(frame, READAHEAD)) {
            cache.descriptors.clear(frame, READAHEAD);
            cache.replacement.touched(frame);
            cache.filler.prefetchAfter(mapping, readAhead, index);
        }
        return frame;
    }

    /**
     * Gives the reference of a pinned page back.
     *
     * @param frame a pinned frame
     */
    public void release(final int frame) {
        cache.release(frame);
        Reference.reachabilityFence(this);
    }

    /**
     * Takes the page lock of a pinned page, if it may be shown: bound, uptodate, below the size, the file open.
     *
     * @param index page index
     * @param frame a pinned frame
     * @return whether the page is locked now; otherwise it must be looked up again
     */
    public boolean lock(final long index, final int frame) {
        cache.locker.lock(frame);
        if (isCurrent(index, frame)) {
            return true;
        }
        cache.locker.unlock(frame);
        return false;
    }

    /**
     * Gives a page lock back.
     *
     * @param frame a frame locked by {@link #lock}
     */
    public void unlock(final int frame) {
        cache.locker.unlock(frame);
    }

    /**
     * Whether a page's bytes are those of the file, now. Stable under the page lock; for a pinned frame that is not locked it
     * tells of the moment only.
     *
     * @param index page index
     * @param frame a pinned frame
     * @return whether it is bound, uptodate and below the size, and the file open
     */
    public boolean isCurrent(final long index, final int frame) {
        return mapping.isBound(frame, index) && cache.descriptors.has(frame, UPTODATE) && isInFile(index);
    }

    /**
     * Whether a page lies below the size and the file is open.
     *
     * @param index page index
     * @return whether it may be used
     */
    public boolean isInFile(final long index) {
        return index < PageFiller.pages(mapping.size()) && !mapping.isClosed();
    }

    /**
     * The frames of pages that follow each other, without references: each is worth what {@link #tryShow} makes of it.
     *
     * @param first  first page index
     * @param count  pages wanted, 1 or more
     * @param frames receives the frames, or {@link #NONE}
     * @return how many were looked up, 1 or more
     */
    public int peek(final long first, final int count, final int[] frames) {
        final int n = mapping.tree.lookupRun(first, count, frames);
        for (int i = 0; i < n; i++) {
            frames[i] = PageTree.isPage(frames[i]) ? PageTree.frame(frames[i]) : NONE;
        }
        return n;
    }

    /**
     * Raises the map count of a page without its lock and without a reference, by the ordered check: good and unlocked; raise;
     * still the same page, good and unlocked. The caller holds the entry that will show it: a remover takes the page lock
     * before it looks at the entry, so either it is seen here, or it waits for the entry (M3). Source: Linux
     * {@code next_uptodate_folio}.
     *
     * @param index page index
     * @param frame from {@link #peek}; may be stale
     * @return the page's state word, or {@link #REFUSED}; then nothing has changed
     */
    public long tryShow(final long index, final int frame) {
        final long before = cache.descriptors.state(frame);
        if ((before & (UPTODATE | READAHEAD)) != UPTODATE || cache.locker.isLocked(frame) || !mapping.isBound(frame, index)
            || !isInFile(index)) {
            return REFUSED;
        }
        StopPoints.reached(CachePoint.SHOW_CHECKED, mapping.id, index);
        cache.descriptors.addMap(frame);
        StopPoints.reached(CachePoint.SHOW_RAISED, mapping.id, index);
        final long after = cache.descriptors.state(frame);
        if (((after ^ before) & SAME_PAGE) == 0 && !cache.locker.isLocked(frame) && isInFile(index)) {
            return after;
        }
        cache.descriptors.removeMap(frame);
        return REFUSED;
    }

    /**
     * Raises the map count of a page, under its lock.
     *
     * @param frame a frame locked by {@link #lock}
     * @return the page's state word
     */
    public long show(final int frame) {
        cache.descriptors.addMap(frame);
        return cache.descriptors.state(frame);
    }

    /**
     * Lowers the map count of a page whose entry was taken back.
     *
     * @param frame the frame of the entry
     */
    public void hide(final int frame) {
        cache.descriptors.removeMap(frame);
    }

    /**
     * Notes that a page is about to become newer than the store, before an entry for it becomes writable.
     *
     * @param index page index
     * @param frame a frame locked by {@link #lock}
     */
    public void markDirty(final long index, final int frame) {
        assert cache.descriptors.has(frame, UPTODATE);
        if (!cache.descriptors.has(frame, DIRTY)) {
            cache.dirty.mark(mapping, index, frame, cache.threads.current());
        }
    }

    /**
     * Before a page is made dirty: writes back while too many are. The caller holds no lock and no entry.
     *
     * @throws CacheException the store's errno when what is dirty cannot be written back
     */
    public void balance() throws CacheException {
        cache.dirty.balance(mapping);
    }

    /**
     * Writes back the dirty pages of a range and waits until they have reached stable storage. Tells of errors as
     * {@link CachedFile#sync} does.
     *
     * @param first first page index
     * @param last  last page index
     * @throws CacheException EBADF when closed, or the errno of a write that failed
     */
    public void sync(final long first, final long last) throws CacheException {
        mapping.checkOpen();
        mapping.sync(first, last, true, errorCursor);
    }

    /**
     * Gives the handle back. With the last one dirty pages are written back and the pages go.
     *
     * @param mapper as given to {@link #addMapper}; shows nothing any more
     * @throws CacheException when writing back or closing fails
     */
    public void close(final PageMapper mapper) throws CacheException {
        mapping.removeMapper(mapper);
        if (mapping.detach()) {
            cache.tearDown(mapping);
        }
    }
}
