package io.quire.bench.replacement;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceException;

/**
 * Hit ratios over one reference string, by policy and cache size.
 *
 * @param string what was used
 * @param ratios by name of the policy, {@link #OPTIMUM} included: a ratio from 0 to 1 for each of {@link #PERCENT}
 */
record HitRatios(ReferenceString string, Map<String, double[]> ratios) {
    /** Cache sizes, in percent of the working set. */
    static final List<Integer> PERCENT = List.of(1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50);
    /** The name of what no policy can exceed. */
    static final String OPTIMUM = "optimum";

    private static final List<ReplacementPolicies.Named> POLICIES = List.of(ReplacementPolicies.LRU,
        ReplacementPolicies.CLOCK, ReplacementPolicies.S3_FIFO, ReplacementPolicies.ADAPTIVE);

    static HitRatios measure(final ReferenceString string) {
        final Map<String, double[]> ratios = new LinkedHashMap<>();
        for (final ReplacementPolicies.Named policy : POLICIES) {
            ratios.put(policy.name(), sweep(string, frames -> (double) PolicySimulation.hits(policy, frames, string) / string.references()));
        }
        ratios.put(OPTIMUM, sweep(string, frames -> (double) Optimum.hits(frames, string) / string.references()));
        return new HitRatios(string, ratios);
    }

    /**
     * The ratios of the whole engine over a trace, of the pages that reads ask for, without read-ahead; not a number at sizes that
     * are less than a cache can have.
     */
    static HitRatios ofTheEngine(final ReferenceString string, final Replay replay) throws TraceException {
        final Map<String, double[]> ratios = new LinkedHashMap<>();
        for (final ReplacementPolicies.Named policy : POLICIES) {
            ratios.put(policy.name(), sweep(string, frames -> replayed(replay, policy, (long) frames * PageCache.PAGE_SIZE)));
        }
        return new HitRatios(string, ratios);
    }

    private static double replayed(final Replay replay, final ReplacementPolicies.Named policy, final long bytes) throws TraceException {
        if (bytes < PageCache.SMALLEST_CAPACITY) {
            return Double.NaN;
        }
        try {
            return replay.run(new Replay.Options(bytes, WritePolicies.MULTI_PAGE, policy, 0, 0, false)).hitRatio();
        } catch (final CacheException e) {
            throw new IllegalStateException("a cache of " + bytes + " bytes refused an operation of the trace", e);
        }
    }

    /** The hit ratio in a cache of so many pages. */
    @FunctionalInterface
    private interface Measured<E extends Exception> {
        double ratio(int frames) throws E;
    }

    private static <E extends Exception> double[] sweep(final ReferenceString string, final Measured<E> measured) throws E {
        final double[] ratios = new double[PERCENT.size()];
        for (int size = 0; size < ratios.length; size++) {
            ratios[size] = measured.ratio(string.cacheSize(PERCENT.get(size)));
        }
        return ratios;
    }

    double[] of(final ReplacementPolicies.Named policy) {
        return ratios.get(policy.name());
    }

    /** What a policy has more than the better of LRU and CLOCK at a size, less than 0 when it falls short. */
    double lead(final ReplacementPolicies.Named policy, final int size) {
        return of(policy)[size] - Math.max(of(ReplacementPolicies.LRU)[size], of(ReplacementPolicies.CLOCK)[size]);
    }

    /** The size at which a policy leads least. */
    int worst(final ReplacementPolicies.Named policy) {
        int worst = 0;
        for (int size = 1; size < PERCENT.size(); size++) {
            worst = lead(policy, size) < lead(policy, worst) ? size : worst;
        }
        return worst;
    }

    /** The average lead of a policy over the sizes. */
    double meanLead(final ReplacementPolicies.Named policy) {
        double sum = 0;
        for (int size = 0; size < PERCENT.size(); size++) {
            sum += lead(policy, size);
        }
        return sum / PERCENT.size();
    }

    /** At how many sizes a policy falls short. */
    int losses(final ReplacementPolicies.Named policy) {
        int losses = 0;
        for (int size = 0; size < PERCENT.size(); size++) {
            losses += lead(policy, size) < 0 ? 1 : 0;
        }
        return losses;
    }
}
