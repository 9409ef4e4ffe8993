package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
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
 * Reads of pages that are almost never in the cache: a file of 256 MiB behind a cache of 4 MiB, without read-ahead. Each
 * evicts a page, fetches one from a store in memory and copies it out.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FaultBenchmark {
    private static final int CHUNK = 1 << 20;

    private final RandomOffsets pages = new RandomOffsets(Fixture.BYTES, 4096, 4096, 1);
    private MemoryStore store;
    private PageCache cache;
    private CachedFile file;
    private long buffer;

    /** Made by JMH. */
    public FaultBenchmark() {
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
        buffer = NativeMemory.reserve(CHUNK, false);
        store = new MemoryStore();
        cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).readAhead(0).build();
        file = cache.open(store.open("file", true));
        for (long at = 0; at < Fixture.BYTES; at += CHUNK) {
            file.write(at, buffer, CHUNK);
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
        NativeMemory.release(buffer, CHUNK);
    }

    /**
     * One page, from the store.
     *
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int page() throws CacheException {
        return file.read(pages.next(), buffer, 4096);
    }
}
