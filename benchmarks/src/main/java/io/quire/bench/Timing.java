package io.quire.bench;

import java.util.Set;

/**
 * How long a measurement takes.
 *
 * @param warmUps      iterations that do not count
 * @param warmUpMillis how long one of them is
 * @param iterations   that count
 * @param millis       how long one of them is
 */
record Timing(int warmUps, int warmUpMillis, int iterations, int millis) {
    private static final int SLOW_WARM_UP = 600;
    /** Operations that are many methods deep. Two threads on two processors leave the compiler none. */
    private static final Set<String> LONG_PATHS = Set.of("WriteBenchmark.kib64", "FaultBenchmark.page", "FaultAroundBenchmark.touch",
        "SequentialFillBenchmark.mib");

    /** For a ratio, in a JVM of its own. */
    static Timing ofRatio(final boolean quick) {
        return quick ? new Timing(2, 200, 5, 100) : new Timing(2, 500, 5, 300);
    }

    /** The same, for one of its measurements: what takes longer to be compiled is warmed up for longer. */
    static Timing ofRatio(final boolean quick, final Measurement measurement) {
        final Timing usual = ofRatio(quick);
        final boolean slow = measurement.threads() > 1 || LONG_PATHS.contains(measurement.benchmark());
        return slow ? new Timing(usual.warmUps, SLOW_WARM_UP, usual.iterations, usual.millis) : usual;
    }

    /** For a point of a curve, in a JVM that has measured others. */
    static Timing ofPoint(final boolean quick) {
        return quick ? new Timing(1, 60, 3, 40) : new Timing(1, 100, 3, 80);
    }

    /** Before the first point of a JVM. */
    static Timing ofStart() {
        return new Timing(1, 800, 1, 40);
    }
}
