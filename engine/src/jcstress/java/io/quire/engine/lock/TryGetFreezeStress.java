package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** L26: a lookup that takes a reference and a removal that freezes the count exclude each other. */
@JCStressTest
@Outcome(id = "true, false, 2", expect = Expect.ACCEPTABLE, desc = "the lookup came first and the removal gives up")
@Outcome(id = "false, true, 0", expect = Expect.ACCEPTABLE, desc = "the removal came first and the lookup misses")
@Outcome(expect = Expect.FORBIDDEN, desc = "a page that somebody holds was freed, or both gave up")
@State
public class TryGetFreezeStress {
    private final int frame = StressPages.bound(0);

    /**
     * The lookup.
     *
     * @param r whether it has a reference
     */
    @Actor
    public void tryGet(final ZZI_Result r) {
        r.r1 = StressPages.PAGES.tryGet(frame);
    }

    /**
     * The removal.
     *
     * @param r whether it froze the count
     */
    @Actor
    public void freeze(final ZZI_Result r) {
        r.r2 = StressPages.PAGES.freeze(frame, 1);
    }

    /**
     * Looks.
     *
     * @param r the count
     */
    @Arbiter
    public void count(final ZZI_Result r) {
        r.r3 = StressPages.PAGES.refs(frame);
    }
}
