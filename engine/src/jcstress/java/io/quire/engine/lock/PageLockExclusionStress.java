package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * L1 and L3: two threads add, several times each, to a plain field under the page lock, so that
 * they queue, steal and hand over. A lost update is a broken lock, a hang a lost wake.
 */
@JCStressTest
@Outcome(id = "8, 0", expect = Expect.ACCEPTABLE, desc = "every addition counted, nobody left in the queue")
@Outcome(expect = Expect.FORBIDDEN, desc = "an addition was lost, or a sleeper is left")
@State
public class PageLockExclusionStress {
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
        for (int i = 0; i < 4; i++) {
            StressPages.LOCKS.lock(frame);
            plain++;
            StressPages.linger();
            StressPages.LOCKS.unlock(frame);
        }
    }
}
