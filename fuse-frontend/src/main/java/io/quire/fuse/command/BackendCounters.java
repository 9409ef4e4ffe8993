package io.quire.fuse.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.PageCache;
import io.quire.fuse.jnr.OperationKind;

/** What a mount counts, in the order in which it stands in the counters file: the cache's counters, then its size. */
final class BackendCounters {
    private static final CacheCounter[] CACHE = CacheCounter.values();
    private static final int CAPACITY = CACHE.length;
    private static final int OVERHEAD = CAPACITY + 1;

    private BackendCounters() {
    }

    /** Labels such as {@code store_reads}; programs find them by name. */
    static List<String> labels() {
        final List<String> labels = new ArrayList<>(Arrays.stream(CACHE)
            .map(counter -> counter.name().toLowerCase(Locale.ROOT)).toList());
        labels.add("capacity_bytes");
        labels.add("overhead_bytes");
        return labels;
    }

    /** The kinds of request, in the order of their numbers. */
    static List<String> requestKinds() {
        return Arrays.stream(OperationKind.values()).map(OperationKind::label).toList();
    }

    /** Brings the file's counters up to date. */
    static void copy(final PageCache cache, final CountersFile file) {
        for (int i = 0; i < CACHE.length; i++) {
            file.set(i, cache.counters().get(CACHE[i]));
        }
        file.set(CAPACITY, cache.capacity());
        file.set(OVERHEAD, cache.overheadBytes());
    }

    /** Whether a counter tells a state, which has no rate. */
    static boolean isGauge(final String label) {
        return switch (label) {
            case "pages", "dirty", "free_frames", "capacity_bytes", "overhead_bytes" -> true;
            default -> false;
        };
    }
}
