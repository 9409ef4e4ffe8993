package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/**
 * Takes pages out of the cache because the file changed under them: truncate, punch, invalidate, close.
 *
 * <p>All methods run under the mapping's write lock, which keeps writers and each other away; what they race with are
 * faults and reclaim. Cost is O(stripes + pages present), whatever the length of the range. Source of the protocols: Linux
 * {@code truncate_inode_pages_range} and {@code hugetlbfs_zero_partial_page}.
 */
final class PageRemover {
    /** Pages locked at once. */
    private static final int BATCH = 64;
    /** Pages that a cut looks at for each page evicted before. */
    private static final int LOOKS_PER_EVICTION = 16;

    private final PageCache cache;

    PageRemover(final PageCache cache) {
        this.cache = cache;
    }

    /**
     * Sets the size. A smaller size is published first, then every fault mutex that the range can hash to is passed once:
     * a fault that saw the old size has inserted its page by then, and a later one sees the new size (C5). Then pages are
     * removed until a pass finds none, the tail of the last page is zeroed, and the store follows. What is dirty goes to the
     * store between: after the size was published, when no store beyond it is made any more.
     */
    void truncate(final Mapping mapping, final long newSize) throws CacheException {
        final long oldSize = mapping.size();
        try {
            if (newSize >= oldSize) {
                settleTail(mapping, oldSize);
                StopPoints.reached(CachePoint.GROW_TAIL_SETTLED, mapping.id, oldSize >>> FRAME_SHIFT);
                mapping.noteOwnChange();
                mapping.file.truncate(newSize);
                StopPoints.reached(CachePoint.GROW_BEFORE_PUBLISH, mapping.id, oldSize >>> FRAME_SHIFT);
                mapping.publishSize(newSize);
                return;
            }
            StopPoints.reached(CachePoint.TRUNCATE_BEFORE_PUBLISH, mapping.id, newSize >>> FRAME_SHIFT);
            mapping.publishSize(newSize);
            saveDirty(mapping, newSize >>> FRAME_SHIFT, PageTree.MAX_INDEX, oldSize);
            mapping.noteOwnChange();
            final long firstGone = PageFiller.pages(newSize);
            cutOff(mapping, firstGone, PageFiller.pages(oldSize) - 1);
            StopPoints.reached(CachePoint.TRUNCATE_BEFORE_TAIL, mapping.id, firstGone);
            settleTail(mapping, newSize);
            StopPoints.reached(CachePoint.TRUNCATE_BEFORE_STORE, mapping.id, firstGone);
            boolean done = false;
            try {
                mapping.file.truncate(newSize);
                done = true;
            } finally {
                if (!done) {
                    restore(mapping, oldSize, newSize);
                }
            }
        } catch (final StoreException e) {
            throw new CacheException("setting the size to " + newSize, e);
        }
    }

    /**
     * What is cut off comes back when the store refuses to shrink, so the store must have it before.
     *
     * @param size where the file ends in the store
     * @return false when the store did not take it, which is recorded for every open file: a full store must not keep anybody
     *     from making a file shorter
     */
    private boolean saveDirty(final Mapping mapping, final long first, final long last, final long size) {
        try {
            cache.dirty.flush(mapping, first, last, size);
            return true;
        } catch (final CacheException | RuntimeException e) {
            cache.logger.log(System.Logger.Level.WARNING, "writing back pages that are to leave the cache", e);
            return false;
        }
    }

    /** The store kept the old size: its bytes are asked for again, those of the page with the zeroed tail too. */
    private void restore(final Mapping mapping, final long oldSize, final long newSize) {
        publishWithoutTail(mapping, newSize >>> FRAME_SHIFT, oldSize);
    }

    /**
     * Publishes a size when the store has bytes beyond the former one: the page that was cut off there leaves first, and none
     * takes its place before the size is known, so that nobody reads zeros that are not in the file. When it is dirty the store
     * gets its bytes first, and those that are stored into it meanwhile; when the store does not take them they are lost.
     */
    private void publishWithoutTail(final Mapping mapping, final long tail, final long newSize) {
        final int stripe = cache.stripes.stripe(mapping.id, tail);
        boolean left = false;
        while (!left) {
            final boolean saved = saveDirty(mapping, tail, tail, mapping.size());
            cache.stripes.lock(stripe);
            try {
                removeOnce(mapping, tail, tail, saved);
                left = !PageTree.isPage(mapping.tree.lookup(tail));
                if (left) {
                    StopPoints.reached(CachePoint.RESTORE_PAGE_REMOVED, mapping.id, tail);
                    mapping.publishSize(newSize);
                }
            } finally {
                cache.stripes.unlock(stripe);
            }
        }
    }

