package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import io.quire.engine.Seed;

/** T1 to T8 under random operations, against a model in plain collections. Seeds are printed on failure. */
class PageTreeModelTest {
    private static final long MAX = PageTree.MAX_INDEX;
    private static final long[] EXTREMES = {0, 1, 63, 64, 65, 4095, 4096, 262_143, 262_144, 1L << 30, (1L << 30) + 1,
        (1L << 48) - 1, 1L << 48, MAX - 64, MAX - 63, MAX - 1, MAX};

    @RegisterExtension
    final Seed first = new Seed();

    @Test
    void denseIndicesAgreeWithTheModel() {
        check(LongStream.range(0, 600).toArray(), 1 << 12, 10);
    }

    @Test
    void fewIndicesNearZeroAgreeWithTheModel() {
        check(new long[] {0, 1, 63, 64}, 1 << 12, 10);
    }

    @Test
    void sparseExtremesAgreeWithTheModel() {
        check(EXTREMES, 1 << 12, 10);
    }

    @Test
    void clustersAtEveryHeightAgreeWithTheModel() {
        check(clusters(), 1 << 12, 10);
    }

    @Test
    void runningOutOfNodesChangesNothing() {
        final boolean ranOut = check(clusters(), 40, 10) | check(EXTREMES, 12, 10);
        assertThat(ranOut).isTrue();
    }

    /** T17: history goes where the limit says so, and nothing else does. */
    @Test
    void overTheLimitOnlyHistoryIsLost() {
        final long start = first.value();
        long forgotten = 0;
        for (long seed = start; seed < start + 20; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            try (NodeSlab slab = new NodeSlab(1 << 12); PageTree tree = new PageTree(slab, "limited")) {
                final TreeModel model = new TreeModel(tree, random, new long[] {0, 1, 5, 63, 64, 5000, 1L << 40, MAX}, true);
                for (int i = 0; i < 2000; i++) {
                    slab.historyLimit(random.nextInt(8));
                    model.step();
                    model.compareAll();
                }
                model.removePages();
                forgotten += model.forgotten();
            } catch (final AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(forgotten).isPositive();
    }

    private static long[] clusters() {
        return LongStream.concat(LongStream.of(EXTREMES), LongStream.range(0, 52).flatMap(bit ->
            LongStream.range(-3, 70).map(near -> (1L << bit) - 1 + near)))
            .filter(index -> index >= 0 && index <= MAX).distinct().toArray();
    }

    private boolean check(final long[] universe, final int nodes, final int seeds) {
        final long start = first.value();
        boolean ranOut = false;
        for (long seed = start; seed < start + seeds; seed++) {
            try {
                ranOut |= batch(universe, nodes, new SplittableRandom(seed));
            } catch (final AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        return ranOut;
    }

    private static boolean batch(final long[] universe, final int nodes, final RandomGenerator random) {
        boolean ranOut = false;
        try (NodeSlab slab = new NodeSlab(nodes)) {
            try (PageTree one = new PageTree(slab, "one"); PageTree two = new PageTree(slab, "two")) {
                // Two trees recycle each other's nodes.
                final TreeModel[] models = {
                    new TreeModel(one, random, universe), new TreeModel(two, random, universe)};
                for (int round = 0; round < 20; round++) {
                    for (int i = 0; i < 200; i++) {
                        ranOut |= !models[random.nextInt(2)].step();
                    }
                    for (final TreeModel model : models) {
                        model.compareAll();
                    }
                    slab.verify();
                }
                for (final TreeModel model : models) {
                    model.removePages();
                    model.compareAll();
                }
            }
            assertThat(slab.nodesUsed()).isZero();
            assertThat(slab.shadowNodes()).isZero();
            slab.verify();
        }
        return ranOut;
    }
}
