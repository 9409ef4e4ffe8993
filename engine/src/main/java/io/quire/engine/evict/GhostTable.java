package io.quire.engine.evict;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * Remembers pages that were evicted, four bytes each and as many as the cache has frames: history for pages whose shadow a tree gave
 * up.
 *
 * <p>Benefit: the memory of a shadow in a tree is that of a node where no page stands beside it, 320 bytes for what may be one
 * shadow, so where small files come and go trees must forget nearly all (T17). Here history costs a tenth of a percent of the
 * cached bytes, whatever the files look like. <b>Cost</b>: a line of memory is looked at when a page is evicted and when one comes
 * in, and one page in 65,536 that was never seen may pass for another that was.
 *
 * <pre>
 *    31                    13 12          1   0
 *   +------------------------+--------------+-----+
 *   | fingerprint            | time         |queue|    0: empty; the fingerprint is never 0
 *   +------------------------+--------------+-----+
 *   bucket: 8 entries, one line; a new entry takes the place of its page's former one, an empty one, or the oldest
 * </pre>
 *
 * <p>The time is the queue's count of evictions in units of a 256th of the capacity or less, modulo 2^12: an entry seems young again
 * after eight times the capacity or more, and is overwritten before.
 *
 * <p>Entries are read and written plainly, by several threads: one of two that race is lost, and that page is a new one when it
 * comes back. Source of the idea: the ghost queue of Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023,
 * which their implementation keeps as a table of fingerprints, too.
 */
final class GhostTable implements AutoCloseable {
    /** Returned when nothing is known of a page. */
    static final long UNKNOWN = -1;

    private static final int WAYS = 8;
    private static final int ENTRY_SIZE = Integer.BYTES;
    private static final int BUCKET_SIZE = WAYS * ENTRY_SIZE;
    private static final int PAGE_SIZE = 4096;
    private static final int FINGERPRINT_SHIFT = 13;
    private static final int TIME_MASK = (1 << FINGERPRINT_SHIFT - 1) - 1;
    private static final int TIME_BITS_OF_CAPACITY = 9;

    private final long reserved;
    private final long base;
    private volatile int frames;
    private volatile int unit;

    /** A table for at most so many frames, 1 or more. */
    GhostTable(final int mostFrames) {
        reserved = size(mostFrames);
        base = NativeMemory.reserve(reserved, false);
        capacity(mostFrames);
    }

    private static long size(final int frames) {
        return (frames + WAYS - 1L) / WAYS * BUCKET_SIZE;
    }

    /** Bytes of the entries. */
    long bytes() {
        return size(frames);
    }

    /** The cache has so many frames from now on. What was remembered is forgotten when that is a change. */
    void capacity(final int now) {
        if (now != frames) {
            frames = now;
            unit = Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(now) - TIME_BITS_OF_CAPACITY);
            NativeMemory.discard(base, (reserved + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE);
        }
    }

    private static long hash(final long mapping, final long index) {
        long hash = (mapping * 0x9E3779B97F4A7C15L + index) * 0xD6E8FEB86659FD93L;
        hash = (hash ^ hash >>> 32) * 0xD6E8FEB86659FD93L;
        return hash ^ hash >>> 32;
    }

    private long bucket(final long hash) {
        final long buckets = size(frames) / BUCKET_SIZE;
        return base + ((hash >>> 32) * buckets >>> 32) * BUCKET_SIZE;
    }

    private static int fingerprint(final long hash) {
        return Math.max(1, (int) hash & (1 << Integer.SIZE - FINGERPRINT_SHIFT) - 1);
    }

    /**
     * Notes an eviction.
     *
     * @param queue        0 or 1
     * @param evictedSmall evictions from queue 0 before this one, in frames
     * @param evictedMain  evictions from queue 1
     */
    void add(final long mapping, final long index, final int queue, final int evictedSmall, final int evictedMain) {
        final long hash = hash(mapping, index);
        final long bucket = bucket(hash);
        final int fingerprint = fingerprint(hash);
        long place = bucket;
        int greatest = -1;
        for (int way = 0; way < WAYS; way++) {
            final long entry = bucket + way * ENTRY_SIZE;
            final int value = OffHeap.getInt(entry);
            if (value >>> FINGERPRINT_SHIFT == fingerprint) {
                place = entry;
                break;
            }
            final int age = value == 0 ? Integer.MAX_VALUE : age(value, evictedSmall, evictedMain);
            if (age > greatest) {
                greatest = age;
                place = entry;
            }
        }
        final int time = (queue == 0 ? evictedSmall : evictedMain) >>> unit & TIME_MASK;
        OffHeap.putInt(place, fingerprint << FINGERPRINT_SHIFT | time << 1 | queue);
    }

    /** Units that have passed in the entry's queue. */
    private int age(final int value, final int evictedSmall, final int evictedMain) {
        final int now = ((value & 1) == 0 ? evictedSmall : evictedMain) >>> unit;
        return now - (value >>> 1) & TIME_MASK;
    }

    /**
     * Takes out what is known of a page that comes back.
     *
     * @return the queue that it was evicted from in the lowest bit, above it the frames evicted from there since; or {@link #UNKNOWN}
     */
    long take(final long mapping, final long index, final int evictedSmall, final int evictedMain) {
        final long hash = hash(mapping, index);
        final long bucket = bucket(hash);
        final int fingerprint = fingerprint(hash);
        for (int way = 0; way < WAYS; way++) {
            final int value = OffHeap.getInt(bucket + way * ENTRY_SIZE);
            if (value >>> FINGERPRINT_SHIFT == fingerprint) {
                OffHeap.putInt(bucket + way * ENTRY_SIZE, 0);
                return (long) age(value, evictedSmall, evictedMain) << unit + 1 | value & 1;
            }
        }
        return UNKNOWN;
    }

    @Override
    public void close() {
        NativeMemory.release(base, reserved);
    }
}
