package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.ERROR;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.READAHEAD;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.WRITEBACK;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * Moves a page to another frame while it is being used (Linux: {@code migrate_folio}).
 *
 * <pre>
 *  1  reference, page lock tried, binding checked      nobody fills, zeroes, removes or evicts it; writers of it wait
 *     a compound page split                            only this frame of it moves
 *  2  taken back from regions                          nobody stores into it but who has a reference
 *  3  tree lock, count frozen from two, or given up    nobody has a reference, and nobody gets one
 *  4  the new frame bound, locked                      where it is met by a stale frame number, it is not uptodate
 *  5  bytes and state copied, UPTODATE last            who meets it now reads what the old one has
 *  6  slot replaced                                    lookups find the new one, locked
 *  7  the old frame unbound: its generation moves      whoever read its bytes without a reference reads again, from 6
 *  8  tree lock given back, place in the queue passed on
 *  9  both unlocked, the old frame free                its bytes may change from here on
 * </pre>
 *
 * <p>Locks are only tried, but for the tree's, so it may be called under any lock down to a page lock. Invariants G1 to G8 in
 * {@code native-notes/migration.md}.
 */
final class Migrator {
    /** What a page carries along; LOCKED and UPTODATE go their own ways. */
    private static final long CARRIED = DIRTY | READAHEAD | ERROR;

    private final PageCache cache;
    private final PageDescriptors descriptors;

    /** What became of an attempt. */
    enum Outcome {
        /** The page is in the target; the former frame is the caller's, private. */
        MOVED,
        /** The page is not, or no longer, in that frame. */
        GONE,
        /** Somebody uses the page. */
        BUSY
    }

    Migrator(final PageCache cache) {
        this.cache = cache;
        this.descriptors = cache.descriptors;
    }

    /**
     * Tries to move a page.
     *
     * @param mapping its mapping, held
     * @param index   its index
     * @param frame   the frame that it was seen in
     * @param target  a private frame; remains the caller's unless the page moved
     */
    Outcome migrate(final Mapping mapping, final long index, final int frame, final int target) {
        final int found = mapping.getPage(index);
        if (found == Mapping.NONE) {
            return Outcome.GONE;
        }
        reached(CachePoint.MIGRATE_REFERENCED, mapping, index);
        if (found != frame || !cache.locker.tryLock(frame)) {
            cache.release(found);
            return found == frame ? Outcome.BUSY : Outcome.GONE;
        }
        reached(CachePoint.MIGRATE_LOCKED, mapping, index);
        final Outcome outcome = migrateLocked(mapping, index, frame, target);
        cache.locker.unlock(frame);
        if (outcome == Outcome.MOVED) {
            cache.locker.unlock(target);
            cache.release(target);
        } else {
            cache.release(frame);
        }
        return outcome;
    }

    private Outcome migrateLocked(final Mapping mapping, final long index, final int frame, final int target) {
        if (!mapping.isBound(frame, index)) {
            return Outcome.GONE;
        }
        // A compound page that somebody refers to would be split in vain: the count of its head has every pin.
        if (descriptors.has(frame, WRITEBACK) || descriptors.refs(descriptors.head(frame)) != 2) {
            return Outcome.BUSY;
        }
        cache.large.isolate(mapping, frame, cache.threads.current());
        if (descriptors.maps(frame) != 0) {
            mapping.unmapPages(index, index, false);
        }
        reached(CachePoint.MIGRATE_UNMAPPED, mapping, index);
        mapping.tree.lock();
        try {
            // The tree's reference and ours. Only then is the map count stable: who raises it has a reference or sees the lock.
            if (!descriptors.freeze(frame, 2)) {
                return Outcome.BUSY;
            }
            if (descriptors.maps(frame) != 0) {
                descriptors.unfreeze(frame, 2);
                return Outcome.BUSY;
            }
            reached(CachePoint.MIGRATE_FROZEN, mapping, index);
            replace(mapping, index, frame, target);
        } finally {
            mapping.tree.unlock();
        }
        cache.replacement.migrated(frame, target);
        return Outcome.MOVED;
    }

    private void replace(final Mapping mapping, final long index, final int frame, final int target) {
        final long state = descriptors.state(frame);
        descriptors.bind(target, mapping.id, index, LOCKED | state & CARRIED);
        descriptors.get(target);
        cache.locks.adopted(target);
        reached(CachePoint.MIGRATE_BOUND, mapping, index);
        OffHeap.copy(cache.arena.address(frame), cache.arena.address(target), FRAME_SIZE);
        descriptors.validBlocks(target, descriptors.validBlocks(frame));
        descriptors.use(target, descriptors.use(frame));
        if ((state & UPTODATE) != 0) {
            descriptors.set(target, UPTODATE);
        }
        reached(CachePoint.MIGRATE_COPIED, mapping, index);
        final int before = mapping.tree.replace(index, PageTree.page(target));
        assert before == PageTree.page(frame) : "slot " + index + " held " + before;
        reached(CachePoint.MIGRATE_REPLACED, mapping, index);
        descriptors.unbind(frame);
    }

    private static void reached(final CachePoint point, final Mapping mapping, final long index) {
        StopPoints.reached(point, mapping.id, index);
    }
}
