package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** H2: an eviction that freezes the head and a lookup that pins a tail exclude each other: a frozen page has no pins. */
@JCStressTest
@Outcome(id = "true, false, 13", expect = Expect.ACCEPTABLE, desc = "the lookup came first and the eviction gives up")
@Outcome(id = "false, true, 0", expect = Expect.ACCEPTABLE, desc = "the eviction came first and the lookup misses")
@Outcome(expect = Expect.FORBIDDEN, desc = "a page with a pin was frozen")
@State
public class TailPinFreezeStress {
    private final int head = CompoundState.bound();

    /**
     * The lookup.
     *
     * @param r whether it has a pin
     */
    @Actor
    public void pin(final ZZI_Result r) {
        r.r1 = CompoundState.COMPOUNDS.tryGet(head + 1);
    }

    /**
     * The eviction.
     *
     * @param r whether it froze the count
     */
    @Actor
    public void freeze(final ZZI_Result r) {
        r.r2 = CompoundState.PAGES.freeze(head, 2);
    }

    /**
     * Counts.
     *
     * @param r the head's count, and ten times the tail's pins
     */
    @Arbiter
    public void count(final ZZI_Result r) {
        r.r3 = CompoundState.PAGES.refs(head) + 10 * CompoundState.COMPOUNDS.pins(head + 1);
    }
}
