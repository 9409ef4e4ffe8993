package io.quire.engine.lock;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/**
 * L28: the generation is the sequence count of an optimistic read. A reader between two equal generations has the binding
 * of one page, though the frame is unbound and bound again meanwhile. It reads uptodate pages only: a frame is bound first
 * and becomes uptodate when that is visible.
 */
@JCStressTest
@Outcome(id = {"5, 9", "6, 10"}, expect = Expect.ACCEPTABLE, desc = "the one page or the other")
@Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "told to retry")
@Outcome(expect = Expect.FORBIDDEN, desc = "a mixture of two pages")
@State
public class GenerationReadStress {
    private final int frame = StressPages.bound(PageDescriptors.LOCKED | PageDescriptors.UPTODATE);

    /** Evicts the page and gives its frame to another. */
    @Actor
    public void reuse() {
        StressPages.PAGES.freeze(frame, 1);
        StressPages.PAGES.unbind(frame);
        StressPages.PAGES.bind(frame, StressPages.MAPPING + 1, StressPages.INDEX + 1, PageDescriptors.LOCKED);
        StressPages.LOCKS.unlockWith(frame, PageDescriptors.UPTODATE);
    }

    /**
     * A reader without a reference.
     *
     * @param r the binding, or -1 when told to retry
     */
    @Actor
    public void read(final JJ_Result r) {
        final long before = StressPages.PAGES.state(frame);
        final long mapping = StressPages.PAGES.mapping(frame);
        final long index = StressPages.PAGES.index(frame);
        OffHeap.loadFence();
        final int after = PageDescriptors.generation(StressPages.PAGES.state(frame));
        final boolean stands = (before & PageDescriptors.UPTODATE) != 0 && PageDescriptors.generation(before) == after;
        r.r1 = stands ? mapping : -1;
        r.r2 = stands ? index : -1;
    }
}
