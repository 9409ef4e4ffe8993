package io.quire.engine.cache;

import java.lang.ref.Reference;

/**
 * Reads the counters of a {@link PageCache}. Thread-safe; reading disturbs nobody: each thread of the cache counts in
 * words of its own, which a reader adds up. A value is recent, and exact when nothing runs.
 */
public final class CacheCounters {
    private final PageCache cache;

    CacheCounters(final PageCache cache) {
        this.cache = cache;
    }

    /**
     * The value of a counter.
     *
     * @param counter which
     * @return its value, 0 or more
     */
    public long get(final CacheCounter counter) {
        final long value = switch (counter) {
            case FREE_FRAMES -> cache.allocator.available();
            case LOCK_WAITS -> cache.locks.sleeps();
            default -> Math.max(0, cache.threads.sum(counter));
        };
        // The counters are off-heap, and stay mapped only as long as the cache can be reached. C11.
        Reference.reachabilityFence(cache);
        return value;
    }
}
