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

/** Cutting a sparse file off, with its pages at even distances; {@link TruncateScale} goes to a million of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TruncateBenchmark {
    private static final long CAPACITY = 128L << 20;

    /** Pages that are present. */
    @Param("100")
    public int pages;

    /** Pages of the hole that they lie in, as a power of two below 51. */
    @Param("40")
    public int holeBits;

    private final long buffer = NativeMemory.reserve(PageCache.PAGE_SIZE, false);
    private MemoryStore store;
    private PageCache cache;
    private CachedFile file;

    /** Made by JMH. */
    public TruncateBenchmark() {
        pages = 1;
    }

    /**
     * Makes an empty file.
     *
     * @throws CacheException when the cache fails
     * @throws StoreException when the store fails
     */
    @Setup(Level.Trial)
    public void open() throws CacheException, StoreException {
        store = new MemoryStore();
        cache = Quire.cache().capacity(CAPACITY).readAhead(0).build();
        file = cache.open(store.open("file", true));
    }

    /**
     * Brings the pages in.
     *
     * @throws CacheException when the cache fails
     */
    @Setup(Level.Invocation)
    public void grow() throws CacheException {
        final long hole = 1L << holeBits;
        file.truncate(hole << 12);
        final long stride = (hole - 1) / pages;
        for (long i = 1; i <= pages; i++) {
            file.read(i * stride << 12, buffer, 8);
        }
        if (file.cachedPages() != pages) {
            throw new IllegalStateException(file.cachedPages() + " pages are present, not " + pages);
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
        NativeMemory.release(buffer, PageCache.PAGE_SIZE);
    }

    /**
     * Down to one page.
     *
     * @throws CacheException when it cannot be truncated
     */
    @Benchmark
    public void truncate() throws CacheException {
        file.truncate(PageCache.PAGE_SIZE);
    }
}
