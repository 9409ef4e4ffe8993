package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.function.ToIntFunction;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.infra.ThreadParams;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.tree.PageTree;
import io.quire.engine.write.WritePolicies;

/** That a benchmark measures what it is called. */
class FixturesTest {
    private static final int OPERATIONS = 500;
    private static final ThreadParams ONE_THREAD = new ThreadParams(0, 1, 0, 1, 0, 1, 0, 1, 0, 1);

    private final Cursor cursor = new Cursor();

    @BeforeEach
    void start() {
        cursor.start(ONE_THREAD);
    }

    @AfterEach
    void release() {
        cursor.release();
    }

    @Test
    void hitsFetchNothing() throws Exception {
        final Fixture fixture = new Fixture();
        fixture.layout = Fixture.Layout.scattered;
        fixture.policy = "multi-page";
        fixture.fill();
        final Reader reader = new Reader();
        reader.open(fixture, ONE_THREAD);
        final HitBenchmark benchmark = new HitBenchmark();
        final PageCache cache = fixture.cache();
        final long misses = cache.counters().get(CacheCounter.MISSES);
        final long reads = cache.counters().get(CacheCounter.STORE_READS);
        for (int i = 0; i < OPERATIONS; i++) {
            benchmark.bytes8(fixture, reader);
            benchmark.kib4(fixture, reader);
            benchmark.kib64(fixture, reader);
        }
        assertThat(cache.counters().get(CacheCounter.MISSES)).isEqualTo(misses);
        assertThat(cache.counters().get(CacheCounter.STORE_READS)).isEqualTo(reads);
        reader.close();
        fixture.close();
    }

    @Test
    void faultsFetchAPageEach() throws Exception {
        final FaultBenchmark benchmark = new FaultBenchmark();
        benchmark.fill();
        final FaultBenchmark.Handle handle = new FaultBenchmark.Handle();
        handle.open(benchmark);
        final long reads = benchmark.cache.counters().get(CacheCounter.STORE_READS);
        for (int i = 0; i < OPERATIONS; i++) {
            benchmark.page(cursor, handle);
        }
        assertThat(benchmark.cache.counters().get(CacheCounter.STORE_READS) - reads).isBetween(OPERATIONS * 9L / 10, (long) OPERATIONS);
        handle.close();
        benchmark.close();
    }

    @ParameterizedTest
    @CsvSource({"cached, random, 0", "cached, sequential, 0", "cold, random, 450"})
    void requestsFindTheirPagesOrDoNot(final Requests.Temperature temperature, final Request.Order order, final int leastMisses)
        throws Exception {
        try (Asked asked = new Asked(StoreKind.memory, "multi-page", temperature, order, 4096, true)) {
            final long misses = asked.requests.cache.counters().get(CacheCounter.MISSES);
            for (int i = 0; i < OPERATIONS; i++) {
                assertThat(new RequestBenchmark().read(asked.requests, asked.request)).isEqualTo(4096);
            }
            final long missed = asked.requests.cache.counters().get(CacheCounter.MISSES) - misses;
            assertThat(missed).isBetween((long) leastMisses, leastMisses == 0 ? 0L : OPERATIONS);
        }
    }

    @ParameterizedTest
    @EnumSource(StoreKind.class)
    void unalignedRequestsOfEverySizeAndStoreLieWithinTheFile(final StoreKind store) throws Exception {
        for (final Request.Order order : Request.Order.values()) {
            try (Asked asked = new Asked(store, "range", Requests.Temperature.cached, order, 1 << 20, false)) {
                for (int i = 0; i < 200; i++) {
                    final long at = asked.request.next();
                    assertThat(at % PageCache.PAGE_SIZE).isNotZero();
                    assertThat(at % 512).isNotZero();
                    assertThat(at + asked.request.size).isLessThanOrEqualTo(asked.requests.fileBytes());
                }
                assertThat(new RequestBenchmark().write(asked.requests, asked.request)).isEqualTo(1 << 20);
            }
        }
    }

    /** What the curve over the store's cost is about. */
    @ParameterizedTest
    @CsvSource({"one-page, 16", "multi-page, 1", "multi-page-locked, 1", "multi-page-read-head, 1"})
    void aCallIsPaidOnceForABatch(final String policy, final int calls) throws Exception {
        try (Asked asked = new Asked(StoreKind.cost, policy, Requests.Temperature.cached, Request.Order.random, 64 << 10, true)) {
            final CostStore store = (CostStore) asked.requests.made.store();
            final long before = store.calls();
            new RequestBenchmark().write(asked.requests, asked.request);
            assertThat(store.calls() - before).isEqualTo(calls);
        }
    }

    /** No less than it says; more is what others on the machine take. */
    @Test
    void aCallTakesAtLeastWhatItCosts() throws Exception {
        try (Asked asked = new Asked(StoreKind.cost, "multi-page", Requests.Temperature.cached, Request.Order.random, 64 << 10, true,
            2_000_000, 1_000_000)) {
            final long start = System.nanoTime();
            new RequestBenchmark().write(asked.requests, asked.request);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(18_000_000);
        }
    }

