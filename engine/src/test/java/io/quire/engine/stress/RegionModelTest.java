package io.quire.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Quire;
import io.quire.engine.Seed;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.PageCache;
import io.quire.engine.lock.Jitter;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;

/**
 * Random operations on files and mapped regions against a model in plain memory, while other threads evict, drop, resize and compact.
 *
 * <p>{@code main(OPERATIONS [SEED])} runs the full form.
 */
class RegionModelTest {
    private static final long ROUND = 50_000;
    private static final List<CacheCounter> SHOWN = List.of(CacheCounter.EVICTIONS, CacheCounter.MIGRATIONS,
        CacheCounter.LARGE_PAGES, CacheCounter.SPLITS);

    @RegisterExtension
    final Seed first = new Seed();

    @Test
    @DisplayName("C1-C13, M1-M12, G1-G12, H1-H9: no byte of files and regions differs from the model while the cache is evicted, resized, compacted")
    void agreesWithTheModel() throws Exception {
        round(first.value(), Long.getLong("quire.model.operations", 20_000), true);
    }

    public static void main(final String[] arguments) throws Exception {
        long left = Long.parseLong(arguments[0]);
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.currentTimeMillis();
        final Map<String, Long> totals = new LinkedHashMap<>();
        while (left > 0) {
            final long operations = Math.min(left, ROUND);
            System.out.println("seed " + seed + ", " + operations + " operations");
            round(seed, operations, seed % 2 == 0).forEach((what, count) -> totals.merge(what, count, Long::sum));
            seed++;
            left -= operations;
        }
        System.out.println("no difference: " + totals.entrySet().stream()
            .map(entry -> entry.getKey().toLowerCase(Locale.ROOT) + " " + entry.getValue()).collect(Collectors.joining(", "))
            + "; lock-order reports " + LockOrder.reports().size() + " (validator " + (LockOrder.ENABLED ? "on" : "off")
            + "), structural check clean");
    }

    /** What was done, and how often. */
    private static Map<String, Long> round(final long seed, final long operations, final boolean jitter) throws Exception {
        LockOrder.resetForTest();
        final Map<String, Long> done = new LinkedHashMap<>();
        try (Jitter _ = jitter ? new Jitter() : null;
            Store store = new MemoryStore();
            ExecutorService threads = Executors.newCachedThreadPool();
            PageCache cache = Quire.cache().capacity(CacheDisturber.SMALLEST).maxCapacity(CacheDisturber.LARGEST)
                .readAheadExecutor(seed % 3 == 0 ? threads : null).build()) {
            try (ModelOperator operator = new ModelOperator(seed, cache, store)) {
                try (CacheDisturber disturber = new CacheDisturber(cache, store, threads, seed)) {
                    operator.run(operations);
                    operator.compareAll();
                    done.put("operations", operator.operations());
                    operator.countInto(done);
                    disturber.countInto(done);
                }
                operator.compareAll();
            }
            cache.verify();
            for (final CacheCounter counter : SHOWN) {
                done.put(counter.name(), cache.counters().get(counter));
            }
            assertThat(cache.counters().get(CacheCounter.EVICTIONS)).as("evictions, seed %d", seed)
                .isGreaterThanOrEqualTo(CacheDisturber.LEAST_EVICTIONS);
        }
        assertThat(LockOrder.reports()).as("lock-order reports, seed %d", seed).isEmpty();
        return done;
    }
}
