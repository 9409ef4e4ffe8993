package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import io.quire.engine.Seed;

/**
 * T9, T11 and T12 with real threads: two trees over one small slab, so that nodes change hands all the time, one
 * thread that changes them, and readers. A frame number names the only (tree, index) that it may be stored for, as a
 * descriptor does.
 */
class PageTreeConcurrentTest {
    private static final long[] INDICES = {0, 1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8191, 262_143, 262_144,
        1L << 24, (1L << 24) + 1, 1L << 40, PageTree.MAX_INDEX - 64, PageTree.MAX_INDEX - 1, PageTree.MAX_INDEX};
    /** Of the indices by number: present from before the readers start until after they end. */
    private static final int STABLE = 8;
    /** Never present. */
    private static final int ABSENT = 3;
    private static final int CHANGES = 300_000;

    @RegisterExtension
    final Seed seed = new Seed();

    private final NodeSlab slab = new NodeSlab(256);
    private final PageTree[] trees = {new PageTree(slab, "left"), new PageTree(slab, "right")};

    @Test
    void readersBelieveOnlyWhatIsTrue() throws Exception {
        final AtomicBoolean done = new AtomicBoolean();
        for (int t = 0; t < 2; t++) {
            store(t, STABLE, entry(t, STABLE));
        }
        final ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            final List<Future<long[]>> readers = new ArrayList<>();
            readers.add(threads.submit(reader(seed.value() + 1, done)));
            readers.add(threads.submit(reader(seed.value() + 2, done)));
            final Future<?> mutator = threads.submit(() -> change(new SplittableRandom(seed.value())));
            try {
                mutator.get(200, TimeUnit.SECONDS);
            } finally {
                done.set(true);
            }
            for (final Future<long[]> reader : readers) {
                final long[] found = reader.get(200, TimeUnit.SECONDS);
                assertThat(found[0]).as("pages found").isPositive();
            }
        } finally {
            done.set(true);
            threads.shutdown();
            assertThat(threads.awaitTermination(200, TimeUnit.SECONDS)).isTrue();
        }
        for (int t = 0; t < 2; t++) {
            final int tree = t;
            trees[t].verify((index, frame) -> assertThat(index).isEqualTo(index(tree, frame)));
            for (int i = 0; i < INDICES.length; i++) {
                store(t, i, PageTree.EMPTY);
            }
            trees[t].close();
        }
        slab.verify();
        assertThat(slab.nodesUsed()).isZero();
        slab.close();
    }

    /**
     * T9 with as little as possible between the two looks at the root word: one tree grows and shrinks, the other takes
     * the nodes.
     */
    @Test
    void aPageThatStaysIsNeverMissedWhileTheTreeGrowsAndShrinks() throws Exception {
        final long far = 1L << 20;
        final AtomicBoolean done = new AtomicBoolean();
        change(0, 3, PageTree.page(3));
        final ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            final Future<Long> misses = thread.submit(() -> {
                long missed = 0;
                do {
                    for (int i = 0; i < 1000; i++) {
                        missed += PageTree.isPage(trees[0].lookup(3)) ? 0 : 1;
                        missed += trees[0].lookupExact(3) == PageTree.page(3) ? 0 : 1;
                    }
                } while (!done.get());
                return missed;
            });
            for (int i = 0; i < 80_000; i++) {
                change(0, far, PageTree.page(1));
                change(0, far, PageTree.EMPTY);
                change(1, far + 5, PageTree.page(2));
                change(1, far + 5, PageTree.EMPTY);
            }
            done.set(true);
            assertThat(misses.get(200, TimeUnit.SECONDS)).isZero();
        } finally {
            done.set(true);
            thread.shutdown();
            assertThat(thread.awaitTermination(200, TimeUnit.SECONDS)).isTrue();
        }
        change(0, 3, PageTree.EMPTY);
        trees[0].close();
        trees[1].close();
        slab.verify();
        slab.close();
    }

    private void change(final SplittableRandom random) {
        for (int i = 0; i < CHANGES; i++) {
            final int t = random.nextInt(2);
            final int number = random.nextInt(INDICES.length);
            final int choice = random.nextInt(16);
            if (number == STABLE || number == ABSENT) {
                mark(t, number, choice);
            } else if (choice < 7) {
                store(t, number, entry(t, number));
            } else if (choice < 13) {
                store(t, number, PageTree.EMPTY);
            } else if (choice < 14) {
                store(t, number, PageTree.shadow(number));
            } else {
                mark(t, number, choice);
            }
            if (i % 1000 == 0) {
                trees[t].verify();
            }
        }
    }

    private void mark(final int t, final int number, final int choice) {
        final PageTree tree = trees[t];
        tree.lock();
        try {
            if ((choice & 1) == 0) {
                tree.setMark(INDICES[number], choice % 3);
            } else {
                tree.clearMark(INDICES[number], choice % 3);
            }
            if (choice == 14) {
                tree.pruneShadows(2);
            }
        } finally {
            tree.unlock();
        }
    }

    private Callable<long[]> reader(final long own, final AtomicBoolean done) {
        return () -> {
            final SplittableRandom random = new SplittableRandom(own);
            final long[] tally = new long[2];
            final int[] run = new int[64];
            final long[] indices = new long[16];
            final int[] frames = new int[16];
            // A page that is there from the first to the last is found at some time, however late this thread began.
            while (!done.get() || tally[0] == 0) {
                final int t = random.nextInt(2);
                final int number = random.nextInt(INDICES.length);
                final long index = INDICES[number];
                final PageTree tree = trees[t];
                final int found = tree.lookup(index);
                look(t, number, found, tally);
                final int filled = tree.lookupRun(index, 64, run);
                look(t, number, run[0], tally);
                for (int i = 0; i < filled; i++) {
                    assertThat(Words.isNode(run[i])).isFalse();
                }
                final long from = Math.max(0, index - random.nextInt(100));
                final int collected = tree.gang(from, PageTree.MAX_INDEX, indices, frames);
                for (int i = 0; i < collected; i++) {
                    assertThat(indices[i]).isGreaterThanOrEqualTo(i == 0 ? from : indices[i - 1] + 1);
                    confirm(frames[i]);
                }
                final long next = tree.nextMarked(from, index, PageTree.MARK_DIRTY);
                assertThat(next == -1 || next >= from && next <= index).isTrue();
                tree.isMarked(index, PageTree.MARK_DIRTY);
            }
            return tally;
        };
    }

    private void look(final int t, final int number, final int found, final long[] tally) {
        if (PageTree.isPage(found)) {
            final int frame = PageTree.frame(found);
            confirm(frame);
            if (INDICES[number] == index(t, frame)) {
                assertThat(number).as("T11: a page that was never stored is never confirmed").isNotEqualTo(ABSENT);
                tally[0]++;
            } else {
                tally[1]++;
            }
        } else {
            assertThat(number).as("T9: a page that stays present is never missed").isNotEqualTo(STABLE);
            // T9: a shadow is believed, so it must be this index's.
            assertThat(found == PageTree.EMPTY || PageTree.shadowValue(found) == number).isTrue();
        }
    }

    /** T12: whatever a reader finds was stored as an entry at some time. */
    private static void confirm(final int frame) {
        assertThat(frame).isBetween(0, 2 * INDICES.length - 1);
    }

    private void store(final int t, final int number, final int entry) {
        change(t, INDICES[number], entry);
    }

    private void change(final int t, final long index, final int entry) {
        trees[t].lock();
        try {
            final int before = trees[t].replace(index, entry);
            assertThat(before).isNotEqualTo(PageTree.OUT_OF_NODES);
        } finally {
            trees[t].unlock();
        }
    }

    private static int entry(final int t, final int number) {
        return PageTree.page(2 * number + t);
    }

    /** The index that a frame is bound to, or -1 when it is the other tree's: the check of a descriptor. */
    private static long index(final int t, final int frame) {
        return (frame & 1) == t ? INDICES[frame >>> 1] : -1;
    }
}
