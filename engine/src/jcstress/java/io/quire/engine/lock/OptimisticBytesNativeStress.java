package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/**
 * C4, L28: bytes copied without a reference from a page whose frame is unbound, bound to another page, overwritten, and bound to
 * the first again with new bytes: the old ones or the new ones, whole, or none. Words in native memory.
 */
@JCStressTest
@Outcome(id = {"11", "33"}, expect = Expect.ACCEPTABLE, desc = "the page before, or after")
@Outcome(id = "-1", expect = Expect.ACCEPTABLE, desc = "told to read again")
@Outcome(expect = Expect.FORBIDDEN, desc = "bytes of another page, or a mixture")
@State
public class OptimisticBytesNativeStress {
    private final OptimisticPage page = new OptimisticPage(new GenerationMemory.Native());

    /** Gives the frame to page 2, and back. */
    @Actor
    public void reuse() {
        page.unbind();
        page.bind(2);
        page.fill(2);
        page.unbind();
        page.bind(1);
        page.fill(3);
    }

    /**
     * A reader without a reference.
     *
     * @param r both words, or -1
     */
    @Actor
    public void read(final J_Result r) {
        r.r1 = page.read();
    }
}
