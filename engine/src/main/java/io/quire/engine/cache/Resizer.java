package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;

import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.Errno;
import io.quire.engine.tree.NodeSlab;
import io.quire.engine.tree.PageTree;

/**
 * Changes the capacity of a cache while it is used, and what depends on it. Runs under the cache's capacity lock.
 *
 * <p>The arena is reserved for the largest capacity, and the allocator gives out only frames below a limit. To shrink is to
 * lower the limit, to move every page that stands above it (evicting others where no frame is free), and to give the memory
 * back. To grow is to raise the limit. A shrink that fails leaves the former capacity and no page lost (G10).
 */
final class Resizer {
    private static final int BATCH = 64;
    private static final long PAUSE_NANOS = 50_000L;

    /** Most pages of a write's batch, in a cache large enough. */
    private static final int WRITE_BATCH = 256;
    /** The part of the pages that one thread's batch may hold, so that as many threads find room at once. */
    private static final int THREADS = 32;
    /** The same in a small cache, which one thread uses at a time. */
    private static final int SMALL_BATCH_SHARE = 4;
    private static final int SMALL_BATCH = (int) (PageCache.MIN_CAPACITY >>> FRAME_SHIFT) / THREADS;
    /** The part of the frames that may stand empty after an eviction. */
    private static final int EVICTION_SHARE = 128;
    /** The bytes that the cache may use beside its pages are their fiftieth part. */
    private static final int OVERHEAD_SHARE = 50;
    private static final int DENSE_PAGES_PER_NODE = 60;

    private final PageCache cache;
    private final long readAheadBytes;
    private final boolean largePagesWanted;
    private final long leastCapacity;
    private volatile long patienceNanos = TimeUnit.SECONDS.toNanos(10);
    private String obstacle;

    Resizer(final PageCache cache, final PageCacheBuilder builder) {
        this.cache = cache;
        this.readAheadBytes = builder.readAhead;
        this.largePagesWanted = builder.largePages;
        this.leastCapacity = Math.min(builder.capacity, PageCache.MIN_CAPACITY);
    }

    /** How long a page that is in use may hold a shrink up. */
    void patience(final long nanos) {
        patienceNanos = nanos;
    }

    /** Refuses a capacity that the cache cannot have. */
    void check(final long bytes) throws CacheException {
        if (bytes < leastCapacity || bytes > cache.maxCapacity()) {
            throw new CacheException(Errno.EINVAL, "this cache can hold " + leastCapacity + " to " + cache.maxCapacity()
                + " bytes, not " + bytes + "; choose a size between, or a larger maxCapacity when it is made");
        }
    }

    void resize(final int frames) throws CacheException {
        final int before = cache.allocator.frames();
        if (frames >= before) {
            cache.arena.limit(frames);
            cache.allocator.limit(frames);
            capacityChanged(frames);
            return;
        }
        // Batches first, so that what begins from now on is sized for the smaller cache.
        capacityChanged(frames);
        cache.allocator.limit(frames);
        final int used = cache.allocator.used();
        boolean done = false;
        try {
            evacuate(frames);
            done = true;
        } finally {
            if (!done) {
                cache.allocator.limit(before);
                capacityChanged(before);
            }
        }
        cache.arena.limit(frames);
        if (used > frames) {
            cache.arena.discard(frames, used);
        }
    }

