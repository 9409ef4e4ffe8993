package io.quire.engine.evict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.memory.PageDescriptors;

/** Every policy against its model: the same pages go in the same order, whatever is used, read ahead and removed. */
class ReplacementModelTest {
    private static final int STEPS = 12_000;

    static Stream<Arguments> runs() {
        return ReplacementPolicies.all().stream().flatMap(policy -> Stream.of(1, 2, 7, 64, 450)
            .flatMap(frames -> Stream.of(Use.values()).map(use -> Arguments.of(policy, frames, use))));
    }

    /** Which pages are asked for. */
    enum Use {
        /** Few pages often, many seldom. */
        SKEWED {
            @Override
            int page(final Random random, final int step, final int frames) {
                return (int) (frames * 8 * Math.pow(random.nextDouble(), 4));
            }
        },
        /** What was used a moment ago, or a little more than a cache ago. */
        RECENT {
            @Override
            int page(final Random random, final int step, final int frames) {
                return (step / 4 + (int) (frames * 1.5 * random.nextDouble())) % PAGES;
            }
        },
        /** A hot set and scans. */
        SCANS {
            @Override
            int page(final Random random, final int step, final int frames) {
                return step / (4 * frames + 3) % 2 == 0 ? random.nextInt(frames + 1) : frames + step % (PAGES - frames);
            }
        };

        private static final int PAGES = 8000;

        abstract int page(Random random, int step, int frames);
    }

    @ParameterizedTest
    @MethodSource("runs")
    @DisplayName("R1 to R9: a policy evicts what its model evicts, where most cannot go too, and knows the same pages again")
    void asTheModel(final ReplacementPolicies.Named named, final int frames, final Use use) {
        final long seed = 17L * frames + use.ordinal();
        final Random random = new Random(seed);
        final int[] frameOf = new int[8000];
        final int[] shadowOf = new int[8000];
        Arrays.fill(frameOf, -1);
        Arrays.fill(shadowOf, ReplacementPolicy.NO_SHADOW);
        final int[] free = new int[frames];
        Arrays.setAll(free, frame -> frame);
        int freeFrames = frames;
        final PolicyModels.Model model = PolicyModels.of(named.name(), frames);
        try (PageDescriptors descriptors = new PageDescriptors(frames); ReplacementPolicy policy = named.create(descriptors)) {
            policy.capacity(frames);
            final int[] victim = new int[1];
            for (int step = 0; step < STEPS; step++) {
                final String where = named + ", seed " + seed + ", step " + step;
                final int page = use.page(random, step, frames);
                final int frame = frameOf[page];
                if (frame < 0) {
                    if (freeFrames == 0) {
                        final boolean manyStay = step / 100 % 10 == 9;
                        int gone = candidate(descriptors, policy, victim, model, where);
                        for (int tries = 0; manyStay && gone % 16 != 0 && tries < 80; tries++) {
                            policy.rejected(victim[0]);
                            model.rejected(gone);
                            gone = candidate(descriptors, policy, victim, model, where);
                        }
                        shadowOf[gone] = policy.shadow(victim[0]);
                        assertThat(shadowOf[gone]).as(where).isBetween(0, (1 << 30) - 1);
                        leave(descriptors, policy, victim[0]);
                        frameOf[gone] = -1;
                        free[freeFrames++] = victim[0];
                    }
                    final boolean readAhead = random.nextInt(4) == 0;
                    frameOf[page] = free[--freeFrames];
                    descriptors.bind(frameOf[page], 1, page, 0);
                    assertThat(policy.inserted(frameOf[page], readAhead, shadowOf[page])).as(where)
                        .isEqualTo(model.inserted(page, readAhead));
                    shadowOf[page] = ReplacementPolicy.NO_SHADOW;
                } else if (random.nextInt(50) == 0) {
                    leave(descriptors, policy, frame);
                    model.removed(page);
                    frameOf[page] = -1;
                    free[freeFrames++] = frame;
                } else {
                    if (descriptors.use(frame) < ReplacementPolicy.SATURATED) {
                        policy.touched(frame);
                    }
                    model.touched(page);
                }
            }
            policy.verify(frames - freeFrames);
        }
    }

    private static int candidate(final PageDescriptors descriptors, final ReplacementPolicy policy, final int[] victim,
        final PolicyModels.Model model, final String where) {
        assertThat(policy.nextVictims(victim)).as(where).isEqualTo(1);
        final int page = (int) descriptors.index(victim[0]);
        assertThat(page).as(where).isEqualTo(model.evict());
        return page;
    }

    private static void leave(final PageDescriptors descriptors, final ReplacementPolicy policy, final int frame) {
        policy.removed(frame);
        assertThat(descriptors.freeze(frame, 1)).isTrue();
        descriptors.unbind(frame);
    }
}
