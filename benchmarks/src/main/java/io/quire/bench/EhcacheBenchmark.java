package io.quire.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

import org.ehcache.Cache;
import org.ehcache.CacheManager;
import org.ehcache.config.builders.CacheConfigurationBuilder;
import org.ehcache.config.builders.CacheManagerBuilder;
import org.ehcache.config.builders.ResourcePoolsBuilder;
import org.ehcache.config.units.MemoryUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.memory.OffHeap;

/**
 * Peer: the same reads from Ehcache's off-heap store, a page to an entry. Its entries come out as arrays on the heap: each read
 * allocates and fills a page before its bytes can be used, for 8 bytes as for 4 KiB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EhcacheBenchmark {
    private static final int PAGE_SIZE = 4096;
    /** More than the pages, for its keys and tables: nothing is to be evicted. */
    private static final long POOL_MEBIBYTES = 512;

    private CacheManager manager;
    private Cache<Long, byte[]> cache;

    /** Made by JMH. */
    public EhcacheBenchmark() {
        cache = null;
    }

    /** Fills the cache. */
    @Setup(Level.Trial)
    public void fill() {
        manager = CacheManagerBuilder.newCacheManagerBuilder().build(true);
        cache = manager.createCache("pages", CacheConfigurationBuilder.newCacheConfigurationBuilder(Long.class, byte[].class,
            ResourcePoolsBuilder.newResourcePoolsBuilder().offheap(POOL_MEBIBYTES, MemoryUnit.MB)));
        final ByteBuffer page = ByteBuffer.allocate(PAGE_SIZE).order(ByteOrder.nativeOrder());
        for (long number = 0; number < Fixture.BYTES / PAGE_SIZE; number++) {
            for (int word = 0; word < PAGE_SIZE; word += Long.BYTES) {
                page.putLong(word, number * PAGE_SIZE + word);
            }
            cache.put(number, page.array());
        }
        for (long number = 0; number < Fixture.BYTES / PAGE_SIZE; number++) {
            page(number);
        }
    }

    /** Gives the memory back. */
    @TearDown(Level.Trial)
    public void close() {
        manager.close();
    }

    private byte[] page(final long number) {
        final byte[] page = cache.get(number);
        if (page == null) {
            throw new IllegalStateException("page " + number + " is not cached");
        }
        return page;
    }

    private int read(final long offset, final long target, final int length) {
        int done = 0;
        while (done < length) {
            final long at = offset + done;
            final int within = (int) at & PAGE_SIZE - 1;
            final int count = Math.min(length - done, PAGE_SIZE - within);
            OffHeap.copyFromArray(page(at / PAGE_SIZE), within, target + done, count);
            done += count;
        }
        return done;
    }

    /**
     * One word.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int bytes8(final Cursor cursor) {
        return read(cursor.words.next(), cursor.buffer, 8);
    }

    /**
     * One page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib4(final Cursor cursor) {
        return read(cursor.pages.next(), cursor.buffer, PAGE_SIZE);
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib64(final Cursor cursor) {
        return read(cursor.blocks.next(), cursor.buffer, 64 << 10);
    }
}
