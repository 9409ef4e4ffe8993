package io.quire.engine.linear;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Quire;
import io.quire.engine.Seed;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.Jitter;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Fault;
import io.quire.engine.store.FaultyStore;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreOperation;
import io.quire.engine.write.WritePolicies;

/**
 * Histories of the whole cache: several threads at a few pages of one file, in a cache that evicts, over a store that fails now
 * and then. Every aligned word must have been one register: all that was read and written is explained by operations that
 * took effect at one moment each. Larger reads and writes promise no more than that.
 *
 * <p>{@code main(SECONDS [SEED])} runs it for longer. A seed fixes what each thread does, not how the threads interleave.
 */
class CacheHistoryTest {
    private static final int WORKERS = 4;
    private static final int OPERATIONS = 1200;
    private static final long CONTEXT = 150;
    private static final long DURATION = TimeUnit.SECONDS.toNanos(Long.getLong("quire.history.seconds", 4));

    @RegisterExtension
    final Seed first = new Seed();

    /** What a run adds up to. */
    private static final class Totals {
        private long rounds;
        private long operations;
        private long words;
        private long recorded;
        private long faults;
        private long evictions;
        private long migrations;

        @Override
        public String toString() {
            return rounds + " rounds, " + operations + " operations, " + recorded + " records of " + words
                + " word histories, " + evictions + " evictions, " + migrations + " migrations, " + faults + " store faults";
        }
    }

    @Test
    @DisplayName("C3-C8, C12, C13, W2-W5: every word is linearizable under threads, eviction, truncate, punch and all policies")
    void withAStoreThatWorks() throws Exception {
        rounds(DURATION, false, false);
    }

    @Test
    @DisplayName("W3, W4: a refused write is gone when it returns, in every word's history; one on which the store broke is all or nothing")
    void withAStoreThatFails() throws Exception {
        rounds(DURATION, true, false);
    }

    @Test
    @DisplayName("M1, M3-M5: words that are read and written through mapped regions too are linearizable")
    void withRegions() throws Exception {
        rounds(DURATION, false, true);
    }

    @Test
    @DisplayName("M5, M7: nothing stored through a region is lost when the store fails, be it at its writeback")
    void withRegionsAndAStoreThatFails() throws Exception {
        rounds(DURATION, true, true);
    }

