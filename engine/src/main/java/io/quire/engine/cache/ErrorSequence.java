package io.quire.engine.cache;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets every open file see each write error exactly once: the mapping records the last error and how many there were, a
 * file keeps a cursor. Thread-safe. Source: Linux {@code lib/errseq.c}.
 */
final class ErrorSequence {
    private static final int ERRNO_BITS = 16;

    private final AtomicLong last = new AtomicLong();

    void record(final int errno) {
        long before;
        do {
            before = last.get();
        } while (!last.compareAndSet(before, ((before >>> ERRNO_BITS) + 1) << ERRNO_BITS | errno));
    }

    /** Where a file that is opened now starts: it sees what happens from here on. */
    long sample() {
        return last.get();
    }

    /** Moves a cursor on; the errno of the last error that it had not passed, or 0. */
    int advance(final AtomicLong cursor) {
        while (true) {
            final long seen = cursor.get();
            final long now = last.get();
            if (seen == now) {
                return 0;
            }
            // A cursor never moves back: of two threads that sync one file, one tells of the error.
            if (cursor.compareAndSet(seen, now)) {
                return (int) (now & (1 << ERRNO_BITS) - 1);
            }
        }
    }
}
