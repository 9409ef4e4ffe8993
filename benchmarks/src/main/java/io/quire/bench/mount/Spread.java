package io.quire.bench.mount;

import java.util.Collection;
import java.util.Locale;

/**
 * Repetitions of one measurement.
 *
 * @param median  the middle one, or the mean of the two in the middle
 * @param lowest  the lowest
 * @param highest the highest
 */
record Spread(double median, double lowest, double highest) {
    static Spread of(final Collection<Double> values) {
        final double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("no values");
        }
        final int middle = sorted.length / 2;
        return new Spread(sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
            sorted[0], sorted[sorted.length - 1]);
    }

    /** The same in another unit. */
    Spread times(final double factor) {
        return new Spread(median * factor, lowest * factor, highest * factor);
    }

    /** How far the repetition that is farthest from the median is from it, as a part of it. */
    double width() {
        return Math.max(highest - median, median - lowest) / median;
    }

    /** The width in percent. */
    String percent() {
        return String.format(Locale.ROOT, "±%.0f %%", width() * 100);
    }
}
