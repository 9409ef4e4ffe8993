package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** L3 and L10: a waiter for the lock and then for writeback of one page, while both bits are cleared. */
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "the waiter came back")
@Outcome(expect = Expect.FORBIDDEN, desc = "something is left")
@State
public class WritebackWaitStress {
    private final int frame = StressPages.bound(PageDescriptors.LOCKED | PageDescriptors.WRITEBACK);

    /** Ends both. */
    @Actor
    public void end() {
        StressPages.linger();
        StressPages.LOCKS.unlock(frame);
        StressPages.linger();
        StressPages.LOCKS.endWriteback(frame);
    }

    /** Waits for both. */
    @Actor
    public void waiter() {
        StressPages.LOCKS.lock(frame);
        StressPages.LOCKS.waitWriteback(frame);
        StressPages.LOCKS.unlock(frame);
    }

    /**
     * Looks.
     *
     * @param r what is left: threads queued, or bits
     */
    @Arbiter
    public void look(final I_Result r) {
        final long bits = StressPages.PAGES.state(frame) & (PageDescriptors.LOCKED | PageDescriptors.WRITEBACK);
        r.r1 = StressPages.LOCKS.table().queued(frame) + (int) bits;
    }
}