    /**
     * Makes a range a hole. The store goes first: whatever a fault read before that is in the tree, locked or not, when the
     * removal comes by, and what a fault reads later is the hole.
     */
    void punch(final Mapping mapping, final long offset, final long length) throws CacheException {
        final long end = Math.min(offset + length, mapping.size());
        try {
            StopPoints.reached(CachePoint.PUNCH_BEFORE_STORE, mapping.id, offset >>> FRAME_SHIFT);
            mapping.noteOwnChange();
            mapping.file.punch(offset, length);
        } catch (final StoreException e) {
            throw new CacheException("punching " + length + " bytes at " + offset, e);
        }
        StopPoints.reached(CachePoint.PUNCH_STORED, mapping.id, offset >>> FRAME_SHIFT);
        if (offset >= end) {
            return;
        }
        final long firstWhole = offset + FRAME_SIZE - 1 >>> FRAME_SHIFT;
        final long endWhole = end == mapping.size() ? PageFiller.pages(end) : end >>> FRAME_SHIFT;
        if (firstWhole > endWhole) {
            zeroPart(mapping, offset >>> FRAME_SHIFT, (int) offset & FRAME_SIZE - 1, (int) end & FRAME_SIZE - 1);
            return;
        }
        if ((offset & FRAME_SIZE - 1) != 0) {
            zeroPart(mapping, offset >>> FRAME_SHIFT, (int) offset & FRAME_SIZE - 1, FRAME_SIZE);
        }
        punchPages(mapping, firstWhole, endWhole - 1);
        if (endWhole == end >>> FRAME_SHIFT && (end & FRAME_SIZE - 1) != 0) {
            zeroPart(mapping, endWhole, 0, (int) end & FRAME_SIZE - 1);
        }
    }

    /** One pass, the fault mutex held for each page present: concurrent faulters could otherwise keep it busy for ever. */
    private void punchPages(final Mapping mapping, final long first, final long last) {
        final ThreadState state = cache.threads.current();
        final Batch batch = new Batch(first, last, false);
        while (batch.next <= last && collect(mapping, batch) > 0) {
            for (int i = 0; i < batch.count; i++) {
                final long index = batch.indices[i];
                final int frame = batch.frames[i];
                StopPoints.reached(CachePoint.PUNCH_FOUND, mapping.id, index);
                final int stripe = cache.stripes.stripe(mapping.id, index);
                cache.stripes.lock(stripe);
                try {
                    StopPoints.reached(CachePoint.PUNCH_HAS_STRIPE, mapping.id, index);
                    cache.locker.lock(frame);
                    StopPoints.reached(CachePoint.PUNCH_HAS_PAGE, mapping.id, index);
                    final boolean gone;
                    if (mapping.isBound(frame, index)) {
                        mapping.unmapLocked(index, frame);
                    }
                    mapping.tree.lock();
                    try {
                        gone = detach(mapping, batch, i, state);
                    } finally {
                        mapping.tree.unlock();
                    }
                    finish(mapping, frame, gone, state);
                } finally {
                    cache.stripes.unlock(stripe);
                }
            }
        }
    }

    /**
     * Drops every page because the file changed from outside; it has another size now. A page that comes in while this
     * runs was read after the change, so one pass is enough; only what lies beyond a smaller size must be gone for good. What
     * regions stored within the new size goes to the store, or stays when the store does not take it.
     */
    void dropAll(final Mapping mapping, final long newSize) throws CacheException {
        final long oldSize = mapping.size();
        if (newSize < oldSize) {
            mapping.publishSize(newSize);
            cutOff(mapping, PageFiller.pages(newSize), PageFiller.pages(oldSize) - 1);
            settleTail(mapping, newSize);
        } else if (newSize > oldSize) {
            publishWithoutTail(mapping, oldSize >>> FRAME_SHIFT, newSize);
        }
        try {
            cache.dirty.flush(mapping, 0, PageTree.MAX_INDEX);
        } finally {
            removeOnce(mapping, 0, PageTree.MAX_INDEX, true);
        }
    }

