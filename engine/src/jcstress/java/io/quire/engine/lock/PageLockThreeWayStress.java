package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * L1, L3 and L5: as {@link PageLockExclusionStress} with three threads, so that an exclusive sleeper is woken while another
 * is queued behind it. Needs three processors.
 */
@JCStressTest
@Outcome(id = "3, 0", expect = Expect.ACCEPTABLE, desc = "every addition counted, nobody left in the queue")
@Outcome(expect = Expect.FORBIDDEN, desc = "an addition was lost, or a sleeper is left")
@State
public class PageLockThreeWayStress {
    private final int frame = StressPages.bound(0);
    private int plain;

    /** First adder. */
    @Actor
    public void first() {
        add();
    }

    /** Second adder. */
    @Actor
    public void second() {
        add();
    }

    /** Third adder. */
    @Actor
    public void third() {
        add();
    }

    /**
     * Looks at what is left.
     *
     * @param r additions, and threads still queued
     */
    @Arbiter
    public void look(final II_Result r) {
        r.r1 = plain;
        r.r2 = StressPages.LOCKS.table().queued(frame) + (StressPages.LOCKS.isLocked(frame) ? 100 : 0);
    }

    private void add() {
        StressPages.LOCKS.lock(frame);
        plain++;
        StressPages.linger();
        StressPages.LOCKS.unlock(frame);
    }
}
