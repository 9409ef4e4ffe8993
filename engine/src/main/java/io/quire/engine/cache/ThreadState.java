package io.quire.engine.cache;

import java.lang.ref.WeakReference;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.IoVector;

/**
 * What one thread needs to work on a cache without allocating: counters nobody else writes, arrays for a batch of pages,
 * a vector for the store.
 *
 * <p>Refers to the cache only while a write runs: a thread-local value that names its cache would keep it for the thread's life.
 */
final class ThreadState {
    /** Most pages in one batch of a read, a fill or a write. */
    static final int BATCH = 512;
    /** Most pages that are evicted at a time. */
    static final int EVICTIONS = 32;
    /** Size of the bounce buffer for heap arrays, in bytes. */
    static final int BOUNCE_SIZE = 64 << 10;

    /** The counters, in lines of their own: 64-bit words in the order of {@link CacheCounter}. */
    private static final long COUNTERS_SIZE = 8L * CacheCounter.values().length;
    /** The counters, and the word. */
    private static final long NATIVE_SIZE = COUNTERS_SIZE + Long.BYTES;

    private final long counters;
    final int[] entries = new int[64];
    final long[] states = new long[64];
    final int[] frames = new int[BATCH];
    private int[] victims = new int[EVICTIONS];
    final IoVector vector;
    final WriteOperation write;
    final AddressSource addressSource = new AddressSource();
    final ArraySource arraySource = new ArraySource();
    private final OffHeapResources resources;
    private long bounce;
    private WeakReference<Thread> owner;
    private long ownerId;

    ThreadState(final OffHeapResources resources) {
        this.resources = resources;
        final long address = NativeMemory.reserve(NATIVE_SIZE, false);
        resources.keep(() -> NativeMemory.release(address, NATIVE_SIZE));
        this.counters = address;
        this.vector = resources.keep(new IoVector());
        this.write = new WriteOperation(this);
        adopt();
    }

    void adopt() {
        owner = new WeakReference<>(Thread.currentThread());
        ownerId = Thread.currentThread().threadId();
    }

    /** Whether the thread of this number, which is the caller's, is the owner. A thread that reads its own number wrote it. */
    boolean isOwnedBy(final long threadId) {
        return ownerId == threadId;
    }

    boolean ownerIsGone() {
        final Thread thread = owner.get();
        return thread == null || !thread.isAlive();
    }

    /** Room for so many pages and no more, which is allocated only when the capacity has changed. */
    int[] victims(final int most) {
        if (victims.length != most) {
            victims = new int[most];
        }
        return victims;
    }

    void count(final CacheCounter counter, final long delta) {
        final long word = counters + 8L * counter.ordinal();
        OffHeap.putLong(word, OffHeap.getLong(word) + delta);
    }

    long value(final CacheCounter counter) {
        return OffHeap.getLong(counters + 8L * counter.ordinal());
    }

    /** Eight native bytes, for a value that has to be copied. */
    long word() {
        return counters + COUNTERS_SIZE;
    }

    /** A native buffer of {@link #BOUNCE_SIZE} bytes, for reads into heap arrays. */
    long bounce() {
        if (bounce == 0) {
            final long address = NativeMemory.reserve(BOUNCE_SIZE, false);
            resources.keep(() -> NativeMemory.release(address, BOUNCE_SIZE));
            bounce = address;
        }
        return bounce;
    }
}
