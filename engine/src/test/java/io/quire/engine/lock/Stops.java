package io.quire.engine.lock;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Stops threads at named points: each gate stops the next thread that reaches its point, once. */
final class Stops implements StopPoint {
    /** Where one thread stops. */
    static final class Gate {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        /** Waits until a thread stands at the gate, or has passed it. */
        Gate awaitReached() {
            try {
                reached.await();
            } catch (final InterruptedException e) {
                throw new AssertionError("the test was interrupted", e);
            }
            return this;
        }

        /** Whether a thread has come by. */
        boolean passed() {
            return reached.getCount() == 0;
        }

        Gate open() {
            open.countDown();
            return this;
        }
    }

    private final Map<At, Gate> gates = new EnumMap<>(At.class);

    /** A gate that stops the next thread. */
    synchronized Gate stopNext(final At at) {
        final Gate gate = new Gate();
        gates.put(at, gate);
        return gate;
    }

    /** A gate that only tells that a thread has come by. */
    Gate noticeNext(final At at) {
        return stopNext(at).open();
    }

    @Override
    public void reached(final At at, final int frame) {
        final Gate gate;
        synchronized (this) {
            gate = gates.remove(at);
        }
        if (gate == null) {
            return;
        }
        gate.reached.countDown();
        // The thread under test may have its interrupt status set: that must survive standing here.
        boolean interrupted = false;
        while (true) {
            try {
                gate.open.await();
                break;
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
