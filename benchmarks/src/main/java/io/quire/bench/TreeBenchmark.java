package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.tree.NodeSlab;
import io.quire.engine.tree.PageTree;

/**
 * Lookup in the tree of one file, which is full of pages from its beginning on. The tree holds numbers of frames and does not look
 * into them, so that none are needed: ten million pages are 40 GiB, their tree is 50 MiB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TreeBenchmark {
    /** As many as a cache reserves, from which follows how many guesses it remembers. */
    private static final long NODES_PER_PAGE = 9;

    /** Pages in the tree. */
    @Param({"1000", "10000", "100000", "1000000", "10000000"})
    public int pages;

    /** In which order they are looked up. */
    @Param("random")
    public Request.Order order;

    private NodeSlab slab;
    private PageTree tree;

    /** A thread's way through the tree. */
    @State(Scope.Thread)
    public static class Walk {
        private long state;

        /** Made by JMH. */
        public Walk() {
            state = Thread.currentThread().threadId();
        }

        long next(final TreeBenchmark of) {
            if (of.order == Request.Order.sequential) {
                state = state + 1 >= of.pages ? 0 : state + 1;
                return state;
            }
            state = state * 6364136223846793005L + 1442695040888963407L;
            return (state >>> 33) * of.pages >>> 31;
        }
    }

    /** Made by JMH. */
    public TreeBenchmark() {
        pages = 0;
    }

    /** Fills the tree. */
    @Setup(Level.Trial)
    public void fill() {
        slab = new NodeSlab((int) Math.min(pages * NODES_PER_PAGE + 1024, 1 << 29));
        tree = new PageTree(slab, "benchmark");
        tree.lock();
        try {
            for (int index = 0; index < pages; index++) {
                if (tree.replace(index, PageTree.page(index)) != PageTree.EMPTY) {
                    throw new IllegalStateException("index " + index + " was taken, or there are no nodes left");
                }
            }
        } finally {
            tree.unlock();
        }
        if (tree.pages() != pages) {
            throw new IllegalStateException(tree.pages() + " pages are in the tree, not " + pages);
        }
    }

    /** Gives the memory back; the tree is in it, and nobody looks at it again. */
    @TearDown(Level.Trial)
    public void close() {
        slab.close();
    }

    /**
     * The walk from the root.
     *
     * @param walk the thread's way
     * @return what is there
     */
    @Benchmark
    public int lookup(final Walk walk) {
        return tree.lookup(walk.next(this));
    }

    /**
     * The guess that a hit begins with, or the walk when it was wrong; the number of the frame tells here what its descriptor tells a
     * cache.
     *
     * @param walk the thread's way
     * @return what is there
     */
    @Benchmark
    public int guess(final Walk walk) {
        final long index = walk.next(this);
        final int entry = tree.hint(index);
        return entry == PageTree.page((int) index) ? entry : tree.lookupForHint(index);
    }
}
