package io.quire.bench.replacement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.evict.ReplacementPolicies;

/** The simulation and the optimum against independent ways to the same figures. */
class PolicySimulationTest {
    private static ReferenceString random(final long seed, final int uses, final int pages, final boolean removals) {
        final Random random = new Random(seed);
        final ReferenceString.Builder string = new ReferenceString.Builder("random");
        for (int i = 0; i < uses; i++) {
            string.use(random.nextInt(2), random.nextInt(random.nextInt(pages) + 1));
            if (removals && random.nextInt(8) == 0) {
                final int from = random.nextInt(pages);
                string.removed(random.nextInt(2), from, from + 1 + random.nextInt(2));
            }
        }
        return string.build();
    }

    @Test
    @DisplayName("LRU hits as often as stack distances say, at every size")
    void stackDistances() {
        final ReferenceString string = random(1, 5000, 60, false);
        final int[] atDistance = new int[string.pages() + 1];
        final List<Integer> stack = new ArrayList<>();
        for (int i = 0; i < string.length(); i++) {
            final int depth = stack.indexOf(string.event(i));
            if (depth >= 0) {
                atDistance[depth + 1]++;
                stack.remove(depth);
            }
            stack.add(0, string.event(i));
        }
        long expected = 0;
        for (int frames = 1; frames <= string.pages(); frames++) {
            expected += atDistance[frames];
            assertThat(PolicySimulation.hits(ReplacementPolicies.LRU, frames, string)).as("%d frames", frames).isEqualTo(expected);
        }
    }

    @Test
    @DisplayName("the optimum is what trying everything finds, with removals and without")
    void everythingTried() {
        for (int seed = 0; seed < 40; seed++) {
            final ReferenceString string = random(seed, 18, 4, seed % 2 == 0);
            for (int frames = 1; frames <= 4; frames++) {
                assertThat(Optimum.hits(frames, string)).as("seed %d, %d frames", seed, frames)
                    .isEqualTo(best(string, 0, Set.of(), frames, new HashMap<>()));
            }
        }
    }

    /** The most hits from an event on, over all choices of victims. */
    private static long best(final ReferenceString string, final int at, final Set<Integer> cached, final int frames,
        final Map<List<Object>, Long> known) {
        if (at == string.length()) {
            return 0;
        }
        final Long before = known.get(List.of(at, cached));
        if (before != null) {
            return before;
        }
        final int event = string.event(at);
        long result = 0;
        if (event < 0) {
            result = best(string, at + 1, changed(cached, ~event, null), frames, known);
        } else if (cached.contains(event)) {
            result = 1 + best(string, at + 1, cached, frames, known);
        } else if (cached.size() < frames) {
            result = best(string, at + 1, changed(cached, null, event), frames, known);
        } else {
            for (final Integer victim : cached) {
                result = Math.max(result, best(string, at + 1, changed(cached, victim, event), frames, known));
            }
        }
        known.put(List.of(at, cached), result);
        return result;
    }

    private static Set<Integer> changed(final Set<Integer> cached, final Integer without, final Integer with) {
        final Set<Integer> changed = new HashSet<>(cached);
        changed.remove(without);
        if (with != null) {
            changed.add(with);
        }
        return Set.copyOf(changed);
    }

    @Test
    @DisplayName("no policy exceeds the optimum; in a cache of the working set all of them miss first uses only")
    void bounds() {
        final ReferenceString string = random(5, 20_000, 400, true);
        for (final ReplacementPolicies.Named policy : ReplacementPolicies.all()) {
            for (final int percent : HitRatios.SHOWN) {
                assertThat(PolicySimulation.hits(policy, string.cacheSize(percent), string)).as("%s at %d %%", policy, percent)
                    .isBetween(1L, Optimum.hits(string.cacheSize(percent), string));
            }
            assertThat(PolicySimulation.hits(policy, string.workingSet(), string)).isEqualTo(string.references() - string.pages());
        }
    }

    @Test
    @DisplayName("a page that comes back after it ceased to exist is another, and the working set is what exists at one time")
    void removal() {
        final ReferenceString.Builder builder = new ReferenceString.Builder("journal");
        for (int transaction = 0; transaction < 10; transaction++) {
            builder.read(1, transaction % 2);
            builder.written(2, 0, true);
            builder.written(2, 1, true);
            builder.removed(2, 1, Long.MAX_VALUE);
            builder.removed(2, 0, Long.MAX_VALUE);
            builder.removed(3, 0, Long.MAX_VALUE);
        }
        final ReferenceString string = builder.build();
        assertThat(string.references()).isEqualTo(30);
        assertThat(string.pages()).isEqualTo(22);
        assertThat(string.workingSet()).isEqualTo(4);
        assertThat(PolicySimulation.hits(ReplacementPolicies.LRU, 4, string)).isEqualTo(8);
    }

    @Test
    @DisplayName("a made string is the same each time, and the scan mix is what its description says")
    void scanMix() {
        final ReferenceString string = SyntheticStrings.scanMix();
        final ReferenceString again = SyntheticStrings.scanMix();
        int scanned = 0;
        boolean same = string.length() == again.length();
        final int[] uses = new int[string.pages()];
        for (int i = 0; i < string.length(); i++) {
            same &= string.event(i) == again.event(i);
            uses[string.event(i)]++;
        }
        for (final int count : uses) {
            scanned += count == 1 ? 1 : 0;
        }
        assertThat(same).isTrue();
        assertThat(string.references()).isBetween(200_000, 207_000);
        assertThat((double) scanned / string.references()).isBetween(0.3, 0.4);
    }

    @Test
    @DisplayName("on the scan mix the default policy is not behind LRU or CLOCK at the sizes that tables show")
    void notBehind() {
        final HitRatios ratios = HitRatios.simulated(SyntheticStrings.scanMix(), HitRatios.SHOWN);
        assertThat(ratios.sizes(ReplacementPolicies.DEFAULT)).isEqualTo(HitRatios.SHOWN.size());
        assertThat(ratios.losses(ReplacementPolicies.DEFAULT)).isEmpty();
    }

    @Test
    @DisplayName("leads, losses and the worst size are those of the ratios, and sizes without a ratio count nowhere")
    void comparison() {
        final ReferenceString string = random(3, 100, 20, false);
        final HitRatios ratios = new HitRatios(string, List.of(1, 2, 3, 4), Map.of(
            "lru", new double[] {Double.NaN, 0.2, 0.3, 0.6}, "clock", new double[] {Double.NaN, 0.1, 0.4, 0.5},
            "adaptive", new double[] {Double.NaN, 0.3, 0.25, 0.5}, "s3-fifo", new double[] {Double.NaN, 0.2, 0.4, 0.6}));
        assertThat(ratios.sizes(ReplacementPolicies.ADAPTIVE)).isEqualTo(3);
        assertThat(ratios.losses(ReplacementPolicies.ADAPTIVE)).containsExactly(2, 3);
        assertThat(ratios.worst(ReplacementPolicies.ADAPTIVE)).isEqualTo(2);
        assertThat(ratios.meanLead(ReplacementPolicies.ADAPTIVE)).isCloseTo(-0.05, Offset.offset(1e-9));
        assertThat(ratios.losses(ReplacementPolicies.S3_FIFO)).isEmpty();
    }
}
