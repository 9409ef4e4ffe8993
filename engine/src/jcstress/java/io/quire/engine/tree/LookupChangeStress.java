package io.quire.engine.tree;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * T9: an index that is present all the time is found, exactly, while the tree below and above it changes: another leaf comes and goes,
 * its node is freed and taken at once by another tree, and the tree grows and shrinks.
 */
@JCStressTest
@Outcome(id = "7, 7", expect = Expect.ACCEPTABLE, desc = "found, with its frame")
@Outcome(expect = Expect.FORBIDDEN, desc = "missed, or another page's frame")
@State
public class LookupChangeStress {
    private static final NodeSlab SLAB = new NodeSlab(1 << 16);
    private static final int FRAME = 7;

    private final PageTree tree = new PageTree(SLAB, "stressed");
    private final PageTree other = new PageTree(SLAB, "another");

    /** Two pages, in a tree of one leaf. */
    public LookupChangeStress() {
        change(tree, 5, PageTree.page(FRAME));
        change(tree, 6, PageTree.page(FRAME + 1));
    }

    private static void change(final PageTree of, final long index, final int entry) {
        of.lock();
        try {
            of.replace(index, entry);
        } finally {
            of.unlock();
        }
    }

    /** Grows and shrinks the tree; the nodes go to the other tree and come back. */
    @Actor
    public void change() {
        change(tree, 1 << 20, PageTree.page(1));
        change(tree, 1 << 20, PageTree.EMPTY);
        change(other, (1 << 20) + 5, PageTree.page(2));
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
        change(tree, 6, PageTree.EMPTY);
        tree.close();
        other.close();
    }
}
