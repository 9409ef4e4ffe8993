package io.quire.bench;

import java.util.Arrays;
import java.util.List;

/**
 * What one measurement gave in one round.
 *
 * @param nanos    median of the iterations: nanoseconds that an operation takes a thread
 * @param cpuNanos the same in processor time, which leaves out when the thread had to wait for a processor
 * @param garbage  median of the iterations: bytes allocated on the heap by an operation
 * @param cpuShare median of the iterations: the part of the processor time wanted that the benchmark got, at most 1
 */
record Samples(double nanos, double cpuNanos, double garbage, double cpuShare) {
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
