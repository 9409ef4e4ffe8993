package io.quire.engine.cache;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A point at which a test stops a thread: the thread arrives and waits, the test knows that it is there and lets it go on. */
final class Gate {
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** In the thread to be stopped. Once open, everybody passes. */
    void pass() {
        arrived.countDown();
        await(open, "a gate that nobody opened");
    }

    /** In the test: returns when the thread is there. */
    void awaitArrival() {
        await(arrived, "a thread that never came to its gate");
    }

    boolean hasArrival() {
        return arrived.getCount() == 0;
    }

    void open() {
        open.countDown();
    }

    private static void await(final CountDownLatch latch, final String what) {
        try {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(what);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(what + ", interrupted", e);
        }
    }
}
