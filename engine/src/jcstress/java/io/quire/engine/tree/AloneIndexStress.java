package io.quire.engine.tree;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * T16: the entry in the root word is that of the index beside it: where one page comes to an index after it has left another, nobody finds it
 * at an index where it never was, and a shadow is never believed at another index.
 */
@JCStressTest
@Outcome(id = {"0, 0", "1, 0", "0, 1"}, expect = Expect.ACCEPTABLE, desc = "here, there, or neither")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = "here first, then there")
@Outcome(expect = Expect.FORBIDDEN, desc = "another's shadow, or a page where there was none")
@State
public class AloneIndexStress {
    private static final NodeSlab SLAB = new NodeSlab(1 << 10);

    private final PageTree tree = new PageTree(SLAB, "stressed");

    private void change(final long index, final int entry) {
        tree.lock();
        try {
            tree.replace(index, entry);
        } finally {
            tree.unlock();
        }
    }

    /** The same word for one index, then for another. */
    @Actor
    public void change() {
        change(5, PageTree.shadow(5));
        change(5, PageTree.EMPTY);
        change(1 << 20, PageTree.shadow(5));
        change(1 << 20, PageTree.EMPTY);
        change(7, PageTree.page(5));
        change(7, PageTree.EMPTY);
    }

    /**
     * Looks where the word never is, and where it is now and then.
     *
     * @param r whether a shadow was found at its first place, and at its second
     */
    @Actor
    public void look(final II_Result r) {
        if (tree.lookupExact(6) != PageTree.EMPTY || PageTree.isPage(tree.lookup(5)) || PageTree.isShadow(tree.lookup(7))) {
            r.r1 = -1;
            return;
        }
        r.r1 = PageTree.isShadow(tree.lookup(5)) ? 1 : 0;
        r.r2 = PageTree.isShadow(tree.lookupExact(1 << 20)) ? 1 : 0;
    }

    /**
     * Ends.
     *
     * @param r as it is
     */
    @Arbiter
    public void end(final II_Result r) {
        tree.close();
    }
}
