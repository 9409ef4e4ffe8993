package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.PageDescriptors.DIRTY;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * Compound pages in the trees: brought in as one, taken out as one, and split when a part of them must be treated apart.
 *
 * <p>A page of order n stands in 2^n slots, each of which names the frame with that page's bytes; index and frame number are both
 * multiples of 2^n (H5). A fill brings in whole pages of the file only, and looks at the size under the tree lock: every truncate
 * looks for pages beyond the size that it published under that lock too, so one of the two sees the other, although the fault
 * mutexes of the further indices are not taken (H6). Source: Linux {@code page_cache_ra_order} and {@code split_folio}.
 */
final class LargePages {
    /** Below this a compound page saves too little. */
    static final int MIN_ORDER = 2;

    /** The slots of a leaf of the tree. */
    private static final int LEAF = 64;

    private final PageCache cache;
    private final PageDescriptors descriptors;

    LargePages(final PageCache cache) {
        this.cache = cache;
        this.descriptors = cache.descriptors;
    }

    /** The largest order of a page that begins with an index and has at most so many pages; 0 when that is too small. */
    static int order(final long index, final long pages) {
        if (pages < 1 << MIN_ORDER) {
            return 0;
        }
        final int fits = Long.SIZE - 1 - Long.numberOfLeadingZeros(pages);
        final int order = Math.min(FrameAllocator.MAX_ORDER, Math.min(fits, Long.numberOfTrailingZeros(index)));
        return order < MIN_ORDER ? 0 : order;
    }

    /**
     * Brings a compound page for a fill in, locked and not uptodate, with one reference for the caller: the largest that can be
     * had at once.
     *
     * @param pages most pages that it may have
     * @return its head, or {@link Mapping#NONE} when there is none
     */
    int tryInsert(final Mapping mapping, final long index, final long pages, final ThreadState state) {
        return tryInsert(mapping, index, Math.min(pages, (mapping.size() >>> FRAME_SHIFT) - index), false, state);
    }

    /** As {@link #tryInsert} for a writer, who holds the mapping's write lock and gets a reference by each frame. */
    int tryInsertPinned(final Mapping mapping, final long index, final long pages, final ThreadState state) {
        return tryInsert(mapping, index, pages, true, state);
    }

    private int tryInsert(final Mapping mapping, final long index, final long pages, final boolean pinAll,
        final ThreadState state) {
        int order = order(index, pages);
        if (order != 0) {
            StopPoints.reached(CachePoint.LARGE_WANTED, mapping.id, index);
            makeRoom(1 << order, state);
        }
        for (; order >= MIN_ORDER; order--) {
            final int head = cache.allocator.allocate(order);
            if (head != FrameAllocator.NONE) {
                switch (insert(mapping, index, head, order, pinAll, state)) {
                    case INSERTED -> {
                        return head;
                    }
                    // A smaller one may end before the page that is there.
                    case OCCUPIED -> { }
                    case NO_NODE -> {
                        return Mapping.NONE;
                    }
                }
            }
        }
        return Mapping.NONE;
    }

    private void makeRoom(final int frames, final ThreadState state) {
        int attempts = frames / cache.evictionBatch + 1;
        while (cache.allocator.available() < frames && attempts-- > 0 && cache.reclaimer.reclaim(state) > 0) {
            Thread.onSpinWait();
        }
    }

    /** Puts a private block into the tree as one locked page. When it does not go in, the block is free again. */
    private Mapping.Insertion insert(final Mapping mapping, final long index, final int head, final int order,
        final boolean pinAll, final ThreadState state) {
        final int size = 1 << order;
        final int shadow;
        StopPoints.reached(CachePoint.LARGE_HAS_FRAMES, mapping.id, index);
        mapping.tree.lock();
        try {
            if (mapping.tree.hasPage(index, index + size - 1)
                || !pinAll && index + size > mapping.size() >>> FRAME_SHIFT) {
                cache.allocator.free(head, order);
                return Mapping.Insertion.OCCUPIED;
            }
            cache.compounds.bind(head, order, mapping.id, index, pinAll);
            cache.locks.adopted(head);
            shadow = store(mapping.tree, index, size, head);
            if (shadow == PageTree.OUT_OF_NODES) {
                cache.compounds.unbind(head);
            }
        } finally {
            mapping.tree.unlock();
        }
        if (shadow == PageTree.OUT_OF_NODES) {
            cache.locker.unlock(head);
            for (int tail = head + size - 1; pinAll && tail > head; tail--) {
                cache.release(tail);
            }
            cache.release(head);
            cache.release(head);
            return Mapping.Insertion.NO_NODE;
        }
        state.count(CacheCounter.PAGES, size);
        state.count(CacheCounter.LARGE_PAGES, 1);
        // What a fill brings in is touched once by whoever asked for it: only the second touch is reuse.
        if (cache.replacement.inserted(head, !pinAll, shadow == PageTree.EMPTY ? ReplacementPolicy.NO_SHADOW
            : PageTree.shadowValue(shadow))) {
            state.count(CacheCounter.REFAULTS, 1);
        }
        final byte use = descriptors.use(head);
        for (int tail = head + 1; tail < head + size; tail++) {
            descriptors.use(tail, use);
        }
        StopPoints.reached(CachePoint.LARGE_INSERTED, mapping.id, index);
        return Mapping.Insertion.INSERTED;
    }

