package io.quire.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;
import io.quire.engine.write.WritePolicies;

/**
 * Threads that read, write, truncate, punch, invalidate and evict under a tiny cache, against a model in plain memory.
 *
 * <p>{@code main(SECONDS [SEED])} runs it for longer, a new seed each minute.
 */
class EngineStressTest {
    private static final int WORKERS = 4;

    @Test
    @DisplayName("C1-C8, W1-W3: no difference to the model under threads, tiny cache, truncate, punch and invalidate")
    void agreesWithTheModel() throws Exception {
        final long seed = Long.getLong("quire.stress.seed", System.nanoTime() & 0xffff_ffffL);
        round(seed, Long.getLong("quire.stress.operations", 2500));
    }

    public static void main(final String[] arguments) throws Exception {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[0]));
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.currentTimeMillis();
        long total = 0;
        int rounds = 0;
        while (System.nanoTime() < end) {
            total += round(seed++, 20_000);
            rounds++;
        }
        System.out.println("no difference: " + rounds + " rounds, " + total + " operations, lock-order reports "
            + LockOrder.reports().size() + " (validator " + (LockOrder.ENABLED ? "on" : "off")
            + "), structural check clean");
    }

    private static long round(final long seed, final long operationsEach) throws Exception {
        LockOrder.resetForTest();
        final EventLog log = new EventLog(NativeMemory.reserve(EventLog.SIZE, false));
        log.retireAllFrom(WORKERS);
        long total = 0;
        try (Store store = new MemoryStore();
            PageCache cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).build();
            EngineTarget target = new EngineTarget(cache, store);
            ExecutorService threads = Executors.newFixedThreadPool(WORKERS)) {
            final List<StressWorker> workers = new ArrayList<>();
            final List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                final StressWorker worker = new StressWorker(seed, i, WORKERS, log, target, false);
                workers.add(worker);
                running.add(threads.submit(() -> {
                    try {
                        worker.run(operationsEach);
                    } finally {
                        // One that has stopped must not be waited for, and all stop with the first.
                        log.stop();
                    }
                    return null;
                }));
            }
            Throwable failure = null;
            for (final Future<?> one : running) {
                try {
                    one.get(10, TimeUnit.MINUTES);
                } catch (final ExecutionException e) {
                    failure = failure == null ? e.getCause() : failure;
                }
            }
            if (failure != null) {
                throw new AssertionError("seed " + seed, failure);
            }
            for (final StressWorker worker : workers) {
                worker.checkAll();
                total += worker.operations();
            }
            target.compareWithStore(seed);
            cache.verify();
            assertThat(cache.counters().get(CacheCounter.EVICTIONS)).as("evictions, seed %d", seed).isPositive();
        }
        assertThat(LockOrder.reports()).as("lock-order reports, seed %d", seed).isEmpty();
        return total;
    }

    /** The files of a cache, each through one shared handle. */
    private static final class EngineTarget implements StressTarget {
        private final PageCache cache;
        private final Store store;
        private final CachedFile[] files = new CachedFile[StressWorker.FILES];

        EngineTarget(final PageCache cache, final Store store) throws IOException {
            this.cache = cache;
            this.store = store;
            for (int i = 0; i < files.length; i++) {
                files[i] = cache.open(store.open("file" + i, true));
            }
        }

        @Override
        public int read(final int file, final long offset, final byte[] target, final int length) throws IOException {
            return files[file].read(offset, target, 0, length);
        }

        @Override
        public int write(final int file, final long offset, final byte[] source, final int length) throws IOException {
            return files[file].write(offset, source, 0, length);
        }

        @Override
        public void truncate(final int file, final long size) throws IOException {
            files[file].truncate(size);
        }

        @Override
        public void punch(final int file, final long offset, final long length) throws IOException {
            files[file].punch(offset, length);
        }

        @Override
        public void disturb(final int file, final int kind) throws IOException {
            switch (kind) {
                case 0 -> files[file].invalidate();
                case 1 -> files[file].sync(true);
                case 2 -> files[file].reopen().close();
                default -> files[file].writePolicy(
                    WritePolicies.all().get((int) (files[file].size() % WritePolicies.all().size())));
            }
        }

        void compareWithStore(final long seed) throws IOException {
            for (int file = 0; file < files.length; file++) {
                final int size = (int) files[file].size();
                final byte[] cached = new byte[size];
                assertThat(files[file].read(0, cached, 0, size)).isEqualTo(size);
                try (CachedFile direct = cache.open(store.open("file" + file, false))) {
                    final byte[] stored = new byte[size];
                    assertThat(direct.size()).as("size in the store, seed %d", seed).isEqualTo(size);
                    assertThat(direct.read(0, stored, 0, size)).isEqualTo(size);
                    assertThat(cached).as("file %d against the store, seed %d", file, seed).isEqualTo(stored);
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (final CachedFile file : files) {
                file.close();
            }
        }
    }
}
