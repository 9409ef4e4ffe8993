package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** L8: a sleeper whose interrupt is pending races with unlocks: it gets the lock or leaves, and nothing of it stays. */
@JCStressTest
@Outcome(id = {"4, 0", "5, 0"}, expect = Expect.ACCEPTABLE, desc = "it got the lock, or it left")
@Outcome(expect = Expect.FORBIDDEN, desc = "an addition was lost, the lock is still held, or an entry is left")
@State
public class InterruptedLockStress {
    private final int frame = StressPages.bound(0);
    private int plain;

    /** Locks and unlocks. */
    @Actor
    public void holder() {
        for (int i = 0; i < 4; i++) {
            StressPages.LOCKS.lock(frame);
            plain++;
            StressPages.linger();
            StressPages.LOCKS.unlock(frame);
        }
    }

    /** Has an interrupt pending, so that its sleep ends at once. */
    @Actor
    public void leaver() {
        Thread.currentThread().interrupt();
        try {
            StressPages.LOCKS.lockInterruptibly(frame);
            plain++;
            StressPages.LOCKS.unlock(frame);
        } catch (final InterruptedException e) {
            assert !Thread.currentThread().isInterrupted() : e;
        } finally {
            Thread.interrupted();
        }
    }

    /**
     * Looks.
     *
     * @param r additions, and what is left
     */
    @Arbiter
    public void look(final II_Result r) {
        r.r1 = plain;
        r.r2 = StressPages.LOCKS.table().queued(frame) + (StressPages.LOCKS.isLocked(frame) ? 100 : 0);
    }
}
