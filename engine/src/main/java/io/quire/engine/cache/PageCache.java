package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.quire.engine.lock.FaultMutexTable;
import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.lock.PageLocks;
import io.quire.engine.memory.CompoundPages;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.FrameArena;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;
import io.quire.engine.tree.NodeSlab;
import io.quire.engine.tree.PageTree;

/**
 * A bounded set of off-heap pages through which files are read and written.
 *
 * <p>Made by {@link #builder}; {@code io.quire.engine.Quire} makes one with the usual policies:
 *
 * {@snippet file="EmbeddingTest.java" region="example"}
 *
 * <p>Thread-safe. The cache starts no thread of its own. Its memory is reserved when it is made, touched as pages are first
 * used, and bounded by the capacity plus at most 2 % of it where files are used in runs of 26 pages or more on average, or one page
 * each; pages that lie scattered in a file cost up to a tree node of 320 bytes and its parents each. Hits allocate nothing on the heap.
 */
public final class PageCache implements AutoCloseable {
    /** Size of a page, in bytes. */
    public static final int PAGE_SIZE = FRAME_SIZE;
    /** Smallest capacity of a cache for general use, in bytes. */
    public static final long MIN_CAPACITY = 4L << 20;
    /** Smallest capacity of a cache for one thread at a time, in bytes; see {@link PageCacheBuilder#smallCapacity}. */
    public static final long SMALLEST_CAPACITY = 16L * PAGE_SIZE;
    /** Largest capacity, in bytes. */
    public static final long MAX_CAPACITY = 4L << 40;

    private static final Cleaner CLEANER = Cleaner.create();
    private static final long ALLOCATION_PATIENCE_NANOS = 10_000_000_000L;
    private static final long ALLOCATION_PAUSE_NANOS = 50_000L;
    private static final int NODES_PER_FRAME = 9;

    final System.Logger logger = System.getLogger(PageCache.class.getName());
    final FrameArena arena;
    final PageDescriptors descriptors;
    final FrameAllocator allocator;
    final CompoundPages compounds;
    final LargePages large;
    final NodeSlab nodes;
    final PageLocks locks;
    final PageLocker locker;
    final FaultMutexTable stripes;
    final ReplacementPolicy replacement;
    final MappingTable mappings = new MappingTable();
    final ThreadStates threads;
    final PageFiller filler;
    final PageRemover remover;
    final DirtyPages dirty;
    final Reclaimer reclaimer;
    final Migrator migrator;
    final Resizer resizer;
    final Compactor compactor;
    final Executor readAheadExecutor;
    /** Most pages of a read-ahead window, of a batch of a write and of a fill; all follow the capacity. */
    volatile int readAheadPages;
    volatile int batchLimit;
    volatile int fillLimit;
    /** Most pages that are evicted to make room for one. */
    volatile int evictionBatch;
    volatile boolean largePages;

    private final OrderedMutex capacityLock = new OrderedMutex(LockClass.CAPACITY, "capacity");
    private final OffHeapResources resources;
    private final CacheCounters counters;
    private final AtomicLong nextMapping = new AtomicLong();
    private volatile WritePolicy writePolicy;
    private volatile boolean closed;

    PageCache(final PageCacheBuilder builder) {
        final int frames = (int) (builder.maxCapacity() >>> FRAME_SHIFT);
        final int processors = Runtime.getRuntime().availableProcessors();
        resources = new OffHeapResources();
        arena = resources.keep(new FrameArena(frames, builder.hugePages));
        descriptors = resources.keep(new PageDescriptors(frames));
        final OrderedMutex freeFrames = new OrderedMutex(LockClass.ALLOCATOR, "free frames");
        allocator = resources.keep(new FrameAllocator(descriptors, freeFrames::lock, freeFrames::unlock));
        compounds = new CompoundPages(descriptors, allocator);
        large = new LargePages(this);
        nodes = resources.keep(new NodeSlab((int) Math.min((long) frames * NODES_PER_FRAME + 1024, 1 << 29)));
        locks = resources.keep(new PageLocks(descriptors, processors));
        locker = new PageLocker(descriptors, locks, compounds);
        // The memory stays mapped until no thread can reach it: a read that races with close finds it stale, not gone.
        CLEANER.register(this, resources);
        stripes = new FaultMutexTable(processors);
        replacement = resources.keep(builder.replacement.create(descriptors));
        threads = new ThreadStates(resources);
        filler = new PageFiller(this);
        remover = new PageRemover(this);
        dirty = new DirtyPages(this);
        reclaimer = new Reclaimer(this);
        migrator = new Migrator(this);
        resizer = new Resizer(this, builder);
        compactor = new Compactor(this);
        readAheadExecutor = builder.readAheadExecutor;
        allocator.limit((int) (builder.capacity >>> FRAME_SHIFT));
        arena.limit(allocator.frames());
        resizer.capacityChanged(allocator.frames());
        writePolicy = builder.writePolicy;
        counters = new CacheCounters(this);
    }

