package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** L2: the addition that unlocks does not disturb flags that others set and clear meanwhile. */
@JCStressTest
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "each change is there")
@Outcome(expect = Expect.FORBIDDEN, desc = "a change was lost")
@State
public class PageUnlockRaceStress {
    private final int frame = StressPages.bound(PageDescriptors.LOCKED | PageDescriptors.READAHEAD);

    /** Unlocks and sets. */
    @Actor
    public void unlock() {
        StressPages.LOCKS.unlockWith(frame, PageDescriptors.UPTODATE);
    }

    /** Sets and clears. */
    @Actor
    public void mark() {
        StressPages.PAGES.set(frame, PageDescriptors.DIRTY);
        StressPages.PAGES.clear(frame, PageDescriptors.READAHEAD);
    }

    /**
     * Looks.
     *
     * @param r 1 when the state is right
     */
    @Arbiter
    public void look(final I_Result r) {
        r.r1 = (StressPages.PAGES.state(frame) & 0xFFFF_FFFFL) == (PageDescriptors.UPTODATE | PageDescriptors.DIRTY)
            ? 1 : 0;
    }
}
