package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.UPTODATE;

import io.quire.engine.lock.PageLocks;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.CompoundPages;
import io.quire.engine.memory.PageDescriptors;

/**
 * The locks of pages by any of their frames: a page has one lock, that of its first frame, and a split gives each piece its own.
 * Who has a reference to one frame therefore looks for the first one again once it has the lock. Thread-safe.
 */
final class PageLocker {
    private final PageDescriptors descriptors;
    private final PageLocks locks;
    private final CompoundPages compounds;

    PageLocker(final PageDescriptors descriptors, final PageLocks locks, final CompoundPages compounds) {
        this.descriptors = descriptors;
        this.locks = locks;
        this.compounds = compounds;
    }

    /** Takes the lock of the page that a frame belongs to. The caller holds a reference. */
    void lock(final int frame) {
        while (true) {
            final int head = descriptors.head(frame);
            if (head == frame) {
                // A page of one frame stays one as long as somebody refers to it.
                locks.lock(frame);
                return;
            }
            StopPoints.reached(CachePoint.LOCK_HEAD_READ, descriptors.mapping(frame), descriptors.index(frame));
            // The caller's pin counts on the head only until a split: over the sleep the head needs a reference of its own.
            if (!descriptors.tryGet(head)) {
                Thread.onSpinWait();
                continue;
            }
            try {
                if (descriptors.head(frame) != head) {
                    // Split meanwhile; the former head may by now hold any page, whose lock is not to be waited for here.
                    continue;
                }
                locks.lock(head);
                if (descriptors.head(frame) == head) {
                    return;
                }
                locks.unlock(head);
            } finally {
                compounds.release(head);
            }
        }
    }

    /** As {@link #lock}; gives the caller's reference back when the validator refuses. */
    void lockOrRelease(final int frame) {
        boolean locked = false;
        try {
            lock(frame);
            locked = true;
        } finally {
            if (!locked) {
                compounds.release(frame);
            }
        }
    }

    /** Takes the lock of the page that a frame belongs to if nobody has it. */
    boolean tryLock(final int frame) {
        while (true) {
            final int head = descriptors.head(frame);
            if (head == frame) {
                return locks.tryLock(frame);
            }
            if (!descriptors.tryGet(head)) {
                return false;
            }
            final boolean taken = locks.tryLock(head);
            final boolean same = descriptors.head(frame) == head;
            if (taken && !same) {
                locks.unlock(head);
            }
            compounds.release(head);
            if (same) {
                return taken;
            }
        }
    }

    /** Gives the lock of a page back. */
    void unlock(final int frame) {
        // Only the holder of the lock splits, so the head is the one that was locked.
        locks.unlock(descriptors.head(frame));
    }

    /** Sets flags of a frame and gives the lock of its page back: whoever sees it unlocked sees the flags. */
    void unlockWith(final int frame, final long flags) {
        final int head = descriptors.head(frame);
        if (head == frame) {
            locks.unlockWith(frame, flags);
        } else {
            descriptors.set(frame, flags);
            locks.unlock(head);
        }
    }

    /** Gives the lock back of a page whose blocks are all valid, or that was read whole: it is uptodate from here on. */
    void unlockUptodate(final int frame, final long flags) {
        descriptors.validBlocks(frame, 0);
        unlockWith(frame, UPTODATE | flags);
    }

    /**
     * Whether the page that a frame belongs to is locked by anybody. A recent value; a lock that was taken before the call, and
     * is kept, is seen also when the page was split meanwhile.
     */
    boolean isLocked(final int frame) {
        int head = descriptors.head(frame);
        while (true) {
            if (locks.isLocked(head)) {
                return true;
            }
            final int now = descriptors.head(frame);
            if (now == head) {
                return false;
            }
            head = now;
        }
    }
}