    /** The mapping has been marked closed: no fault inserts after its mutex was passed. */
    void tearDown(final Mapping mapping) throws CacheException {
        StopPoints.reached(CachePoint.TEARDOWN_BEGUN, mapping.id, 0);
        cache.stripes.passAll();
        StopPoints.reached(CachePoint.TEARDOWN_STRIPES_PASSED, mapping.id, 0);
        mapping.unmapPages(0, Long.MAX_VALUE, true);
        // A store that saw the file open has its page's lock, or comes too late: after this pass its page is dirty or gone.
        if (removeOnce(mapping, 0, PageTree.MAX_INDEX, true) && StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.TRUNCATE_BETWEEN_PASSES, mapping.id, 0);
        }
        try {
            cache.dirty.flush(mapping, 0, PageTree.MAX_INDEX);
        } finally {
            removeAll(mapping, 0, PageTree.MAX_INDEX);
        }
    }

    /**
     * Zeroes the bytes of the last page beyond the size, waiting for a fill in flight. Truncate does it after it published a
     * smaller size, growth before it publishes a larger one, so that no old byte comes back (C6).
     */
    void settleTail(final Mapping mapping, final long size) {
        final int valid = (int) size & FRAME_SIZE - 1;
        if (valid != 0) {
            zeroPart(mapping, size >>> FRAME_SHIFT, valid, FRAME_SIZE);
        }
    }

    private void zeroPart(final Mapping mapping, final long index, final int from, final int to) {
        final int frame = mapping.getPage(index);
        if (frame == Mapping.NONE) {
            return;
        }
        StopPoints.reached(CachePoint.ZERO_FOUND, mapping.id, index);
        cache.locker.lock(frame);
        // A page with some valid blocks too; what is zeroed of the others is read again (C14).
        if (mapping.isBound(frame, index)
            && (cache.descriptors.has(frame, UPTODATE) || cache.descriptors.validBlocks(frame) != 0)) {
            // A store through a region that saw the former size is in the page before it is zeroed; a later one faults. M4.
            mapping.writeProtectPage(index);
            OffHeap.zero(cache.arena.address(frame) + from, to - from);
        }
        cache.locker.unlock(frame);
        cache.release(frame);
    }

    /** A smaller size has been published: no page from the first one on is left, and none comes in any more (C5). */
    private void cutOff(final Mapping mapping, final long first, final long last) {
        StopPoints.reached(CachePoint.TRUNCATE_SIZE_PUBLISHED, mapping.id, first);
        if (first <= last) {
            cache.stripes.passRange(mapping.id, first, last);
        }
        StopPoints.reached(CachePoint.TRUNCATE_STRIPES_PASSED, mapping.id, first);
        // Private copies too, which the removal of pages does not meet. Nobody makes one beyond the published size (M4), but a
        // page that went by the old size can be shown until it is removed.
        mapping.unmapPages(first, Long.MAX_VALUE, true);
        removeAll(mapping, first, PageTree.MAX_INDEX);
        mapping.unmapPages(first, Long.MAX_VALUE, true);
        forget(mapping, first, last);
    }

    /**
     * Removes what is known of pages that were evicted before they were cut off: what is written there next is new (K10). Each eviction
     * pays for a few looks, so that neither a long hole nor one that is cut again and again costs more than what was evicted (K11).
     */
    private void forget(final Mapping mapping, final long first, final long last) {
        final PageTree tree = mapping.tree;
        long next = first;
        boolean paid = true;
        while (next <= last && paid) {
            tree.lock();
            try {
                if (next == first) {
                    final long price = (last - first) / LOOKS_PER_EVICTION + 1;
                    paid = price <= mapping.history;
                    mapping.history -= paid ? price : 0;
                }
                final long end = Math.min(last, next + BATCH - 1);
                for (; paid && next <= end; next++) {
                    if (PageTree.isShadow(tree.lookup(next))) {
                        tree.replace(next, PageTree.EMPTY);
                    }
                    cache.replacement.forget(mapping.id, next);
                }
            } finally {
                tree.unlock();
            }
        }
    }

    /** Removes pages until a pass over the range finds none; only where faults no longer bring new ones in. */
    private void removeAll(final Mapping mapping, final long first, final long last) {
        while (removeOnce(mapping, first, last, false)) {
            StopPoints.reached(CachePoint.TRUNCATE_BETWEEN_PASSES, mapping.id, first);
        }
    }

    /**
     * Removes the pages that are present, in batches. One pass, because concurrent faulters could otherwise keep it busy for
     * ever.
     *
     * @param keepDirty whether pages stay whose bytes the store does not have
     * @return whether there were any
     */
    boolean removeOnce(final Mapping mapping, final long first, final long last, final boolean keepDirty) {
        final ThreadState state = cache.threads.current();
        final Batch batch = new Batch(first, last, keepDirty);
        boolean found = false;
        while (batch.next <= last && collect(mapping, batch) > 0) {
            found = true;
            removeBatch(mapping, batch, state);
        }
        return found;
    }

    /** Pages of a range that are to be removed, each by its first frame. */
    private static final class Batch {
        final long first;
        final long last;
        final boolean keepDirty;
        final long[] indices = new long[BATCH];
        final int[] frames = new int[BATCH];
        final int[] orders = new int[BATCH];
        int count;
        /** Where the search goes on. */
        long next;

        Batch(final long first, final long last, final boolean keepDirty) {
            this.first = first;
            this.last = last;
            this.keepDirty = keepDirty;
            this.next = first;
        }

        /** Pages that stood here in one piece now stand here in several: the search goes on with them. */
        void again(final long index) {
            next = Math.min(next, Math.max(first, index));
        }
    }

    /** Pages present, with a reference each. Under the tree lock no page of the tree is frozen, so a plain get is right. */
    private int collect(final Mapping mapping, final Batch batch) {
        mapping.tree.lock();
        try {
            final int found = mapping.tree.gang(batch.next, batch.last, batch.indices, batch.frames);
            batch.count = 0;
            batch.next = found < BATCH ? batch.last + 1 : batch.indices[found - 1] + 1;
            for (int i = 0; i < found; i++) {
                final int head = cache.descriptors.head(batch.frames[i]);
                if (batch.count == 0 || batch.frames[batch.count - 1] != head) {
                    batch.indices[batch.count] = cache.descriptors.index(head);
                    batch.frames[batch.count] = head;
                    batch.orders[batch.count++] = cache.descriptors.order(head);
                    cache.compounds.get(head);
                }
            }
            return found;
        } finally {
            mapping.tree.unlock();
        }
    }

    private void removeBatch(final Mapping mapping, final Batch batch, final ThreadState state) {
        StopPoints.reached(CachePoint.REMOVE_COLLECTED, mapping.id, batch.indices[0]);
        for (int i = 0; i < batch.count; i++) {
            cache.locker.lock(batch.frames[i]);
        }
        StopPoints.reached(CachePoint.REMOVE_LOCKED, mapping.id, batch.indices[0]);
        long removed = 0;
        for (int i = 0; i < batch.count; i++) {
            if (mapping.isBound(batch.frames[i], batch.indices[i])) {
                mapping.unmapLocked(batch.indices[i], batch.frames[i]);
            }
        }
        mapping.tree.lock();
        try {
            for (int i = 0; i < batch.count; i++) {
                removed |= detach(mapping, batch, i, state) ? 1L << i : 0;
            }
        } finally {
            mapping.tree.unlock();
        }
        for (int i = 0; i < batch.count; i++) {
            finish(mapping, batch.frames[i], (removed & 1L << i) != 0, state);
        }
    }

    /**
     * Takes a page of a batch out of the tree; under its page lock and the tree lock. A compound page goes as one when the range
     * has all of it. Otherwise it is split, and its pieces in the range are found by the search, which goes back to them.
     *
     * @return whether the page, or the piece that has its first frame, is out
     */
    private boolean detach(final Mapping mapping, final Batch batch, final int i, final ThreadState state) {
        final long index = batch.indices[i];
        final int head = batch.frames[i];
        final boolean bound = mapping.isBound(head, index);
        final int order = cache.descriptors.order(head);
        final boolean keep = bound && batch.keepDirty && cache.large.isDirty(head);
        if (bound && order > 0 && (keep || index < batch.first || index + (1L << order) - 1 > batch.last)) {
            cache.large.split(mapping, head, head, state);
        }
        if (batch.orders[i] > 0 && (!bound || cache.descriptors.order(head) != batch.orders[i])) {
            batch.again(index);
        }
        if (!bound || index < batch.first || index > batch.last || keep && cache.large.isDirty(head)) {
            return false;
        }
        cache.large.detach(mapping, index, head, PageTree.EMPTY, state);
        return true;
    }

    /** Unlocks a page of a batch and gives its references back. */
    private void finish(final Mapping mapping, final int head, final boolean gone, final ThreadState state) {
        if (gone) {
            mapping.forget(head, state);
            state.count(CacheCounter.REMOVALS, 1L << cache.descriptors.order(head));
        }
        cache.locker.unlock(head);
        cache.release(head);
        if (gone) {
            cache.release(head);
        }
    }
}
