package io.quire.bench.mount;

/**
 * What one repetition of one row gave on one server.
 *
 * @param nanos          what the caller waits for an operation
 * @param processorNanos what client and daemon keep processors busy for an operation, NaN where that is not measured: it does not see
 *                       waiting, nor what others take of the processor
 */
record Sample(double nanos, double processorNanos) {
    /** A time of which only the wall clock is known. */
    static Sample of(final double nanos) {
        return new Sample(nanos, Double.NaN);
    }
}
