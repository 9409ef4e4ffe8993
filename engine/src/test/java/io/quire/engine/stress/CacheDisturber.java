package io.quire.engine.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.Store;

/**
 * Threads that do to a cache what must not change any content: make others evict, drop pages, resize, compact. Closed before the
 * cache is.
 */
final class CacheDisturber implements AutoCloseable {
    /** What they do. */
    enum Act { COLD_READ, DROP, RESIZE, COMPACT }

    /** Smallest and largest capacity of a cache that is disturbed. */
    static final long SMALLEST = PageCache.MIN_CAPACITY;
    static final long LARGEST = 3 * PageCache.MIN_CAPACITY;

    /** More pages than any cache that is disturbed has frames: whoever reads them all makes others go. */
    private static final int COLD_PAGES = 4000;
    /** As many pages as have left at least when the disturber has been made. */
    static final long LEAST_EVICTIONS = COLD_PAGES - LARGEST / PageCache.PAGE_SIZE;

    private static final int LONGEST_RUN = 256;
    private static final int LONGEST_PAUSE_NANOS = 4_000_000;

    private final PageCache cache;
    private final CachedFile cold;
    private final AtomicLongArray counts = new AtomicLongArray(Act.values().length);
    private final List<Future<?>> running = new ArrayList<>();
    private volatile boolean stopped;

    CacheDisturber(final PageCache cache, final Store store, final ExecutorService threads, final long seed) throws Exception {
        this.cache = cache;
        final CachedFile made = cache.open(store.open("cold", true));
        made.truncate((long) COLD_PAGES * PageCache.PAGE_SIZE);
        this.cold = made;
        fill();
        running.add(threads.submit(evictor(new Random(seed + 1))));
        running.add(threads.submit(shaper(new Random(seed + 2))));
    }

    /** So that the cache is full from the beginning, however late the threads get to work. */
    private void fill() throws CacheException {
        final int length = LONGEST_RUN * PageCache.PAGE_SIZE;
        final long buffer = NativeMemory.reserve(length, false);
        try {
            for (long at = 0; at < (long) COLD_PAGES * PageCache.PAGE_SIZE; at += length) {
                cold.read(at, buffer, length);
            }
        } finally {
            NativeMemory.release(buffer, length);
        }
    }

    /** Reads much else, so that pages leave. */
    private Callable<Void> evictor(final Random random) {
        return () -> {
            final long buffer = NativeMemory.reserve((long) LONGEST_RUN * PageCache.PAGE_SIZE, false);
            try {
                while (!stopped) {
                    final int pages = 1 + random.nextInt(LONGEST_RUN);
                    final long at = (long) random.nextInt(COLD_PAGES) * PageCache.PAGE_SIZE;
                    cold.read(at, buffer, pages * PageCache.PAGE_SIZE);
                    count(Act.COLD_READ);
                }
            } finally {
                NativeMemory.release(buffer, (long) LONGEST_RUN * PageCache.PAGE_SIZE);
            }
            return null;
        };
    }

    /** Changes the cache itself. */
    private Callable<Void> shaper(final Random random) {
        return () -> {
            while (!stopped) {
                switch (random.nextInt(16)) {
                    case 0 -> {
                        cache.drop();
                        count(Act.DROP);
                    }
                    case 1, 2, 3 -> {
                        cache.resize(SMALLEST + (long) (random.nextDouble() * (LARGEST - SMALLEST)));
                        count(Act.RESIZE);
                    }
                    case 4, 5, 6 -> {
                        cache.compact();
                        count(Act.COMPACT);
                    }
                    default -> { }
                }
                // Between two changes the cache is to fill again.
                LockSupport.parkNanos(random.nextInt(LONGEST_PAUSE_NANOS));
            }
            return null;
        };
    }

    private void count(final Act act) {
        counts.incrementAndGet(act.ordinal());
    }

    /** How often each was done. */
    void countInto(final Map<String, Long> target) {
        for (final Act act : Act.values()) {
            target.put(act.name(), counts.get(act.ordinal()));
        }
    }

    @Override
    public void close() throws CacheException {
        stopped = true;
        try {
            for (final Future<?> one : running) {
                one.get(4, TimeUnit.MINUTES);
            }
        } catch (final Exception e) {
            throw new AssertionError("a thread that disturbs the cache", e);
        } finally {
            cold.close();
        }
    }
}
