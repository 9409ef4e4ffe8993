package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** C4 for tails: between two equal generations an optimistic reader of a tail has one binding, though its page leaves and another comes. */
@JCStressTest
@Outcome(id = {"5, 1", "6, 3"}, expect = Expect.ACCEPTABLE, desc = "the one page or the other")
@Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "told to retry")
@Outcome(expect = Expect.FORBIDDEN, desc = "a mixture of two pages")
@State
public class TailGenerationStress {
    private final int head = CompoundState.bound();

    /** Makes the tail uptodate. */
    public TailGenerationStress() {
        CompoundState.COMPOUNDS.tailsUptodate(head);
    }

    /** Evicts the page and gives its frames to another. */
    @Actor
    public void reuse() {
        CompoundState.PAGES.freeze(head, 2);
        CompoundState.COMPOUNDS.unbind(head);
        CompoundState.COMPOUNDS.bind(head, 1, CompoundState.MAPPING + 1, 2, false);
        CompoundState.COMPOUNDS.tailsUptodate(head);
    }

    /**
     * A reader without a reference.
     *
     * @param r the binding, or -1 when told to retry
     */
    @Actor
    public void read(final JJ_Result r) {
        final int tail = head + 1;
        final long before = CompoundState.PAGES.state(tail);
        final long mapping = CompoundState.PAGES.mapping(tail);
        final long index = CompoundState.PAGES.index(tail);
        OffHeap.loadFence();
        final int after = PageDescriptors.generation(CompoundState.PAGES.state(tail));
        final boolean stands = (before & PageDescriptors.UPTODATE) != 0 && PageDescriptors.generation(before) == after;
        r.r1 = stands ? mapping : -1;
        r.r2 = stands ? index : -1;
    }
}
