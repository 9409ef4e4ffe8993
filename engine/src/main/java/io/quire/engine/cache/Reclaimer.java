package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.WRITEBACK;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * Makes room by evicting pages. Only ever <em>tries</em> locks, so it may be called under any lock of the cache.
 *
 * <p>A victim is referenced by try-get, its lock and its tree's lock are tried, its binding is checked, its count is frozen
 * from the two references that are accounted for (the tree's and ours), and only then is it tested for dirt: the other order
 * loses writes (C7). Source: Linux {@code __remove_mapping}.
 */
final class Reclaimer {
    private static final long BUSY = LOCKED | DIRTY | WRITEBACK;

    private final PageCache cache;
    private volatile int shadowNodeLimit;

    Reclaimer(final PageCache cache) {
        this.cache = cache;
    }

    /** The cache has this many frames from now on. */
    void capacity(final int frames) {
        // Nodes that hold nothing but history may take an eighth of a node's worth per 64 frames of the cache.
        shadowNodeLimit = Math.max(64, frames / 512);
    }

    /**
     * Tries to evict a batch of pages.
     *
     * @return how many were evicted
     */
    int reclaim(final ThreadState state) {
        final int[] victims = state.victims;
        final int found = cache.replacement.nextVictims(victims);
        int evicted = 0;
        for (int i = 0; i < found; i++) {
            if (evict(victims[i], state)) {
                evicted++;
            } else {
                cache.replacement.rejected(victims[i]);
            }
        }
        state.count(CacheCounter.EVICTIONS, evicted);
        return evicted;
    }

    /**
     * Makes room for tree nodes: history goes everywhere, and a batch of pages.
     *
     * @return nodes and pages freed; 0 when the trees need all they have
     */
    int reclaimNodes() {
        int freed = 0;
        for (final Mapping mapping : cache.mappings.values()) {
            if (mapping.tree.tryLock()) {
                try {
                    freed += mapping.tree.pruneShadows(Integer.MAX_VALUE);
                } finally {
                    mapping.tree.unlock();
                }
            }
        }
        return freed + reclaim(cache.threads.current());
    }

    private boolean evict(final int frame, final ThreadState state) {
        final PageDescriptors descriptors = cache.descriptors;
        if ((descriptors.state(frame) & BUSY) != 0 || descriptors.refs(frame) != 1 || !descriptors.tryGet(frame)) {
            return false;
        }
        if (StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.EVICT_REFERENCED, descriptors.mapping(frame), descriptors.index(frame));
        }
        boolean evicted = false;
        if (cache.tryLockPage(frame)) {
            // Binding and unbinding need the page lock: from here on the pair (mapping, index) is stable.
            if (StopPoints.ENABLED) {
                StopPoints.reached(CachePoint.EVICT_LOCKED, descriptors.mapping(frame), descriptors.index(frame));
            }
            final Mapping mapping = cache.mappings.get(descriptors.mapping(frame));
            if (mapping != null && takeBack(mapping, frame) && mapping.tree.tryLock()) {
                try {
                    evicted = freezeAndDetach(mapping, frame);
                    if (evicted && cache.nodes.shadowNodes() > shadowNodeLimit) {
                        mapping.tree.pruneShadows(2);
                    }
                } finally {
                    mapping.tree.unlock();
                }
            }
            if (evicted) {
                if (StopPoints.ENABLED) {
                    StopPoints.reached(CachePoint.EVICT_DETACHED, mapping.id, descriptors.index(frame));
                }
                cache.replacement.removed(frame);
                state.count(CacheCounter.PAGES, -1);
                cache.unlockPage(frame);
                cache.allocator.free(frame);
                return true;
            }
            cache.unlockPage(frame);
        }
        cache.release(frame);
        return false;
    }

    /**
     * Takes a page back from the regions that show it, unless one of them used it since this was last asked; under its page
     * lock (Linux: {@code folio_referenced}, {@code try_to_unmap}).
     */
    private boolean takeBack(final Mapping mapping, final int frame) {
        if (cache.descriptors.maps(frame) == 0) {
            return true;
        }
        final long index = cache.descriptors.index(frame);
        if (mapping.referenced(index)) {
            cache.replacement.touched(frame);
            return false;
        }
        mapping.unmapPages(index, index, false);
        return true;
    }

    /** Takes a page out if nobody but the tree and the caller refers to it; under its page lock and its tree's lock. */
    boolean freezeAndDetach(final Mapping mapping, final int frame) {
        final PageDescriptors descriptors = cache.descriptors;
        if (!descriptors.freeze(frame, 2)) {
            return false;
        }
        final long index = descriptors.index(frame);
        if (StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.EVICT_FROZEN, mapping.id, index);
        }
        if (!mapping.isBound(frame, index) || (descriptors.state(frame) & (DIRTY | WRITEBACK)) != 0
            || descriptors.maps(frame) != 0) {
            descriptors.unfreeze(frame, 2);
            return false;
        }
        assert descriptors.has(frame, UPTODATE) || descriptors.validBlocks(frame) != 0
            : "unlocked page " + index + " of mapping " + mapping.id + " has nothing valid";
        final int before = mapping.tree.replace(index, PageTree.shadow(cache.replacement.shadow(frame)));
        assert before == PageTree.page(frame) : "slot " + index + " held " + before;
        if (StopPoints.ENABLED) {
            StopPoints.reached(CachePoint.EVICT_SHADOWED, mapping.id, index);
        }
        descriptors.unbind(frame);
        return true;
    }
}
