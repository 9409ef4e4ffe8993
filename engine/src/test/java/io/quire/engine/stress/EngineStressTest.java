package io.quire.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Quire;
import io.quire.engine.Seed;
import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;
import io.quire.engine.write.WritePolicies;

/**
 * Threads that read, write, truncate, punch, invalidate and evict under a tiny cache, against a model in plain memory; each its
 * own ranges of shared files. A part of the reads and writes goes through mapped regions, and others resize and compact the
 * cache.
 *
 * <p>{@code main(SECONDS [SEED])} runs it for longer, a new seed each minute.
 */
class EngineStressTest {
    private static final int WORKERS = 4;
    private static final List<WritePolicy> POLICIES =
        WritePolicies.all().stream().filter(policy -> !policy.isLaboratory()).toList();

    @RegisterExtension
    final Seed first = new Seed();

    @Test
    @DisplayName("C1-C8, W1-W3, M1-M5: no difference to the model under threads, tiny cache, truncate, punch, invalidate and resize")
    void agreesWithTheModel() throws Exception {
        round(first.value(), Long.getLong("quire.stress.operations", 2500));
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
            ExecutorService threads = Executors.newCachedThreadPool();
            PageCache cache = Quire.cache().capacity(CacheDisturber.SMALLEST).maxCapacity(CacheDisturber.LARGEST).build();
            EngineTarget target = new EngineTarget(cache, store)) {
            final List<StressWorker> workers = new ArrayList<>();
            final List<Future<?>> running = new ArrayList<>();
            Throwable failure = null;
            try (CacheDisturber _ = new CacheDisturber(cache, store, threads, seed)) {
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
                for (final Future<?> one : running) {
                    try {
                        one.get(10, TimeUnit.MINUTES);
                    } catch (final ExecutionException e) {
                        failure = failure == null ? e.getCause() : failure;
                    }
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
            assertThat(cache.counters().get(CacheCounter.EVICTIONS)).as("evictions, seed %d", seed)
                .isGreaterThanOrEqualTo(CacheDisturber.LEAST_EVICTIONS);
        }
        assertThat(LockOrder.reports()).as("lock-order reports, seed %d", seed).isEmpty();
        return total;
    }

    /** The files of a cache, each through one shared handle, and through one shared region. */
    private static final class EngineTarget implements StressTarget {
        private final PageCache cache;
        private final Store store;
        private final AddressSpace space = new AddressSpace();
        private final CachedFile[] files = new CachedFile[StressWorker.FILES];
        private final MappedRegion[] regions = new MappedRegion[StressWorker.FILES];

        EngineTarget(final PageCache cache, final Store store) throws IOException {
            this.cache = cache;
            this.store = store;
            for (int i = 0; i < files.length; i++) {
                files[i] = cache.open(store.open("file" + i, true));
                regions[i] = space.map(files[i], 0, StressWorker.FILE_SIZE, Sharing.SHARED, Protection.READ_WRITE);
            }
        }

        private static boolean throughRegion() {
            return ThreadLocalRandom.current().nextInt(3) == 0;
        }

        @Override
        public int read(final int file, final long offset, final byte[] target, final int length) throws IOException {
            if (throughRegion()) {
                try {
                    regions[file].get(offset, target, 0, length);
                    return length;
                } catch (final BeyondEndException e) {
                    // A read of the file tells how much of it is there.
                    return files[file].read(offset, target, 0, length);
                }
            }
            return files[file].read(offset, target, 0, length);
        }

        @Override
        public int write(final int file, final long offset, final byte[] source, final int length) throws IOException {
            if (throughRegion()) {
                try {
                    regions[file].put(offset, source, 0, length);
                    return length;
                } catch (final BeyondEndException e) {
                    // Only a write makes the file longer; what was stored before is what it writes.
                    return files[file].write(offset, source, 0, length);
                }
            }
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
                default -> files[file].writePolicy(POLICIES.get(ThreadLocalRandom.current().nextInt(POLICIES.size())));
            }
        }

        void compareWithStore(final long seed) throws IOException {
            for (int file = 0; file < files.length; file++) {
                regions[file].sync();
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
            space.close();
            for (final CachedFile file : files) {
                file.close();
            }
        }
    }
}
