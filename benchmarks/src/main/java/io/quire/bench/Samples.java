package io.quire.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one measurement gave in one round.
 *
 * @param nanos      median of the iterations: nanoseconds that an operation takes a thread
 * @param cpuNanos   the same in processor time, which leaves out when the thread had to wait for a processor
 * @param garbage    median of the iterations: bytes allocated on the heap by an operation
 * @param cpuShare   median of the iterations: the part of the processor time wanted that the benchmark got, at most 1
 * @param iterations nanoseconds of each iteration, in order
 */
record Samples(double nanos, double cpuNanos, double garbage, double cpuShare, List<Double> iterations) {
    /** From the figures of the iterations. */
    static Samples of(final List<Double> nanos, final List<Double> shares, final List<Double> garbage) {
        final List<Double> cpuNanos = new ArrayList<>();
        for (int i = 0; i < nanos.size(); i++) {
            cpuNanos.add(nanos.get(i) * shares.get(i));
        }
        return new Samples(median(nanos), median(cpuNanos), median(garbage), median(shares), List.copyOf(nanos));
    }

    /** Nanoseconds of an operation as far as others did not have the processor: B3 of native-notes/benchmarks.md. */
    double undisturbed() {
        return cpuShare < RatioTable.UNDISTURBED ? cpuNanos : nanos;
    }

    /** For JSON. */
    Map<String, Object> asMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("nanos", nanos);
        map.put("cpuNanos", cpuNanos);
        map.put("garbage", garbage);
        map.put("cpuShare", cpuShare);
        map.put("iterations", iterations);
        return map;
    }

    /** From JSON. */
    static Samples of(final Map<?, ?> map) {
        return new Samples((Double) map.get("nanos"), (Double) map.get("cpuNanos"), (Double) map.get("garbage"),
            (Double) map.get("cpuShare"), ((List<?>) map.get("iterations")).stream().map(Double.class::cast).toList());
    }

    /** The middle value, or the mean of the two in the middle. */
    static double median(final List<Double> values) {
        final double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("no values: " + Arrays.toString(sorted));
        }
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
