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
 * Reads of a file of 256 MiB at random, behind a smaller cache and without read-ahead. With a cache of 4 MiB pages are almost never
 * there: each read evicts a page, fetches one from a store in memory and copies it out.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FaultBenchmark {
    private static final int CHUNK = 1 << 20;

    /** How much fits, in mebibytes: 4 or more. */
    @Param("4")
    public int cacheMebibytes;

    /** The cache, to be looked at. */
    PageCache cache;

    private MemoryStore store;
    private CachedFile file;

    /** A thread's handle. */
    @State(Scope.Thread)
    public static class Handle {
        private CachedFile file;

        /** Made by JMH. */
        public Handle() {
            file = null;
        }

        /**
         * Opens it.
         *
         * @param of whose file
         * @throws CacheException when it cannot be opened
         */
        @Setup(Level.Trial)
        public void open(final FaultBenchmark of) throws CacheException {
            file = of.file.reopen();
        }

        /**
         * Closes it.
         *
         * @throws CacheException when it cannot be closed
         */
        @TearDown(Level.Trial)
        public void close() throws CacheException {
            file.close();
        }
    }

    /** Made by JMH. */
    public FaultBenchmark() {
        cacheMebibytes = 4;
    }

    /**
     * Fills the file.
     *
     * @throws CacheException when the cache fails
     * @throws StoreException when the store fails
     */
    @Setup(Level.Trial)
    public void fill() throws CacheException, StoreException {
        final long buffer = NativeMemory.reserve(CHUNK, false);
        store = new MemoryStore();
        cache = Quire.cache().capacity((long) cacheMebibytes << 20).readAhead(0).build();
        file = cache.open(store.open("file", true));
        for (long at = 0; at < Fixture.BYTES; at += CHUNK) {
            file.write(at, buffer, CHUNK);
        }
        NativeMemory.release(buffer, CHUNK);
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
    }

    /**
     * One page.
     *
     * @param cursor the thread's buffer and offsets
     * @param handle the thread's handle
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int page(final Cursor cursor, final Handle handle) throws CacheException {
        return handle.file.read(cursor.pages.next(), cursor.buffer, 4096);
    }
}
