package io.quire.bench.replacement;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

import io.quire.engine.cache.PageCache;
import io.quire.engine.evict.ReplacementPolicies;

/**
 * Hit ratios over one reference string, by policy and cache size.
 *
 * @param string  what was used
 * @param percent cache sizes, in percent of the working set, ascending
 * @param ratios  by name of the policy, {@link #OPTIMUM} included: a ratio from 0 to 1 for each size, not a number where there is none
 */
record HitRatios(ReferenceString string, List<Integer> percent, Map<String, double[]> ratios) {
    /** Every whole percent of the working set up to its half. */
    static final List<Integer> ALL = IntStream.rangeClosed(1, 50).boxed().toList();
    /** Those of them that a table shows. */
    static final List<Integer> SHOWN = List.of(1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50);
    /** The name of what no policy can exceed. */
    static final String OPTIMUM = "optimum";

    private static final List<ReplacementPolicies.Named> POLICIES = List.of(ReplacementPolicies.LRU,
        ReplacementPolicies.CLOCK, ReplacementPolicies.S3_FIFO, ReplacementPolicies.ADAPTIVE);

    /** What some work hits in a cache of its own. */
    @FunctionalInterface
    interface Work {
        /** The hit ratio, 0 to 1, in a cache of so many bytes. */
        double hitRatio(ReplacementPolicies.Named policy, long cacheSize);
    }

    /** The ratios of the policies without an engine. */
    static HitRatios simulated(final ReferenceString string, final List<Integer> percent) {
        final Map<String, double[]> ratios = new LinkedHashMap<>();
        for (final ReplacementPolicies.Named policy : POLICIES) {
            ratios.put(policy.name(), sweep(string, percent, frames -> (double) PolicySimulation.hits(policy, frames, string) / string.references()));
        }
        ratios.put(OPTIMUM, sweep(string, percent, frames -> (double) Optimum.hits(frames, string) / string.references()));
        return new HitRatios(string, percent, ratios);
    }

    /** The ratios of the whole engine; not a number at sizes that are less than a cache can have. */
    static HitRatios ofTheEngine(final ReferenceString string, final List<Integer> percent, final Work work) {
        final Map<String, double[]> ratios = new LinkedHashMap<>();
        for (final ReplacementPolicies.Named policy : POLICIES) {
            ratios.put(policy.name(), sweep(string, percent, frames -> {
                final long bytes = (long) frames * PageCache.PAGE_SIZE;
                return bytes < PageCache.SMALLEST_CAPACITY ? Double.NaN : work.hitRatio(policy, bytes);
            }));
        }
        return new HitRatios(string, percent, ratios);
    }

    /** Sizes have nothing in common, so each processor measures some. */
    private static double[] sweep(final ReferenceString string, final List<Integer> percent, final IntToDoubleFunction ratio) {
        return percent.parallelStream().mapToInt(string::cacheSize).mapToDouble(ratio).toArray();
    }

    double[] of(final ReplacementPolicies.Named policy) {
        return ratios.get(policy.name());
    }

    /** The sizes at which there is a ratio, as indices. */
    private IntStream measured(final ReplacementPolicies.Named policy) {
        return IntStream.range(0, percent.size()).filter(size -> !Double.isNaN(of(policy)[size]));
    }

    /** How many sizes have a ratio. */
    int sizes(final ReplacementPolicies.Named policy) {
        return (int) measured(policy).count();
    }

    /** What a policy has more than the better of LRU and CLOCK at a size, by its index; less than 0 when it falls short. */
    double lead(final ReplacementPolicies.Named policy, final int size) {
        return of(policy)[size] - Math.max(of(ReplacementPolicies.LRU)[size], of(ReplacementPolicies.CLOCK)[size]);
    }

    /** The index of the size at which a policy leads least. */
    int worst(final ReplacementPolicies.Named policy) {
        return measured(policy).reduce((worst, size) -> lead(policy, size) < lead(policy, worst) ? size : worst).orElseThrow();
    }

    /** The average lead of a policy over the sizes. */
    double meanLead(final ReplacementPolicies.Named policy) {
        return measured(policy).mapToDouble(size -> lead(policy, size)).average().orElseThrow();
    }

    /** The sizes at which a policy falls short, as indices. */
    List<Integer> losses(final ReplacementPolicies.Named policy) {
        return measured(policy).filter(size -> lead(policy, size) < 0).boxed().toList();
    }
}
