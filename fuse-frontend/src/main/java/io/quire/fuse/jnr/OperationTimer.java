package io.quire.fuse.jnr;

/**
 * Told how long each request took, from its decoding by libfuse until its answer was written. Called on the worker
 * threads, at the end of each request: implementations are thread-safe, do not block, do not throw and allocate
 * nothing.
 */
@FunctionalInterface
public interface OperationTimer {
    /**
     * One request has been answered.
     *
     * @param kind  what was asked
     * @param nanos how long it took, in nanoseconds, 0 or more
     */
    void record(OperationKind kind, long nanos);
}