    /**
     * Starts to describe a cache.
     *
     * @param writePolicy how writes reach the store; may be changed later
     * @param replacement makes the replacement policy
     * @return a builder with the default capacity of 512 MiB
     */
    public static PageCacheBuilder builder(final WritePolicy writePolicy, final ReplacementFactory replacement) {
        return new PageCacheBuilder(writePolicy, replacement);
    }

    /**
     * Opens a file through the cache. The cache takes the store file over and closes it with the last handle.
     *
     * @param file of a store; must not be opened twice: use {@link CachedFile#reopen} for further handles
     * @return a handle
     * @throws CacheException when the file's attributes cannot be read; the file is then still the caller's
     * @throws IllegalStateException when the cache is closed; a file that was being opened meanwhile is closed
     */
    public CachedFile open(final StoreFile file) throws CacheException {
        checkOpen();
        final StoreAttributes attributes = new StoreAttributes();
        try {
            file.attributes(attributes);
        } catch (final StoreException e) {
            throw new CacheException("opening a file", e);
        }
        return adopt(file, attributes);
    }

    /**
     * Opens a file whose attributes the caller has just read. Otherwise as {@link #open(StoreFile)}.
     *
     * @param file       of a store; as there
     * @param attributes its size and times, not kept
     * @return a handle
     * @throws CacheException        when the cache was closed meanwhile and closing the file fails
     * @throws IllegalStateException when the cache is closed
     */
    public CachedFile open(final StoreFile file, final StoreAttributes attributes) throws CacheException {
        checkOpen();
        return adopt(file, attributes);
    }

    /** Takes a file over; when the cache is closed by now, closes it. */
    private CachedFile adopt(final StoreFile file, final StoreAttributes attributes) throws CacheException {
        final Mapping mapping = new Mapping(this, nextMapping.incrementAndGet(), file, attributes);
        mapping.attach();
        mappings.add(mapping);
        if (closed && mapping.condemn()) {
            // Close may have looked through the mappings before this one was there.
            tearDown(mapping);
            throw new IllegalStateException("the cache is closed");
        }
        return new CachedFile(mapping);
    }

    /**
     * How many bytes of pages the cache may hold now.
     *
     * @return bytes, a multiple of {@link #PAGE_SIZE}
     */
    public long capacity() {
        return (long) allocator.frames() << FRAME_SHIFT;
    }

    /**
     * How large {@link #resize} may make the cache.
     *
     * @return bytes, a multiple of {@link #PAGE_SIZE}
     */
    public long maxCapacity() {
        return (long) arena.frames() << FRAME_SHIFT;
    }

    /**
     * Changes the capacity while the cache is used. A smaller one takes effect when this returns: pages have moved together,
     * others were evicted, and the memory was given back. Callers wait for each other.
     *
     * @param bytes {@link #MIN_CAPACITY}, or what a smaller cache was made with, to {@link #maxCapacity()}, rounded down to whole pages
     * @throws CacheException EINVAL outside that range; EBUSY when pages that must move stay in use for ten seconds: the
     *                        capacity is then as before
     * @throws IllegalStateException when the cache is closed
     */
    public void resize(final long bytes) throws CacheException {
        resizer.check(bytes);
        checkOpen();
        capacityLock.lock();
        try {
            resizer.resize((int) (bytes >>> FRAME_SHIFT));
        } finally {
            capacityLock.unlock();
        }
    }

    /**
     * Moves pages so that free frames come together in blocks of 2 MiB, the cheapest first, for compound pages. Bounded: it
     * moves 64 MiB at most, evicts nothing and waits for no page. Callers wait for each other.
     *
     * @return how many blocks of 2 MiB it made free
     * @throws IllegalStateException when the cache is closed
     */
    public int compact() {
        checkOpen();
        capacityLock.lock();
        try {
            return compactor.compact();
        } finally {
            capacityLock.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed");
        }
    }