    /** The last shadow that was there, or {@link PageTree#OUT_OF_NODES}, and then no page of the range is left. */
    private static int store(final PageTree tree, final long index, final int size, final int head) {
        final int run = Math.min(size, LEAF);
        int shadow = PageTree.EMPTY;
        for (int done = 0; done < size; done += run) {
            final int before = tree.replaceRun(index + done, run, PageTree.page(head + done));
            if (before == PageTree.OUT_OF_NODES) {
                replace(tree, index, done, PageTree.EMPTY);
                return before;
            }
            shadow = before == PageTree.EMPTY ? shadow : before;
        }
        return shadow;
    }

    /** Replaces the slots of pages that leave. */
    private static void replace(final PageTree tree, final long index, final int size, final int entry) {
        final int run = Math.min(size, LEAF);
        for (int done = 0; done < size; done += run) {
            tree.replaceRun(index + done, run, entry);
        }
    }

    /**
     * Takes a page out of the tree with all its frames, and unbinds it; under its page lock and the tree lock.
     *
     * @param index index of the head
     * @param entry what its slots hold from now on: {@link PageTree#EMPTY} or a shadow
     */
    void detach(final Mapping mapping, final long index, final int head, final int entry, final ThreadState state) {
        final int order = descriptors.order(head);
        assert mapping.isBound(head, index) && descriptors.has(head, PageDescriptors.LOCKED) && !descriptors.isTail(head);
        assert mapping.tree.lookup(index) == PageTree.page(head) : "slot " + index + " does not hold frame " + head;
        if (order == 0) {
            mapping.tree.replace(index, entry);
        } else {
            replace(mapping.tree, index, 1 << order, entry);
        }
        if (StopPoints.ENABLED && PageTree.isShadow(entry)) {
            StopPoints.reached(CachePoint.EVICT_SHADOWED, mapping.id, index);
        }
        for (int frame = head; frame < head + (1 << order); frame++) {
            if (descriptors.has(frame, DIRTY)) {
                cache.dirty.forget(frame, state);
            }
        }
        cache.compounds.unbind(head);
    }

    /** Whether any frame of a page has bytes that the store does not have; under its page lock. */
    boolean isDirty(final int head) {
        for (int frame = head; frame < head + (1 << descriptors.order(head)); frame++) {
            if (descriptors.has(frame, DIRTY)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Makes the page that a frame is part of one of a single frame; under its page lock, which afterwards is that of this frame
     * alone. Nothing happens when it is one already.
     */
    void isolate(final Mapping mapping, final int frame, final ThreadState state) {
        final int head = descriptors.head(frame);
        if (descriptors.order(head) == 0) {
            return;
        }
        mapping.tree.lock();
        try {
            split(mapping, head, frame, state);
        } finally {
            mapping.tree.unlock();
        }
        if (frame != head) {
            cache.locks.adopted(frame);
            cache.locks.unlock(head);
        }
    }

    /** Splits the compound page that an index is in, if it is and its lock is free. */
    void trySplit(final Mapping mapping, final long index, final ThreadState state) {
        final int frame = mapping.getPage(index);
        if (frame == Mapping.NONE) {
            return;
        }
        if (descriptors.order(descriptors.head(frame)) != 0 && cache.locker.tryLock(frame)) {
            if (mapping.isBound(frame, index)) {
                isolate(mapping, frame, state);
            }
            cache.locker.unlock(frame);
        }
        cache.release(frame);
    }

    /**
     * Splits a compound page into pages of one frame; under its page lock and its tree's lock. Nothing of the tree changes.
     *
     * @param locked the frame that has the page lock afterwards
     */
    void split(final Mapping mapping, final int head, final int locked, final ThreadState state) {
        final int order = descriptors.order(head);
        assert mapping.isBound(head, descriptors.index(head)) : "split of frame " + head + ", which left mapping " + mapping.id;
        StopPoints.reached(CachePoint.SPLIT_BEGUN, mapping.id, descriptors.index(head));
        cache.compounds.split(head, locked);
        // Before the tree lock is given back: no piece can be removed, and told to leave the queues, before it is in one.
        cache.replacement.split(head, order);
        state.count(CacheCounter.SPLITS, 1);
        StopPoints.reached(CachePoint.SPLIT_DONE, mapping.id, descriptors.index(head));
    }
}
