package io.quire.engine.tree;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * T9 and T16: an index that is present all the time is found, exactly, while its entry moves from the root word into a leaf and back, and
 * the nodes are freed and taken at once by another tree, whose root word is an entry too at times.
 */
@JCStressTest
@Outcome(id = "7, 7", expect = Expect.ACCEPTABLE, desc = "found, with its frame")
@Outcome(expect = Expect.FORBIDDEN, desc = "missed, or another page's frame")
@State
public class LookupCollapseStress {
    private static final NodeSlab SLAB = new NodeSlab(1 << 16);
    private static final int FRAME = 7;

    private final PageTree tree = new PageTree(SLAB, "stressed");
    private final PageTree other = new PageTree(SLAB, "another");

    /** One page, in the root word. */
    public LookupCollapseStress() {
        change(tree, 5, PageTree.page(FRAME));
    }

    private static void change(final PageTree of, final long index, final int entry) {
        of.lock();
        try {
            of.replace(index, entry);
        } finally {
            of.unlock();
        }
    }

    /** Expands the tree and lets it collapse; the nodes go to the other tree and come back. */
    @Actor
    public void change() {
        change(tree, 1 << 20, PageTree.page(1));
        change(tree, 1 << 20, PageTree.EMPTY);
        change(other, (1 << 20) + 5, PageTree.page(2));
        change(other, 5, PageTree.page(3));
        change(other, 5, PageTree.EMPTY);
        change(other, (1 << 20) + 5, PageTree.EMPTY);
    }

    /**
     * A lookup without the lock.
     *
     * @param r the frame, or -1
     */
    @Actor
    public void look(final II_Result r) {
        final int entry = tree.lookupExact(5);
        r.r1 = PageTree.isPage(entry) ? PageTree.frame(entry) : -1;
    }

    /**
     * Looks, and gives the nodes back.
     *
     * @param r the frame, or -1
     */
    @Arbiter
    public void end(final II_Result r) {
        final int entry = tree.lookup(5);
        r.r2 = PageTree.isPage(entry) ? PageTree.frame(entry) : -1;
        change(tree, 5, PageTree.EMPTY);
        tree.close();
        other.close();
    }
}
