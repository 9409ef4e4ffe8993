package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZII_Result;

/** H2: an eviction that freezes the head and a lookup that pins a tail exclude each other: a frozen page has no pins. */
@JCStressTest
@Outcome(id = "true, false, 3, 1", expect = Expect.ACCEPTABLE, desc = "the lookup came first and the eviction gives up")
@Outcome(id = "false, true, 0, 0", expect = Expect.ACCEPTABLE, desc = "the eviction came first and the lookup misses")
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
    public void pin(final ZZII_Result r) {
        r.r1 = CompoundState.COMPOUNDS.tryGet(head + 1);
    }

    /**
     * The eviction.
     *
     * @param r whether it froze the count
     */
    @Actor
    public void freeze(final ZZII_Result r) {
        r.r2 = CompoundState.PAGES.freeze(head, 2);
    }

    /**
     * Counts.
     *
     * @param r the head's count and the tail's pins
     */
    @Arbiter
    public void count(final ZZII_Result r) {
        r.r3 = CompoundState.PAGES.refs(head);
        r.r4 = CompoundState.COMPOUNDS.pins(head + 1);
    }
}
