package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * L2 and L3: a page starts locked, as one that is being filled. One thread publishes the bytes and unlocks
 * with UPTODATE, the other takes the lock. It must come back, and see the bytes and the flag.
 */
@JCStressTest
@Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "the waiter saw the fill")
@Outcome(expect = Expect.FORBIDDEN, desc = "the waiter came back before the fill was visible")
@State
public class FillLockStress {
    private final int frame = StressPages.bound(PageDescriptors.LOCKED);
    private int bytes;

    /** The filler. */
    @Actor
    public void fill() {
        StressPages.linger();
        bytes = 7;
        StressPages.LOCKS.unlockWith(frame, PageDescriptors.UPTODATE);
    }

    /**
     * A writer that takes the lock.
     *
     * @param r what it saw
     */
    @Actor
    public void locker(final I_Result r) {
        StressPages.LOCKS.lock(frame);
        r.r1 = StressPages.PAGES.has(frame, PageDescriptors.UPTODATE) ? bytes : -1;
        StressPages.LOCKS.unlock(frame);
    }
}
