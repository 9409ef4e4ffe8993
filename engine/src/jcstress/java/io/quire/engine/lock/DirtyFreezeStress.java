package io.quire.engine.lock;

import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * L27: who dirties a page holds a reference and drops it afterwards; the removal freezes first and tests dirty then. So
 * a removal that succeeds has seen the write, or the write found no page.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the writer missed; the page was removed clean")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the writer wrote; the removal gave up or saw dirty")
@Outcome(expect = Expect.FORBIDDEN, desc = "a written page was removed as clean: the write is lost")
@State
public class DirtyFreezeStress {
    private final int frame = StressPages.bound(0);

    /**
     * The writer.
     *
     * @param r 1 when it wrote
     */
    @Actor
    public void write(final II_Result r) {
        if (StressPages.PAGES.tryGet(frame)) {
            StressPages.PAGES.set(frame, PageDescriptors.DIRTY);
            StressPages.PAGES.put(frame);
            r.r1 = 1;
        }
    }

    /**
     * The removal.
     *
     * @param r 1 when it removed the page as clean
     */
    @Actor
    public void remove(final II_Result r) {
        if (StressPages.PAGES.freeze(frame, 1)) {
            if (StressPages.PAGES.has(frame, PageDescriptors.DIRTY)) {
                StressPages.PAGES.unfreeze(frame, 1);
            } else {
                r.r2 = 1;
            }
        }
    }
}
