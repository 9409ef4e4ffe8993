package io.quire.engine.lock;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Holds threads up at random at the stop points of the protocols, so that races whose window is a few instructions wide happen
 * in seconds. It orders nothing: a test under jitter must hold without it. In force from its making to its close.
 */
public final class Jitter implements StopPoints.Listener, AutoCloseable {
    private static final int HELD_UP_ONE_IN = 24;
    private static final int YIELD_ONE_IN = 16;
    private static final int PAUSE_ONE_IN = 32;
    private static final int MOST_SPINS = 400;
    private static final int LONGEST_PAUSE_NANOS = 120_000;

    /** Starts to hold threads up; does nothing where stop points are off. */
    public Jitter() {
        if (StopPoints.ENABLED) {
            StopPoints.listen(this);
        }
    }

    @Override
    public void reached(final Enum<?> point, final long mapping, final long index) {
        final ThreadLocalRandom random = ThreadLocalRandom.current();
        if (random.nextInt(HELD_UP_ONE_IN) != 0) {
            return;
        }
        // Mostly by spinning: on a busy machine whoever gives the processor up gets it back much later.
        if (random.nextInt(PAUSE_ONE_IN) == 0) {
            LockSupport.parkNanos(random.nextInt(LONGEST_PAUSE_NANOS));
        } else if (random.nextInt(YIELD_ONE_IN) == 0) {
            Thread.yield();
        } else {
            for (int spins = random.nextInt(MOST_SPINS); spins > 0; spins--) {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void close() {
        if (StopPoints.ENABLED) {
            StopPoints.listen(null);
        }
    }
}