    /**
     * The policy of files that have none of their own.
     *
     * @return the policy
     */
    public WritePolicy writePolicy() {
        return writePolicy;
    }

    /**
     * Changes the policy for writes that begin from now on.
     *
     * @param policy the new policy
     */
    public void writePolicy(final WritePolicy policy) {
        writePolicy = Objects.requireNonNull(policy, "policy");
    }

    /**
     * What the cache counts.
     *
     * @return a reader, thread-safe
     */
    public CacheCounters counters() {
        return counters;
    }

    /**
     * Drops every page that is not in use. Data is not lost: it is in the store.
     */
    public void drop() {
        for (final Mapping mapping : mappings.values()) {
            mapping.writeLock.lock();
            try {
                dirty.flush(mapping, 0, PageTree.MAX_INDEX);
                remover.removeOnce(mapping, 0, PageTree.MAX_INDEX, true);
            } catch (final CacheException e) {
                // Recorded for every open file; the pages stay.
                logger.log(System.Logger.Level.WARNING, "writing back pages to be dropped", e);
            } finally {
                mapping.writeLock.unlock();
            }
        }
    }

    /**
     * Off-heap bytes in use beside the pages.
     *
     * @return the total of {@link #overhead}
     */
    public long overheadBytes() {
        return overhead().total();
    }

    /**
     * Off-heap bytes in use beside the pages, by what they are for.
     *
     * @return recent values
     */
    public MemoryOverhead overhead() {
        return new MemoryOverhead((long) Math.max(allocator.frames(), allocator.used()) * PageDescriptors.DESCRIPTOR_SIZE,
            nodes.bytesUsed(), tableBytes());
    }

    long tableBytes() {
        return nodes.hintBytes() + allocator.tableBytes() + replacement.tableBytes();
    }

    /**
     * Checks the whole structure: every tree, every descriptor, every queue, every frame. Only when nothing else uses the
     * cache.
     *
     * @throws AssertionError naming what is wrong
     */
    public void verify() {
        new StructureCheck(this).run();
    }

    /**
     * Closes every file that is still open and gives the memory back. What was stored through regions is handed to the store,
     * without a sync. Later use is refused.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (final Mapping mapping : mappings.values()) {
            if (mapping.condemn()) {
                try {
                    tearDown(mapping);
                } catch (final CacheException e) {
                    logger.log(System.Logger.Level.WARNING, "closing a file of a closing cache", e);
                }
            }
        }
        NativeMemory.discard(arena.base(), maxCapacity());
        Reference.reachabilityFence(this);
    }

    void tearDown(final Mapping mapping) throws CacheException {
        mapping.writeLock.lock();
        try {
            try {
                // Fails when the last dirty pages cannot be written back: the file is closed all the same.
                remover.tearDown(mapping);
            } finally {
                mappings.remove(mapping);
                mapping.tree.close();
                mapping.file.close();
            }
        } catch (final StoreException e) {
            throw new CacheException("closing a file", e);
        } finally {
            mapping.writeLock.unlock();
        }
    }

    /** Drops a reference; the last one frees the page's frames. */
    void release(final int frame) {
        compounds.release(frame);
    }

    /** As {@link #release} of each of some frames that follow each other. */
    void releaseRun(final int frame, final int count) {
        compounds.releaseRun(frame, count);
    }

    /** A frame, after one attempt to make room. */
    int tryAllocate(final ThreadState state) {
        final int frame = allocator.allocate();
        if (frame != FrameAllocator.NONE) {
            return frame;
        }
        return reclaimer.reclaim(state) > 0 ? allocator.allocate() : FrameAllocator.NONE;
    }

    /** A frame, however long it takes others to give pages back, within reason. The caller may hold no page. */
    int allocate(final ThreadState state) throws CacheException {
        int frame = tryAllocate(state);
        if (frame != FrameAllocator.NONE) {
            return frame;
        }
        final long start = System.nanoTime();
        do {
            if (reclaimer.reclaim(state) == 0) {
                LockSupport.parkNanos(ALLOCATION_PAUSE_NANOS);
            }
            frame = allocator.allocate();
            if (frame != FrameAllocator.NONE) {
                return frame;
            }
        } while (System.nanoTime() - start < ALLOCATION_PATIENCE_NANOS);
        throw new CacheException(Errno.ENOMEM, "every page of the cache has been in use for 10 seconds; use a larger cache");
    }
}