    @Test
    void theTreeHoldsItsPagesWhereTheyAreLookedUp() {
        final TreeBenchmark benchmark = new TreeBenchmark();
        benchmark.pages = 100_000;
        for (final Request.Order order : Request.Order.values()) {
            benchmark.order = order;
            benchmark.fill();
            final TreeBenchmark.Walk walk = new TreeBenchmark.Walk();
            final TreeBenchmark.Walk same = new TreeBenchmark.Walk();
            for (int i = 0; i < OPERATIONS; i++) {
                final int expected = PageTree.page((int) same.next(benchmark));
                assertThat(i % 2 == 0 ? benchmark.lookup(walk) : benchmark.guess(walk)).isEqualTo(expected);
            }
            benchmark.close();
        }
    }

    @Test
    void truncateCutsOffThePagesThatWereBroughtIn() throws Exception {
        final TruncateBenchmark benchmark = new TruncateBenchmark();
        benchmark.pages = 100;
        benchmark.holeBits = 40;
        benchmark.open();
        for (int i = 0; i < 3; i++) {
            benchmark.grow();
            benchmark.truncate();
        }
        benchmark.close();
    }

    @Test
    void peersReadTheSameBytesAsTheCache() throws Exception {
        final CaffeineBenchmark caffeine = new CaffeineBenchmark();
        caffeine.fill();
        verify("Caffeine", c -> caffeine.bytes8(c), c -> caffeine.kib4(c), c -> caffeine.kib64(c));
        caffeine.close();
        final EhcacheBenchmark ehcache = new EhcacheBenchmark();
        ehcache.fill();
        verify("Ehcache", c -> ehcache.bytes8(c), c -> ehcache.kib4(c), c -> ehcache.kib64(c));
        ehcache.close();
        for (final ChronicleBenchmark.Kind kind : ChronicleBenchmark.Kind.values()) {
            final ChronicleBenchmark chronicle = new ChronicleBenchmark();
            chronicle.kind = kind;
            chronicle.fill();
            verify("Chronicle " + kind, c -> chronicle.bytes8(c), c -> chronicle.kib4(c), c -> chronicle.kib64(c));
            chronicle.close();
        }
        final MappedBenchmark mapped = new MappedBenchmark();
        mapped.map();
        verify("a mapped buffer", c -> mapped.buffer8(c), c -> mapped.kib4(c), c -> mapped.kib64(c));
        verify("a mapped segment", c -> mapped.segment8(c), c -> mapped.kib4(c), c -> mapped.kib64(c));
        mapped.unmap();
        for (final FilePlace place : FilePlace.values()) {
            final FileChannelBenchmark channel = new FileChannelBenchmark();
            channel.place = place;
            channel.open();
            final FileChannelBenchmark.Buffers buffers = new FileChannelBenchmark.Buffers();
            buffers.wrap(cursor);
            verify("a channel to " + place, c -> unchecked(() -> channel.bytes8(c, buffers)), c -> unchecked(() -> channel.kib4(c, buffers)),
                c -> unchecked(() -> channel.kib64(c, buffers)));
            channel.close();
        }
    }

    private void verify(final String name, final ToIntFunction<Cursor> word, final ToIntFunction<Cursor> page,
        final ToIntFunction<Cursor> block) {
        cursor.start(ONE_THREAD);
        final Cursor same = new Cursor();
        same.start(ONE_THREAD);
        for (int i = 0; i < OPERATIONS; i++) {
            assertThat(word.applyAsInt(cursor)).as(name).isEqualTo(8);
            check(name, same.words.next(), 8);
            assertThat(page.applyAsInt(cursor)).as(name).isEqualTo(4096);
            check(name, same.pages.next(), 4096);
            assertThat(block.applyAsInt(cursor)).as(name).isEqualTo(64 << 10);
            check(name, same.blocks.next(), 64 << 10);
        }
        same.release();
    }

    private void check(final String name, final long offset, final int length) {
        for (int at = 0; at < length; at += Math.max(8, length - 8)) {
            assertThat(OffHeap.getLong(cursor.buffer + at)).as(name).isEqualTo(offset + at);
        }
    }

    private interface Read {
        int read() throws Exception;
    }

    private static int unchecked(final Read read) {
        try {
            return read.read();
        } catch (final Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Requests and what they go to. */
    private static final class Asked implements AutoCloseable {
        private final Requests requests = new Requests();
        private final Request request = new Request();

        private Asked(final StoreKind store, final String policy, final Requests.Temperature temperature, final Request.Order order,
            final int size, final boolean aligned, final long... cost) throws Exception {
            requests.store = store;
            requests.policy = WritePolicies.byName(policy).name();
            requests.temperature = temperature;
            requests.callNanos = cost.length > 0 ? cost[0] : 0;
            requests.pageNanos = cost.length > 1 ? cost[1] : 0;
            requests.fill();
            request.size = size;
            request.aligned = aligned;
            request.order = order;
            request.start(requests, 0);
        }

        @Override
        public void close() throws IOException {
            request.close();
            requests.close();
        }
    }
}
