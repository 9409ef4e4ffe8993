package io.quire.fuse.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;

import org.junit.jupiter.api.Test;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.write.WritePolicies;

/** Replaying traces (traces.md, O10 to O12). */
class ReplayTest extends TraceFixture {
    private static final Replay.Options NO_READ_AHEAD = new Replay.Options(PageCache.MIN_CAPACITY, WritePolicies.MULTI_PAGE,
        ReplacementPolicies.DEFAULT, 0, 0, false);

    @Test
    void hitsAndStoreCallsAreThoseOfTheTrace() throws Exception {
        try (TraceRecorder trace = recorder("t")) {
            record(trace, TraceKind.LOOKUP, 1, 0, 0, 10 * PAGE, 0, 2);
            record(trace, TraceKind.OPEN, 2, 1, 0, 0, 0, 2);
            for (final int page : new int[] {3, 7, 3, 7, 3}) {
                record(trace, TraceKind.READ, 2, 1, page * PAGE, PAGE, PAGE, 0);
            }
            record(trace, TraceKind.WRITE, 2, 1, 0, 3 * PAGE, 3 * PAGE, 0);
            record(trace, TraceKind.READ, 2, 1, 0, 3 * PAGE, 3 * PAGE, 0);
            record(trace, TraceKind.READ, 2, 1, 0, PAGE, -5, 0);
            record(trace, TraceKind.FSYNC, 0, 1, 0, 0, 0, 0);
            record(trace, TraceKind.RELEASE, 0, 1, 0, 0, 0, 0);
        }
        final Replay.Result result = replay(NO_READ_AHEAD);
        assertThat(count(result, CacheCounter.MISSES)).isEqualTo(2);
        assertThat(count(result, CacheCounter.HITS)).isEqualTo(6);
        assertThat(result.hitRatio()).isEqualTo(0.75);
        assertThat(count(result, CacheCounter.STORE_READS)).isEqualTo(2);
        assertThat(count(result, CacheCounter.STORE_WRITES)).isEqualTo(1);
        assertThat(count(result, CacheCounter.STORE_WRITE_BYTES)).isEqualTo(3 * PAGE);
        assertThat(result.data()).isEqualTo(10);
        assertThat(result.other()).isEqualTo(2);
        assertThat(result.latencies().get(TraceKind.READ).getTotalCount()).isEqualTo(6);
        assertThat(result.latencies()).containsOnlyKeys(TraceKind.OPEN, TraceKind.READ, TraceKind.WRITE, TraceKind.FSYNC,
            TraceKind.RELEASE);
    }

    @Test
    void pagesOfAFileThatWentAreMissedAgain() throws Exception {
        try (TraceRecorder trace = recorder("t")) {
            for (int round = 0; round < 3; round++) {
                record(trace, TraceKind.LOOKUP, 1, 0, 0, PAGE, 0, 2);
                record(trace, TraceKind.OPEN, 2, 10 + round, 0, 0, 0, 0);
                record(trace, TraceKind.READ, 2, 10 + round, 0, PAGE, PAGE, 0);
                record(trace, TraceKind.READ, 2, 10 + round, 0, PAGE, PAGE, 0);
                record(trace, TraceKind.RELEASE, 0, 10 + round, 0, 0, 0, 0);
                if (round == 1) {
                    record(trace, TraceKind.FORGET, 2, 0, 0, 2, 0, 0);
                }
            }
        }
        final Replay.Result result = replay(NO_READ_AHEAD);
        assertThat(count(result, CacheCounter.MISSES)).isEqualTo(2);
        assertThat(count(result, CacheCounter.HITS)).isEqualTo(4);
    }

    @Test
    void theCountsAreTheSameEachTimeUnderEveryPolicyAndPressure() throws Exception {
        final Random random = new Random(7);
        final int pages = 4000;
        try (TraceRecorder trace = recorder("t")) {
            for (int i = 0; i < 4_000; i++) {
                final long file = 2 + random.nextInt(3);
                final long offset = (long) Math.abs((int) (random.nextGaussian() * pages / 3)) * PAGE + random.nextInt(PAGE);
                final int length = 1 + random.nextInt(3 * PAGE);
                switch (random.nextInt(40)) {
                    case 0 -> record(trace, TraceKind.SETATTR, file, 0, offset, offset, 0, 8);
                    case 1 -> record(trace, TraceKind.FALLOCATE, file, 0, offset, length * 5L, 0, 3);
                    case 2, 3, 4, 5, 6, 7 -> record(trace, TraceKind.WRITE, file, 0, offset, length, length, 0);
                    default -> record(trace, TraceKind.READ, file, 0, offset, length, length, 0);
                }
            }
        }
        final Replay replay = new Replay(TraceReader.open(at("t")));
        for (final long size : new long[] {PageCache.SMALLEST_CAPACITY, 54 * PAGE, PageCache.MIN_CAPACITY}) {
            for (final ReplacementPolicies.Named replacement : ReplacementPolicies.all()) {
                assertRepeatable(replay, size, WritePolicies.MULTI_PAGE, replacement);
            }
            for (final WritePolicy policy : WritePolicies.all()) {
                assertRepeatable(replay, size, policy, ReplacementPolicies.DEFAULT);
            }
        }
    }

    private static void assertRepeatable(final Replay replay, final long size, final WritePolicy policy,
        final ReplacementPolicies.Named replacement) throws Exception {
        final Replay.Options options = new Replay.Options(size, policy, replacement, 1 << 17, 0, false);
        final Replay.Result first = replay.run(options);
        assertThat(count(first, CacheCounter.EVICTIONS)).as("%s", options).isPositive();
        assertThat(replay.run(options).counters()).as("%s", options).isEqualTo(first.counters());
    }