    public static void main(final String[] arguments) throws Exception {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[0]));
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.currentTimeMillis();
        final Totals totals = new Totals();
        while (System.nanoTime() < end) {
            round(seed, seed % 2 == 0, seed / 2 % 2 == 0, totals);
            seed++;
        }
        System.out.println("every word linearizable: " + totals + ", lock-order reports " + LockOrder.reports().size()
            + " (validator " + (LockOrder.ENABLED ? "on" : "off") + "), structural check clean; next seed " + seed);
    }

    private void rounds(final long nanos, final boolean mischief, final boolean mapped) throws Exception {
        final Totals totals = new Totals();
        final long end = System.nanoTime() + nanos;
        long seed = first.value();
        do {
            round(seed++, mischief, mapped, totals);
        } while (System.nanoTime() < end);
        assertThat(totals.evictions).as("evictions").isPositive();
        assertThat(totals.faults > 0).as("store faults").isEqualTo(mischief);
    }

    private static void round(final long seed, final boolean mischief, final boolean mapped, final Totals totals) throws Exception {
        LockOrder.resetForTest();
        final HistoryRecorder recorder = new HistoryRecorder();
        final List<WritePolicy> policies = WritePolicies.all().stream()
            .filter(policy -> !policy.isLaboratory()).toList();
        try (Jitter _ = new Jitter();
            FaultyStore store = new FaultyStore(new MemoryStore());
            ExecutorService threads = Executors.newFixedThreadPool(WORKERS + 1);
            PageCache cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).readAhead(seed % 3 == 0 ? 0 : 64 << 10)
                .readAheadExecutor(seed % 3 == 1 ? threads : null)
                .maxCapacity(2 * PageCache.MIN_CAPACITY)
                .writePolicy(policies.get((int) Math.floorMod(seed, (long) policies.size()))).build()) {
            try (CachedFile cold = makeColdFile(cache, store)) {
                final CachedFile file = cache.open(store.open("hot", true));
                try (file) {
                    try (AddressSpace space = mapped ? new AddressSpace() : null) {
                        run(seed, mischief, recorder, cache, file, cold, policies, store, threads, space);
                    }
                    store.heal();
                    store.hook((moment, call) -> { });
                    HistoryWorker.recordAll(recorder, file);
                }
                // The last handle was closed: this asks the store.
                try (CachedFile again = cache.open(store.open("hot", false))) {
                    HistoryWorker.recordAll(recorder, again);
                }
            }
            cache.verify();
            totals.evictions += cache.counters().get(CacheCounter.EVICTIONS);
            totals.migrations += cache.counters().get(CacheCounter.MIGRATIONS);
            totals.faults += store.faults();
        }
        check(seed, recorder, totals);
        assertThat(LockOrder.reports()).as("lock-order reports, seed %d", seed).isEmpty();
        totals.rounds++;
        totals.operations += (long) WORKERS * OPERATIONS;
    }

    private static void run(final long seed, final boolean mischief, final HistoryRecorder recorder, final PageCache cache,
        final CachedFile file, final CachedFile cold, final List<WritePolicy> policies, final FaultyStore store,
        final ExecutorService threads, final AddressSpace space) throws Exception {
        final AtomicBoolean breaks = new AtomicBoolean();
        final HistoryRecorder.Track trouble = recorder.track();
        store.hook((moment, call) -> {
            if (!call.fault().equals(Fault.NONE)) {
                synchronized (trouble) {
                    trouble.note(moment + " " + call);
                }
            }
            if (moment == FaultyStore.Moment.AFTER && call.operation() == StoreOperation.WRITE
                && breaks.compareAndSet(true, false)) {
                throw new HistoryWorker.BrokenStoreException();
            }
        });
        final List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            running.add(threads.submit(
                new HistoryWorker(seed, i + 1, OPERATIONS, recorder, cache, file, cold, policies, store, breaks,
                    mischief, space)));
        }
        Throwable failure = null;
        for (final Future<?> one : running) {
            try {
                one.get(4, TimeUnit.MINUTES);
            } catch (final ExecutionException e) {
                failure = failure == null ? e.getCause() : failure;
            }
        }
        if (failure != null) {
            throw new AssertionError("seed " + seed, failure);
        }
    }

    private static void check(final long seed, final HistoryRecorder recorder, final Totals totals) {
        final LinearizabilityChecker checker = new LinearizabilityChecker();
        recorder.byWord().forEach((word, history) -> {
            final LinearizabilityChecker.Verdict verdict = checker.check(0, history);
            if (verdict != null) {
                throw new AssertionError("seed " + seed + ", word " + word + " (page " + word / 512 + " + " + word % 512 * 8
                    + "): " + verdict.text() + "\n  what happened about then:"
                    + recorder.notes(verdict.culprit().invoked() - CONTEXT, verdict.culprit().returned()));
            }
            totals.words++;
            totals.recorded += history.size();
        });
    }

    private static CachedFile makeColdFile(final PageCache cache, final FaultyStore store) throws Exception {
        final CachedFile cold = cache.open(store.open("cold", true));
        final int length = PageCache.PAGE_SIZE;
        final long page = NativeMemory.reserve(length, false);
        try {
            for (long at = 0; at < (long) HistoryWorker.COLD_PAGES * length; at += length) {
                for (int i = 0; i < length; i += 8) {
                    OffHeap.putLong(page + i, HistoryWorker.coldWord(at + i));
                }
                cold.write(at, page, length);
            }
        } finally {
            NativeMemory.release(page, length);
        }
        return cold;
    }
}
