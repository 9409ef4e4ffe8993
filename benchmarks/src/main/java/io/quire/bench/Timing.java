package io.quire.bench;

/**
 * How long a measurement takes.
 *
 * @param warmUps      iterations that do not count
 * @param warmUpMillis how long one of them is
 * @param iterations   that count
 * @param millis       how long one of them is
 */
record Timing(int warmUps, int warmUpMillis, int iterations, int millis) {
    /** For a ratio, in a JVM of its own. */
    static Timing ofRatio(final boolean quick) {
        return quick ? new Timing(2, 200, 5, 100) : new Timing(2, 500, 5, 300);
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
