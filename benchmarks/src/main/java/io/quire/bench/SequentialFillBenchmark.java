package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreException;

/**
 * Sequential reads of pages that are never in the cache: a file of 256 MiB behind a cache of 64 MiB, over and over. Each
 * evicts a mebibyte, and fetches one from a store in memory by one call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SequentialFillBenchmark {
    private static final int FILL = 1 << 20;

    /** Whether neighbours are gathered into compound pages. */
    @Param("true")
    public boolean largePages;

    private MemoryStore store;
    private PageCache cache;
    private CachedFile file;
    private long buffer;
    private long next;

    /** Made by JMH. */
    public SequentialFillBenchmark() {
        buffer = 0;
    }

    /**
     * Fills the file.
     *
     * @throws CacheException when the cache fails
     * @throws StoreException when the store fails
     */
    @Setup(Level.Trial)
    public void fill() throws CacheException, StoreException {
        buffer = NativeMemory.reserve(FILL, false);
        store = new MemoryStore();
        cache = Quire.cache().capacity(64L << 20).build();
        file = cache.open(store.open("file", true));
        for (long at = 0; at < Fixture.BYTES; at += FILL) {
            file.write(at, buffer, FILL);
        }
    }

    /**
     * Closes everything.
     *
     * @throws CacheException when the cache fails
     * @throws StoreException when the store fails
     */
    @TearDown(Level.Trial)
    public void close() throws CacheException, StoreException {
        file.close();
        cache.close();
        store.close();
        NativeMemory.release(buffer, FILL);
    }

    /**
     * Brings the next mebibyte in and copies it out.
     *
     * @return bytes fetched
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int mib() throws CacheException {
        final int n = file.read(next, buffer, FILL);
        next = next + FILL & Fixture.BYTES - 1;
        return n;
    }
}
