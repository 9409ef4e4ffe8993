package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** L3 and L9: a waiter that drops its reference, while the page is unlocked, then removed, and its frame bound anew. */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the waiter came back; the references are right")
@Outcome(expect = Expect.FORBIDDEN, desc = "a sleeper or a reference is left")
@State
public class DropWaitStress {
    private final int frame = StressPages.bound(PageDescriptors.LOCKED);

    /** Makes the waiter's reference, which both sides see. */
    public DropWaitStress() {
        StressPages.PAGES.get(frame);
    }

    /** Removes the page and gives the frame to another as soon as nobody has a reference. */
    @Actor
    public void remove() {
        StressPages.linger();
        StressPages.LOCKS.unlock(frame);
        while (!StressPages.PAGES.freeze(frame, 1)) {
            Thread.onSpinWait();
        }
        StressPages.PAGES.bind(frame, StressPages.MAPPING, StressPages.INDEX + 1, 0);
    }

    /** Waits. */
    @Actor
    public void waiter() {
        StressPages.LOCKS.waitUnlockedDropping(frame, StressPages.PAGES::put);
    }

    /**
     * Looks.
     *
     * @param r threads queued, and references
     */
    @Arbiter
    public void look(final II_Result r) {
        r.r1 = StressPages.LOCKS.table().queued(frame);
        r.r2 = StressPages.PAGES.refs(frame);
    }
}
