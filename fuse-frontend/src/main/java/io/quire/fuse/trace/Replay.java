package io.quire.fuse.trace;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

import org.HdrHistogram.Histogram;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.write.WritePolicies;

/**
 * Drives a page cache with a trace, over files that are made up: they have the sizes that the trace tells of and no contents. One
 * thread does it, in the order of the trace, so that what the cache counts at full speed is the same each time.
 *
 * <p>Made once for a trace, run as often as wanted. Immutable: runs may go on at the same time, each with a cache of its own.
 */
public final class Replay {
    private final TraceReader trace;
    private final WorkingSet workingSet;

    /**
     * Prepares: reads the trace for its working set.
     *
     * @param trace what to replay
     * @throws TraceException when it can no longer be read
     */
    public Replay(final TraceReader trace) throws TraceException {
        this.trace = Objects.requireNonNull(trace, "trace");
        workingSet = WorkingSet.of(trace);
    }

    /**
     * How to replay.
     *
     * @param cacheSize      bytes of pages that the cache holds, at least {@link PageCache#SMALLEST_CAPACITY}
     * @param writePolicy    how writes reach the store
     * @param replacement    which page gives way
     * @param readAhead      largest read-ahead window in bytes, 0 for none
     * @param storeCostNanos how long each call of the store takes, nanoseconds
     * @param recordedSpeed  whether operations wait for the time at which they began in the recording
     */
    public record Options(long cacheSize, WritePolicy writePolicy, ReplacementPolicies.Named replacement, long readAhead,
        long storeCostNanos, boolean recordedSpeed) {

        /**
         * A cache of 64 MiB with the policies of {@link Quire#cache}, a free store, full speed.
         *
         * @return the options
         */
        public static Options defaults() {
            return new Options(64L << 20, WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT, 1L << 20, 0, false);
        }
    }

    /**
     * What came of it.
     *
     * @param nanos     how long it took
     * @param data      operations that reached the cache
     * @param other     operations that did not, names and attributes for example, and those that failed
     * @param counters  what the cache counted
     * @param latencies how long the operations on the cache took, in nanoseconds, by kind
     */
    public record Result(long nanos, long data, long other, Map<CacheCounter, Long> counters,
        Map<TraceKind, Histogram> latencies) {

        /**
         * Pages that reads found, of all that they asked for.
         *
         * @return 0 to 1; 1 when nothing was read
         */
        public double hitRatio() {
            final long hits = counters.get(CacheCounter.HITS);
            final long all = hits + counters.get(CacheCounter.MISSES);
            return all == 0 ? 1 : (double) hits / all;
        }
    }

    /**
     * The most pages that the trace read or wrote and that still existed at one time.
     *
     * @return pages, 0 or more
     */
    public long workingSetPages() {
        return workingSet.pages();
    }

    /**
     * How often the trace touches a page.
     *
     * @return page references, 0 or more
     */
    public long references() {
        return workingSet.references();
    }

    /**
     * Files that the trace reads or writes.
     *
     * @return files, 0 or more
     */
    public int files() {
        return workingSet.files();
    }

    /**
     * Replays the whole trace into a cache of its own.
     *
     * @param options how
     * @return what came of it
     * @throws TraceException when the trace can no longer be read
     * @throws CacheException when the cache refuses an operation that succeeded in the recording
     */
    public Result run(final Options options) throws TraceException, CacheException {
        try (PageCache cache = cache(options);
             Replayer replayer = new Replayer(cache, options.storeCostNanos())) {
            final FileTracker<CacheException> tracker = new FileTracker<>(replayer);
            final long start = System.nanoTime();
            trace.forEach((RecordConsumer<CacheException>) record -> {
                if (options.recordedSpeed()) {
                    await(start + record.time());
                }
                tracker.accept(record);
            });
            final long nanos = System.nanoTime() - start;
            final Map<CacheCounter, Long> counters = new EnumMap<>(CacheCounter.class);
            for (final CacheCounter counter : CacheCounter.values()) {
                counters.put(counter, cache.counters().get(counter));
            }
            return new Result(nanos, tracker.data(), trace.records() - tracker.data(), counters, replayer.latencies());
        }
    }

    private static PageCache cache(final Options options) {
        return Quire.cache()
            .smallCapacity(options.cacheSize())
            .writePolicy(options.writePolicy())
            .replacementPolicy(options.replacement())
            .readAhead(options.readAhead())
            .build();
    }

    private static void await(final long time) {
        for (long left = time - System.nanoTime(); left > 0; left = time - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
