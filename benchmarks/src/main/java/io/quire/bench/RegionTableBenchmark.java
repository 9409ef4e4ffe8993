package io.quire.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

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
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreException;

/**
 * Finding the region of an address among a thousand, while another thread maps and unmaps: ten thousand times a second at
 * most, so that on a machine of two processors it does not take one of them from the readers.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RegionTableBenchmark {
    private static final int REGIONS = 1024;
    private static final long PAUSE_NANOS = 100_000;

    private MemoryStore store;
    private PageCache cache;
    private CachedFile file;
    private AddressSpace space;
    private Thread mapper;
    private volatile boolean stopping;
    private volatile Exception failure;

    private final long[] addresses = new long[REGIONS];

    /** A thread's way through the regions. */
    @State(Scope.Thread)
    public static class Walk {
        private int at;

        /** Made by JMH. */
        public Walk() {
            at = (int) Thread.currentThread().threadId();
        }

        int next() {
            at = at * 1_664_525 + 1_013_904_223;
            return at >>> 22;
        }
    }

    /** Made by JMH. */
    public RegionTableBenchmark() {
        stopping = false;
    }

    /**
     * Maps the regions, and starts the thread that maps and unmaps others.
     *
     * @throws CacheException when the cache fails
     * @throws StoreException when the store fails
     */
    @Setup(Level.Trial)
    public void open() throws CacheException, StoreException {
        store = new MemoryStore();
        cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).build();
        file = cache.open(store.open("file", true));
        file.truncate(1 << 20);
        space = new AddressSpace();
        for (int i = 0; i < REGIONS; i++) {
            addresses[i] = space.map(file, 0, 1 << 20, Sharing.SHARED, Protection.READ).address();
        }
        mapper = Thread.ofPlatform().name("mapper").start(() -> {
            try {
                while (!stopping) {
                    space.map(file, 0, 1 << 20, Sharing.SHARED, Protection.READ).close();
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            } catch (final CacheException e) {
                failure = e;
            }
        });
    }

    /**
     * Ends the thread and closes everything.
     *
     * @throws Exception when the other thread, the cache or the store failed
     */
    @TearDown(Level.Trial)
    public void close() throws Exception {
        stopping = true;
        mapper.join();
        if (failure != null) {
            throw failure;
        }
        space.close();
        file.close();
        cache.close();
        store.close();
    }

    /**
     * Finds the region of an address.
     *
     * @param walk the thread's way
     * @return the region
     */
    @Benchmark
    public MappedRegion find(final Walk walk) {
        return space.find(addresses[walk.next()] + 4096);
    }
}
