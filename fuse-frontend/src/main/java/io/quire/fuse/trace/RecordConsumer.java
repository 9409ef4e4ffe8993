package io.quire.fuse.trace;

/**
 * Takes the records of a trace.
 *
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface RecordConsumer<E extends Exception> {
    /**
     * Takes one.
     *
     * @param record valid during the call only
     * @throws E when it cannot go on
     */
    void accept(TraceRecord record) throws E;
}
