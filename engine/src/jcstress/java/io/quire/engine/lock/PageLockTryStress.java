package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** L1: of two threads that try, exactly one gets the lock; flags set beside it at the same time are not lost (L2). */
@JCStressTest
@Outcome(id = {"true, false, 1", "false, true, 1"}, expect = Expect.ACCEPTABLE, desc = "one got it")
@Outcome(expect = Expect.FORBIDDEN, desc = "both or none got it, or a flag was lost")
@State
public class PageLockTryStress {
    private final int frame = StressPages.bound(0);

    /**
     * Tries.
     *
     * @param r whether it got the lock
     */
    @Actor
    public void first(final ZZI_Result r) {
        r.r1 = StressPages.LOCKS.tryLock(frame);
    }

    /**
     * Sets another flag and tries.
     *
     * @param r whether it got the lock
     */
    @Actor
    public void second(final ZZI_Result r) {
        StressPages.PAGES.set(frame, PageDescriptors.DIRTY);
        r.r2 = StressPages.LOCKS.tryLock(frame);
    }

    /**
     * Unlocks.
     *
     * @param r whether the flag survived and nothing else changed
     */
    @Arbiter
    public void unlock(final ZZI_Result r) {
        StressPages.LOCKS.unlock(frame);
        final long flags = StressPages.PAGES.state(frame) & 0xFFFF_FFFFL;
        r.r3 = flags == PageDescriptors.DIRTY ? 1 : 0;
    }
}
