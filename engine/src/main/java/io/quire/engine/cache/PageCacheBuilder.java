package io.quire.engine.cache;

import java.util.Objects;
import java.util.concurrent.Executor;

/** Describes a cache to be made, see {@link PageCache#builder}. Not thread-safe. */
public final class PageCacheBuilder {
    // Read by the cache while it is made.
    ReplacementFactory replacement;
    WritePolicy writePolicy;
    long capacity = 512L << 20;
    boolean hugePages = true;
    boolean largePages = true;
    long readAhead = 1L << 20;
    Executor readAheadExecutor;

    private long maxCapacity;

    PageCacheBuilder(final WritePolicy writePolicy, final ReplacementFactory replacement) {
        this.writePolicy = Objects.requireNonNull(writePolicy, "writePolicy");
        this.replacement = Objects.requireNonNull(replacement, "replacement");
    }

    /**
     * Sets how many bytes of pages the cache may hold at first.
     *
     * @param bytes {@link PageCache#MIN_CAPACITY} to {@link PageCache#MAX_CAPACITY}, rounded down to whole pages
     * @return this
     * @throws IllegalArgumentException outside that range
     */
    public PageCacheBuilder capacity(final long bytes) {
        if (bytes < PageCache.MIN_CAPACITY || bytes > PageCache.MAX_CAPACITY) {
            throw new IllegalArgumentException("a cache holds 4 MiB to 4 TiB, not " + bytes + " bytes");
        }
        capacity = bytes;
        return this;
    }

    /**
     * Sets a capacity that may be too small for general use, for simulations of a cache with a share of a small working set.
     *
     * <p>Below {@link PageCache#MIN_CAPACITY} one request may hold up to a quarter of the pages, where otherwise it is a 32nd, so only one
     * thread at a time is sure to find room; with more, operations may wait for each other's pages and fail with ENOMEM. There
     * are no compound pages, pages are evicted one by one up to 64 pages of capacity, and tables of a fixed size take the memory
     * beside the pages above 2 % of them.
     *
     * @param bytes {@link PageCache#SMALLEST_CAPACITY} to {@link PageCache#MAX_CAPACITY}, rounded down to whole pages
     * @return this
     * @throws IllegalArgumentException outside that range
     */
    public PageCacheBuilder smallCapacity(final long bytes) {
        if (bytes < PageCache.SMALLEST_CAPACITY || bytes > PageCache.MAX_CAPACITY) {
            throw new IllegalArgumentException("a small cache holds 64 KiB to 4 TiB, not " + bytes + " bytes");
        }
        capacity = bytes;
        return this;
    }

    /**
     * Sets how large {@link PageCache#resize} may make the cache. So much address space is reserved; memory is used for
     * what the cache holds.
     *
     * @param bytes {@link PageCache#MIN_CAPACITY} to {@link PageCache#MAX_CAPACITY}, rounded down to whole pages; by default four times the
     *              capacity. Less than the capacity counts as the capacity
     * @return this
     * @throws IllegalArgumentException outside that range
     */
    public PageCacheBuilder maxCapacity(final long bytes) {
        if (bytes < PageCache.MIN_CAPACITY || bytes > PageCache.MAX_CAPACITY) {
            throw new IllegalArgumentException("a cache holds 4 MiB to 4 TiB, not " + bytes + " bytes");
        }
        maxCapacity = bytes;
        return this;
    }

    /** Bytes of address space to be reserved, not less than the capacity. */
    long maxCapacity() {
        return Math.max(capacity, maxCapacity != 0 ? maxCapacity : Math.min(4 * capacity, PageCache.MAX_CAPACITY));
    }

    /**
     * Asks for transparent huge pages under the page frames: reads at random then wait for memory once, and not for the
     * page table before. Memory is used in steps of 2 MiB, within the capacity. Nothing is asked of a system without them.
     *
     * @param use whether to ask; on by default
     * @return this
     */
    public PageCacheBuilder hugePages(final boolean use) {
        hugePages = use;
        return this;
    }

    /**
     * Lets large sequential reads and writes use compound pages of up to 2 MiB, where frames that follow each other are free.
     *
     * @param use whether to; on by default
     * @return this
     */
    public PageCacheBuilder largePages(final boolean use) {
        largePages = use;
        return this;
    }

    /**
     * Sets how writes reach the store.
     *
     * @param policy the cache's policy, for files that have none of their own
     * @return this
     */
    public PageCacheBuilder writePolicy(final WritePolicy policy) {
        writePolicy = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Sets which page gives way when the cache is full.
     *
     * @param factory makes the cache's policy, for example one of {@code io.quire.engine.evict.ReplacementPolicies}
     * @return this
     */
    public PageCacheBuilder replacementPolicy(final ReplacementFactory factory) {
        replacement = Objects.requireNonNull(factory, "factory");
        return this;
    }

    /**
     * Sets the largest read-ahead window.
     *
     * @param bytes 0 for none, at most 2 MiB and a 32nd of the capacity; more than that counts as that; 1 MiB by default
     * @return this
     * @throws IllegalArgumentException when negative
     */
    public PageCacheBuilder readAhead(final long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a read-ahead window cannot have " + bytes + " bytes");
        }
        readAhead = bytes;
        return this;
    }

    /**
     * Lets sequential readers find their next window already on its way.
     *
     * @param executor runs the fetches, on threads of its owner; none by default: windows are then fetched by the reader
     *                 that needs them
     * @return this
     */
    public PageCacheBuilder readAheadExecutor(final Executor executor) {
        readAheadExecutor = executor;
        return this;
    }

    /**
     * Makes the cache.
     *
     * @return an empty cache
     * @throws OutOfMemoryError when the address space does not allow it
     */
    public PageCache build() {
        return new PageCache(this);
    }
}
