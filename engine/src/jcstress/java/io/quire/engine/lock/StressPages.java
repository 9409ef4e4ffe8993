package io.quire.engine.lock;

import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.memory.PageDescriptors;

/**
 * Descriptors and locks that all states of a run share: a state is one frame, taken in turn, as a table of its own would
 * be a memory mapping for each of millions of states. There are far more frames than states alive at a time.
 */
final class StressPages {
    static final long MAPPING = 5;
    static final long INDEX = 9;
    static final PageDescriptors PAGES = new PageDescriptors(1 << 20);
    static final PageLocks LOCKS = new PageLocks(PAGES, 2);

    private static final AtomicInteger NEXT = new AtomicInteger();

    private StressPages() {
    }

    /** Holds a lock long enough for the other side to have to sleep now and then. */
    static void linger() {
        for (int i = 0; i < 64; i++) {
            Thread.onSpinWait();
        }
    }

    /** A frame bound to a page, with one reference. */
    static int bound(final long flags) {
        final int frame = NEXT.getAndIncrement() & PAGES.frames() - 1;
        final int refs = PAGES.refs(frame);
        if (refs != 0) {
            PAGES.freeze(frame, refs);
        }
        PAGES.bind(frame, MAPPING, INDEX, flags);
        return frame;
    }
}