    @Test
    void aSmallLruCacheHasTheLastPagesAndNoOthers() throws Exception {
        final int pages = (int) (PageCache.SMALLEST_CAPACITY / PAGE);
        try (TraceRecorder trace = recorder("t")) {
            for (int round = 0; round < 3; round++) {
                for (int page = 0; page < pages; page++) {
                    record(trace, TraceKind.READ, 2, 0, page * 7L * PAGE, PAGE, PAGE, 0);
                }
            }
            // One page more than there is room for: a round robin finds nothing under LRU.
            for (int i = 0; i < 3 * (pages + 1); i++) {
                record(trace, TraceKind.READ, 3, 0, i % (pages + 1) * 7L * PAGE, PAGE, PAGE, 0);
            }
        }
        final Replay.Result result = replay(new Replay.Options(PageCache.SMALLEST_CAPACITY, WritePolicies.MULTI_PAGE,
            ReplacementPolicies.byName("lru"), 0, 0, false));
        assertThat(count(result, CacheCounter.HITS)).isEqualTo(2L * pages);
        assertThat(count(result, CacheCounter.MISSES)).isEqualTo(pages + 3L * (pages + 1));
    }

    @Test
    void theWorkingSetIsThePagesThatExistAtOneTime() throws Exception {
        try (TraceRecorder trace = recorder("t")) {
            for (int round = 0; round < 10; round++) {
                record(trace, TraceKind.WRITE, 2, 0, 60 * PAGE, 80 * PAGE, 80 * PAGE, 0);
                // All but the first 10, then all but three of these.
                record(trace, TraceKind.SETATTR, 2, 0, 70 * PAGE, 70 * PAGE, 0, 8);
                record(trace, TraceKind.FALLOCATE, 2, 0, 62 * PAGE, 7 * PAGE, 0, 3);
                record(trace, TraceKind.WRITE, 3, 0, round * PAGE, PAGE, PAGE, 0);
            }
            record(trace, TraceKind.SETATTR, 2, 0, 0, 0, 0, 8);
            record(trace, TraceKind.WRITE, 4, 0, 0, 77 * PAGE, 77 * PAGE, 0);
        }
        final Replay replay = new Replay(TraceReader.open(at("t")));
        assertThat(replay.workingSetPages()).isEqualTo(80 + 9);
        assertThat(replay.files()).isEqualTo(3);
    }

    @Test
    void theWorkingSetIsEachPageOnce() throws Exception {
        try (TraceRecorder trace = recorder("t")) {
            for (int i = 0; i < 300; i++) {
                record(trace, TraceKind.READ, 2 + i % 2, 0, (long) (i % 100) * PAGE, PAGE, PAGE, 0);
            }
            record(trace, TraceKind.WRITE, 9, 0, 1L << 62, 1, 1, 0);
        }
        final Replay replay = new Replay(TraceReader.open(at("t")));
        assertThat(replay.workingSetPages()).isEqualTo(101);
        assertThat(replay.references()).isEqualTo(301);
        assertThat(replay.files()).isEqualTo(3);
    }

    @Test
    void anEmptyTraceReplaysToNothing() throws Exception {
        small("t", 0);
        final Replay.Result result = replay(NO_READ_AHEAD);
        assertThat(result.data()).isZero();
        assertThat(result.hitRatio()).isEqualTo(1);
    }

    @Test
    void theEndsOfTheLargestFilesCanBeReplayed() throws Exception {
        final long last = Long.MAX_VALUE - 4096;
        try (TraceRecorder trace = recorder("t")) {
            record(trace, TraceKind.WRITE, 2, 0, last, 4096, 4096, 0);
            record(trace, TraceKind.READ, 2, 0, last, 4096, 4096, 0);
            record(trace, TraceKind.SETATTR, 2, 0, 0, 0, 0, 8);
            record(trace, TraceKind.SETATTR, 2, 0, Long.MAX_VALUE, 0, 0, 8);
            record(trace, TraceKind.FALLOCATE, 2, 0, 0, Long.MAX_VALUE, 0, 3);
        }
        assertThat(replay(NO_READ_AHEAD).data()).isEqualTo(5);
    }

    @Test
    void eachCallOfAStoreThatCostsTakesItsTime() throws Exception {
        small("t", 5);
        final Replay.Options slow = new Replay.Options(PageCache.MIN_CAPACITY, WritePolicies.MULTI_PAGE,
            ReplacementPolicies.DEFAULT, 0, 3_000_000, false);
        final Replay.Result result = replay(slow);
        assertThat(result.nanos()).isGreaterThanOrEqualTo(3_000_000 * count(result, CacheCounter.STORE_READS));
        assertThat(result.latencies().get(TraceKind.READ).getMaxValue()).isGreaterThanOrEqualTo(3_000_000 * 999L / 1000);
    }

    @Test
    void atRecordedSpeedOperationsWaitForTheirTime() throws Exception {
        try (TraceRecorder trace = recorder("t")) {
            trace.record(TraceKind.READ, System.nanoTime() + 200_000_000L, 2, 0, 0, PAGE, PAGE, 0);
        }
        final Replay.Options recorded = new Replay.Options(PageCache.MIN_CAPACITY, WritePolicies.MULTI_PAGE,
            ReplacementPolicies.DEFAULT, 0, 0, true);
        assertThat(replay(recorded).nanos()).isGreaterThanOrEqualTo(200_000_000L);
    }

    private Replay.Result replay(final Replay.Options options) throws TraceException, CacheException {
        return new Replay(TraceReader.open(at("t"))).run(options);
    }

    private static long count(final Replay.Result result, final CacheCounter counter) {
        return result.counters().get(counter);
    }
}
