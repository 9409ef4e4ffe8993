package io.quire.fuse.jnr;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps few workers waiting for requests and the others at rest. The kernel wakes its waiting readers in turn, so with many
 * of them every request meets another worker, whose buffers and stack have left the processor's cache meanwhile.
 *
 * <p>Whoever takes the last place among the waiting readers away wakes a resting worker (F14): as long as one rests, no
 * request waits for a worker that is busy. A worker rests when readers to spare were waiting for a while.
 *
 * <pre>
 *   resting --wake--&gt; waiting for a request --received--&gt; busy --(too many wait)--&gt; resting
 *                              ^-------------------------------'
 * </pre>
 *
 * <p>Thread-safe.
 */
final class Readers {
    /** Waiting readers that are enough: one is left when the other has a request, so that one client wakes nobody. */
    private static final int ENOUGH = 2;
    /** Requests in a row that must have left readers waiting before a worker rests: one that is woken soon again costs more. */
    private static final int PATIENCE = 1000;

    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger resting = new AtomicInteger();
    private final Semaphore permits = new Semaphore(0);
    private final int patience;
    /** Requests since somebody took the last place. A hint: updates may get lost. */
    private int quiet;
    private volatile boolean ended;

    Readers() {
        this(PATIENCE);
    }

    /**
     * For tests.
     *
     * @param patience see {@link #PATIENCE}
     */
    Readers(final int patience) {
        this.patience = patience;
    }

    /** Rests until there are too few who wait, when there are enough now. For a worker that begins. */
    void join() {
        if (waiting.incrementAndGet() > ENOUGH) {
            waiting.decrementAndGet();
            rest();
            waiting.incrementAndGet();
        }
    }

    /** Waits for a request again, or rests before. For a worker that has served one. */
    void waitAgain() {
        if (waiting.get() >= ENOUGH && quiet > patience) {
            quiet = 0;
            rest();
        }
        waiting.incrementAndGet();
    }

    /** A request was received. */
    void received() {
        if (waiting.decrementAndGet() > 0) {
            quiet++;
        } else {
            quiet = 0;
            if (takeOne()) {
                permits.release();
            }
        }
    }

    private void rest() {
        resting.incrementAndGet();
        // Either this sees that nobody waits any more, or who took the last place sees that somebody rests.
        if ((waiting.get() == 0 || ended) && takeOne()) {
            return;
        }
        permits.acquireUninterruptibly();
    }

    private boolean takeOne() {
        int now = resting.get();
        while (now > 0) {
            if (resting.compareAndSet(now, now - 1)) {
                return true;
            }
            now = resting.get();
        }
        return false;
    }

    /** How many rest. */
    int resting() {
        return resting.get();
    }

    /** The mount has ended: nobody rests any more. */
    void end() {
        ended = true;
        while (takeOne()) {
            permits.release();
        }
    }
}
