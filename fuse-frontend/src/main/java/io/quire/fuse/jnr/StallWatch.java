package io.quire.fuse.jnr;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that starts workers, and sees whether they are stuck in the source, so that on a single processor one of them is enough
 * while none is (F14). It sleeps while no requests come, and hardly looks while there are several processors.
 */
final class StallWatch implements Runnable {
    /** On a single processor: for half of this at least, and twice this at most, a request may wait for a worker that is stuck. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** With several processors nothing depends on the look, but for how soon one sees that they have become one. */
    private static final long LOOK_SELDOM_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** Looks without any request after which it sleeps. */
    private static final int IDLE_LOOKS = 50;
    /** Looks between two counts of the processors, when it looks often. */
    private static final int COUNT_EVERY = 16;

    private final Readers readers;

    StallWatch(final Readers readers) {
        this.readers = readers;
    }

    @Override
    public void run() {
        readers.watched();
        try {
            watch();
        } finally {
            readers.unwatched();
        }
    }

    private void watch() {
        boolean alone = false;
        int looks = 0;
        int idle = 0;
        while (!readers.ended()) {
            readers.startWanted();
            if (!alone || looks++ % COUNT_EVERY == 0) {
                alone = Runtime.getRuntime().availableProcessors() == 1;
            }
            idle = readers.look(alone) ? 0 : idle + 1;
            if (idle > IDLE_LOOKS) {
                readers.sleepUntilReceived();
                idle = 0;
                // What woke it may want a worker at once.
                continue;
            }
            LockSupport.parkNanos(this, alone ? LOOK_NANOS : LOOK_SELDOM_NANOS);
        }
    }
}
