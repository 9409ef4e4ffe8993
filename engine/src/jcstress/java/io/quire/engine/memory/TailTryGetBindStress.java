package io.quire.engine.memory;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/**
 * H1, H3: a stale frame number, used while the frame becomes a tail: a plain try-get never succeeds; a try-get by way of the head
 * has a pin, and the head's count has it too.
 */
@JCStressTest
@Outcome(id = "false, true, 3", expect = Expect.ACCEPTABLE, desc = "pinned after the page was bound")
@Outcome(id = "false, false, 2", expect = Expect.ACCEPTABLE, desc = "nothing there yet")
@Outcome(expect = Expect.FORBIDDEN, desc = "a reference to a tail itself, or one that counts nowhere")
@State
public class TailTryGetBindStress {
    private final int head = CompoundState.block();

    /** The fill. */
    @Actor
    public void bind() {
        CompoundState.COMPOUNDS.bind(head, 1, CompoundState.MAPPING, 0, false);
    }

    /**
     * A try-get that does not know of compound pages, and one that does.
     *
     * @param r whether each succeeded
     */
    @Actor
    public void tryGet(final ZZI_Result r) {
        r.r1 = CompoundState.PAGES.tryGet(head + 1);
        r.r2 = CompoundState.COMPOUNDS.tryGet(head + 1);
    }

    /**
     * Counts.
     *
     * @param r the head's count
     */
    @Arbiter
    public void count(final ZZI_Result r) {
        r.r3 = CompoundState.PAGES.refs(head);
    }
}
