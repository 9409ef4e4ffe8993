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

    /** The part of the frames that is looked at before an attempt to make room is given up. */
    private static final int CANDIDATE_SHARE = 32;

    private final PageCache cache;
    private volatile int shadowNodeLimit;
    private volatile int leastShadowNodes;
    private volatile int candidates;

    Reclaimer(final PageCache cache) {
        this.cache = cache;
    }

    /** The cache has this many frames from now on. */
    void capacity(final int frames) {
        // As much history as there are frames, where there is room for it, is all that replacement looks at.
        shadowNodeLimit = Math.max(16, frames / 64);
        leastShadowNodes = Math.max(8, frames / 512);
        candidates = Math.clamp(frames / CANDIDATE_SHARE, 1, ThreadState.EVICTIONS);
    }

    /**
     * Tries to evict a batch of pages. Where none of a batch can go, the next is tried, for as many candidates as R14 of
     * {@code native-notes/replacement.md} allows: in a small cache a batch is one page.
     *
     * @return how many were evicted
     */
    int reclaim(final ThreadState state) {
        final int[] victims = state.victims(cache.evictionBatch);
        int evicted = 0;
        int left = candidates;
        int stays = -1;
        boolean more = true;
        while (more) {
            final int found = cache.replacement.nextVictims(victims);
            // A page that is offered again was the only one left.
            more = found > 0 && victims[0] != stays;
            for (int i = 0; i < found; i++) {
                left -= 1 << cache.descriptors.order(victims[i]);
                final int frames = more ? evict(victims[i], state) : 0;
                if (frames == 0) {
                    cache.replacement.rejected(victims[i]);
                }
                evicted += frames;
            }
            stays = victims[0];
            more &= evicted == 0 && left > 0;
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

    /** Frames that are free now. */
    private int evict(final int frame, final ThreadState state) {
        final PageDescriptors descriptors = cache.descriptors;
        // Of a compound page the first frame may be dirty and others not.
        final long busy = descriptors.order(frame) == 0 ? BUSY : LOCKED;
        if ((descriptors.state(frame) & busy) != 0 || descriptors.refs(frame) != 1 || !cache.compounds.tryGet(frame)) {
            return 0;
        }
        StopPoints.reached(CachePoint.EVICT_REFERENCED, descriptors.mapping(frame), descriptors.index(frame));
        int evicted = 0;
        int pieces = 0;
        if (cache.locker.tryLock(frame)) {
            // Binding and unbinding need the page lock: from here on the pair (mapping, index) is stable.
            StopPoints.reached(CachePoint.EVICT_LOCKED, descriptors.mapping(frame), descriptors.index(frame));
            final int frames = 1 << descriptors.order(frame);
            final Mapping mapping = cache.mappings.get(descriptors.mapping(frame));
            // Of a compound page the frames that regions use stay, and the others go.
            if (mapping != null && (takeBack(mapping, frame) || frames > 1) && mapping.tree.tryLock()) {
                try {
                    final int kept = frames == 1 ? 0 : keptFrames(frame, frames);
                    if (kept > 0 && kept < frames) {
                        cache.large.split(mapping, frame, frame, state);
                        pieces = frames;
                    } else if (kept == 0 && freezeAndDetach(mapping, frame)) {
                        evicted = frames;
                        mapping.history += frames;
                        pruneHistory(mapping, frames);
                    }
                } finally {
                    mapping.tree.unlock();
                }
            }
            if (evicted != 0) {
                StopPoints.reached(CachePoint.EVICT_DETACHED, mapping.id, descriptors.index(frame));
                mapping.forget(frame, state);
                cache.locker.unlock(frame);
                cache.compounds.free(frame);
                return evicted;
            }
            cache.locker.unlock(frame);
        }
        cache.release(frame);
        return pieces == 0 ? 0 : evictPieces(frame, pieces, state);
    }

    /** Evicts what was not used of a page that was split; what was used stays, with one use less. */
    private int evictPieces(final int head, final int pieces, final ThreadState state) {
        final PageDescriptors descriptors = cache.descriptors;
        int evicted = 0;
        for (int piece = head; piece < head + pieces; piece++) {
            final byte use = descriptors.use(piece);
            int gone = 0;
            if (use > 0) {
                descriptors.use(piece, (byte) (use - 1));
            } else {
                gone = evict(piece, state);
            }
            if (piece == head && gone == 0) {
                // The others have their places since the split; the first frame's page is still in transit.
                cache.replacement.rejected(piece);
            }
            evicted += gone;
        }
        return evicted;
    }

    /** Keeps the nodes of history bounded: more go than an evicted page leaves behind, which is a leaf for 64 frames. Under the tree lock. */
    private void pruneHistory(final Mapping mapping, final int frames) {
        if (cache.nodes.shadowNodes() > (cache.nodes.isOverHistoryLimit() ? leastShadowNodes : shadowNodeLimit)) {
            mapping.tree.pruneShadows(2 + frames / 32);
        }
    }

    /** How many frames of a compound page are dirty, or were used again; when all are, each use is counted down. */
    private int keptFrames(final int head, final int frames) {
        final PageDescriptors descriptors = cache.descriptors;
        int kept = 0;
        for (int frame = head; frame < head + frames; frame++) {
            if (descriptors.use(frame) > 0 || (descriptors.state(frame) & (DIRTY | WRITEBACK)) != 0) {
                kept++;
            }
        }
        for (int frame = head; kept == frames && frame < head + frames; frame++) {
            if (descriptors.use(frame) > 0) {
                descriptors.use(frame, (byte) (descriptors.use(frame) - 1));
            }
        }
        return kept;
    }

    /**
     * Takes a page back from the regions that show it, unless one of them used it since this was last asked; under its page
     * lock (Linux: {@code folio_referenced}, {@code try_to_unmap}).
     */
    private boolean takeBack(final Mapping mapping, final int head) {
        final long index = cache.descriptors.index(head);
        final int size = 1 << cache.descriptors.order(head);
        boolean used = false;
        for (int i = 0; i < size; i++) {
            if (cache.descriptors.maps(head + i) != 0 && mapping.referenced(index + i)) {
                cache.replacement.touched(head + i);
                used = true;
            }
        }
        if (!used) {
            mapping.unmapLocked(index, head);
        }
        return !used;
    }

    /** Takes a page out if nobody but the tree and the caller refers to it; under its page lock and its tree's lock. */
    boolean freezeAndDetach(final Mapping mapping, final int head) {
        final PageDescriptors descriptors = cache.descriptors;
        // With pins on its tails the count is higher: a frozen compound page has none. H2.
        if (!descriptors.freeze(head, 2)) {
            return false;
        }
        final long index = descriptors.index(head);
        StopPoints.reached(CachePoint.EVICT_FROZEN, mapping.id, index);
        boolean clean = mapping.isBound(head, index);
        for (int frame = head; clean && frame < head + (1 << descriptors.order(head)); frame++) {
            clean = (descriptors.state(frame) & (DIRTY | WRITEBACK)) == 0 && descriptors.maps(frame) == 0;
        }
        if (!clean) {
            descriptors.unfreeze(head, 2);
            return false;
        }
        assert descriptors.has(head, UPTODATE) || descriptors.validBlocks(head) != 0
            : "unlocked page " + index + " of mapping " + mapping.id + " has nothing valid";
        cache.large.detach(mapping, index, head, PageTree.shadow(cache.replacement.shadow(head)), cache.threads.current());
        return true;
    }
}
