package io.quire.engine.lock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** L15: a reader that was not told to retry has one version of both plain fields. */
@JCStressTest
@Outcome(id = {"0, 0", "1, 1", "2, 2"}, expect = Expect.ACCEPTABLE, desc = "one version")
@Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "told to retry")
@Outcome(expect = Expect.FORBIDDEN, desc = "a mixture was let through")
@State
public class SequenceCountStress {
    private final SequenceCount count = new SequenceCount();
    private int left;
    private int right;

    /** The writer, twice. */
    @Actor
    public void write() {
        for (int version = 1; version <= 2; version++) {
            count.writeBegin();
            left = version;
            right = version;
            count.writeEnd();
        }
    }

    /**
     * A reader.
     *
     * @param r both fields, or -1 when told to retry
     */
    @Actor
    public void read(final II_Result r) {
        final long seen = count.tryReadBegin();
        final int first = left;
        final int second = right;
        final boolean stands = seen != SequenceCount.WRITING && !count.retry(seen);
        r.r1 = stands ? first : -1;
        r.r2 = stands ? second : -1;
    }
}
