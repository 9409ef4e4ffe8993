package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/** H2, H4: a lookup of a tail that races with a split has its reference on the tail's page, or has none. None is lost or doubled. */
@JCStressTest
@Outcome(id = "true, 1, 1", expect = Expect.ACCEPTABLE, desc = "the splitter's on the head, the lookup's on the former tail")
@Outcome(id = "false, 1, 0", expect = Expect.ACCEPTABLE, desc = "the lookup must look again")
@Outcome(expect = Expect.FORBIDDEN, desc = "a reference on the wrong piece")
@State
public class TailPinSplitStress {
    private final int head = CompoundState.bound();

    /**
     * The lookup.
     *
     * @param r whether it has a reference
     */
    @Actor
    public void pin(final ZII_Result r) {
        r.r1 = CompoundState.COMPOUNDS.tryGet(head + 1);
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
    public void count(final ZII_Result r) {
        r.r2 = CompoundState.extra(head);
        r.r3 = CompoundState.extra(head + 1);
    }
}