    /** Makes everything that depends on the capacity follow it. */
    void capacityChanged(final int frames) {
        final int part = frames / THREADS;
        final int batch = Math.max(part, Math.min(SMALL_BATCH, frames / SMALL_BATCH_SHARE));
        cache.batchLimit = Math.min(WRITE_BATCH, batch);
        cache.fillLimit = Math.min(ThreadState.BATCH, batch);
        cache.readAheadPages = Math.clamp(readAheadBytes >>> FRAME_SHIFT, 1, Math.clamp(part, 1, cache.fillLimit));
        // R14: frames that stand empty are a smaller cache.
        cache.evictionBatch = Math.clamp(frames / EVICTION_SHARE, 1, ThreadState.EVICTIONS);
        // A page of four frames would be a quarter of the smallest cache, pinned as a whole.
        cache.largePages = largePagesWanted && frames >= PageCache.MIN_CAPACITY >>> FRAME_SHIFT;
        cache.reclaimer.capacity(frames);
        cache.replacement.capacity(frames);
        // T17. Three quarters of what the promise leaves for nodes, as a change may need several, and a full cache has a few frames free
        // at times; and never less than pages in runs need.
        final long room = ((long) frames << FRAME_SHIFT) / OVERHEAD_SHARE - (long) frames * PageDescriptors.DESCRIPTOR_SIZE
            - cache.tableBytes();
        cache.nodes.historyLimit((int) Math.max(room * 3 / 4 / NodeSlab.NODE_SIZE, frames / DENSE_PAGES_PER_NODE));
    }

    /** Moves every page above the limit, in passes over the mappings: what comes in meanwhile stands below it. */
    private void evacuate(final int frames) throws CacheException {
        final ThreadState state = cache.threads.current();
        long lastProgress = System.nanoTime();
        int least = Integer.MAX_VALUE;
        while (!cache.allocator.retire()) {
            writeBack();
            pass(frames, state);
            final int stranded = cache.allocator.stranded();
            if (stranded < least) {
                least = stranded;
                lastProgress = System.nanoTime();
            } else if (System.nanoTime() - lastProgress > patienceNanos) {
                throw new CacheException(Errno.EBUSY, "the cache cannot shrink to " + ((long) frames << FRAME_SHIFT)
                    + " bytes: " + stranded + " pages above them could not be moved for "
                    + TimeUnit.NANOSECONDS.toMillis(patienceNanos) + " ms, " + obstacle
                    + "; it keeps its size, try again when the files are used less");
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** Dirty pages cannot be evicted: no more of them than the smaller cache may have. Holds no mapping, as it locks some. */
    private void writeBack() throws CacheException {
        final Iterator<Mapping> mappings = cache.mappings.values().iterator();
        if (mappings.hasNext()) {
            cache.dirty.balance(mappings.next());
        }
    }

    private void pass(final int frames, final ThreadState state) {
        obstacle = "frames in the hands of a fault";
        Mapping mapping = cache.mappings.next(null);
        boolean ended = false;
        try {
            while (mapping != null) {
                evacuate(mapping, frames, state);
                mapping = cache.mappings.next(mapping);
            }
            ended = true;
        } finally {
            if (!ended) {
                cache.mappings.release(mapping);
            }
        }
    }

    private void evacuate(final Mapping mapping, final int limit, final ThreadState state) {
        final long[] indices = new long[BATCH];
        final int[] frames = new int[BATCH];
        long from = 0;
        int found = BATCH;
        while (found == BATCH && from <= PageTree.MAX_INDEX) {
            mapping.tree.lock();
            try {
                found = mapping.tree.gang(from, PageTree.MAX_INDEX, indices, frames);
            } finally {
                mapping.tree.unlock();
            }
            for (int i = 0; i < found; i++) {
                if (frames[i] >= limit) {
                    move(mapping, indices[i], frames[i], state);
                }
            }
            from = found == 0 ? from : indices[found - 1] + 1;
        }
    }

    private void move(final Mapping mapping, final long index, final int frame, final ThreadState state) {
        // Pages of one frame find a place more easily, and a compound page may lie on both sides of the limit.
        cache.large.trySplit(mapping, index, state);
        final int target = cache.tryAllocate(state);
        if (target == FrameAllocator.NONE) {
            obstacle = "as no other page can be evicted";
            return;
        }
        switch (cache.migrator.migrate(mapping, index, frame, target)) {
            case MOVED -> {
                state.count(CacheCounter.MIGRATIONS, 1);
                cache.allocator.free(frame);
            }
            case GONE -> cache.allocator.free(target);
            case BUSY -> {
                cache.allocator.free(target);
                obstacle = "such as page " + index + " of mapping " + mapping.id + ", which is in use";
            }
        }
    }
}
