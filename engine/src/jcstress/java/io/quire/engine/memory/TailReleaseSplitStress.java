package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** H4: pins given back while a split hands them over come off where they count. Of three, two are given back. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the splitter's on the head, the third pin on the former tail")
@Outcome(expect = Expect.FORBIDDEN, desc = "a reference is lost, doubled or on the wrong piece")
@State
public class TailReleaseSplitStress {
    private final int head = CompoundState.bound();

    /** Pins the tail three times. */
    public TailReleaseSplitStress() {
        for (int i = 0; i < 3; i++) {
            CompoundState.COMPOUNDS.get(head + 1);
        }
    }

    /** Gives two pins back. */
    @Actor
    public void release() {
        CompoundState.COMPOUNDS.release(head + 1);
        CompoundState.COMPOUNDS.release(head + 1);
    }

    /** The split. */
    @Actor
    public void split() {
        CompoundState.COMPOUNDS.split(head, head);
    }

    /**
     * Counts.
     *
     * @param r references of the two pages, without the tree's
     */
    @Arbiter
    public void count(final II_Result r) {
        r.r1 = CompoundState.extra(head);
        r.r2 = CompoundState.extra(head + 1);
    }
}
