package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.lock.Points;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.write.WritePolicies;

/**
 * A small cache over one {@link ProbeFile}. Every test ends with the structural check of the cache and with a silent
 * lock-order validator.
 */
@Timeout(300)
abstract class CacheFixture {
    static final int PAGE = PageCache.PAGE_SIZE;
    static final int BUFFER = 4 << 20;

    private static final long PATIENCE_SECONDS = 120;
    private static final long MONITOR_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    final ProbeFile store = new ProbeFile();
    final Points points = new Points();
    final long buffer = NativeMemory.reserve(BUFFER, false);
    PageCache cache;
    CachedFile file;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<?>> running = new ArrayList<>();

    /** The cache under test; without read-ahead unless a test is about that. */
    PageCacheBuilder builder() {
        return PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(PageCache.MIN_CAPACITY)
            .readAhead(0);
    }

    @BeforeEach
    final void openCache() throws IOException {
        LockOrder.resetForTest();
        cache = builder().build();
        // A frame comes with what its last page left: here never zeros, so that whoever forgets to zero is found out.
        final byte[] garbage = filled(64 * PAGE, 0x5a);
        for (long at = 0; at < cache.capacity(); at += garbage.length) {
            OffHeap.copyFromArray(garbage, 0, cache.arena.base() + at, garbage.length);
        }
        file = cache.open(store);
    }

    @AfterEach
    final void endsClean() throws Exception {
        store.behaveWell();
        try {
            for (final Future<?> task : running) {
                assertThat(task.isDone()).as("every thread of the test has ended").isTrue();
            }
            cache.verify();
            assertThat(LockOrder.reports()).isEmpty();
            points.close();
        } finally {
            points.letGo();
            threads.shutdownNow();
            cache.close();
            // A thread that a failed test left behind may still copy to the buffer.
            if (threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                NativeMemory.release(buffer, BUFFER);
            }
        }
    }

    // ---- bytes ----

    static byte[] random(final long seed, final int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        for (int i = 0; i < length; i++) {
            // Never zero, so that a hole is never taken for data.
            bytes[i] |= 1;
        }
        return bytes;
    }

    static byte[] filled(final int length, final int value) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    /** What the file holds, through the cache, up to its end. */
    byte[] read(final long offset, final int length) throws CacheException {
        return read(file, offset, length);
    }

    static byte[] read(final CachedFile from, final long offset, final int length) throws CacheException {
        final byte[] bytes = new byte[length];
        final int n = from.read(offset, bytes, 0, length);
        return n == length ? bytes : Arrays.copyOf(bytes, n);
    }

    byte[] readAll() throws CacheException {
        return read(0, (int) file.size());
    }

    void write(final long offset, final byte[] bytes) throws CacheException {
        assertThat(file.write(offset, bytes, 0, bytes.length)).as("bytes written at %d", offset).isEqualTo(bytes.length);
    }

    long counter(final CacheCounter counter) {
        return cache.counters().get(counter);
    }

    /** The cache and the store hold the same bytes, and these are the ones. */
    void assertContent(final byte[] expected) throws CacheException {
        assertThat(file.size()).isEqualTo(expected.length);
        assertThat(readAll()).isEqualTo(expected);
        assertThat(store.content(0, expected.length + 1)).isEqualTo(expected);
        file.invalidate();
        assertThat(readAll()).as("from the store").isEqualTo(expected);
    }

    static void assertErrno(final int errno, final ThrowingCallable action) {
        assertThatThrownBy(action).isInstanceOfSatisfying(CacheException.class,
            e -> assertThat(Errno.name(e.errno())).as(e.getMessage()).isEqualTo(Errno.name(errno)));
    }

    void fill(final long address, final byte[] bytes) {
        OffHeap.copyFromArray(bytes, 0, address, bytes.length);
    }

    byte[] bytesAt(final long address, final int length) {
        final byte[] bytes = new byte[length];
        OffHeap.copyToArray(address, bytes, 0, length);
        return bytes;
    }

    // ---- threads ----

    /** Runs something in a thread of its own; the test must {@link #end} it. */
    <T> Future<T> start(final Callable<T> action) {
        final Future<T> task = threads.submit(action);
        running.add(task);
        return task;
    }

    static <T> T end(final Future<T> task) throws Exception {
        try {
            return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (final TimeoutException e) {
            throw new AssertionError("a thread does not end", e);
        } catch (final ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw new AssertionError(e.getCause());
        }
    }

    /** Waits for a condition that another thread is about to bring about. */
    static void await(final String what, final BooleanSupplier condition) {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain: " + what);
            }
            Thread.yield();
        }
    }

    /**
     * Waits until a thread can go on no further, or has ended. One that stands before a monitor must have stood there for a while:
     * the virtual machine has monitors of its own, for which a thread waits a moment, as at the first use of a class.
     */
    static void awaitBlockedOrEnded(final Thread thread) {
        final long[] since = {0};
        await("a thread that waits or ends", () -> {
            final Thread.State state = thread.getState();
            if (state != Thread.State.BLOCKED) {
                since[0] = 0;
                return isBlockedOrEnded(state);
            }
            since[0] = since[0] == 0 ? System.nanoTime() : since[0];
            return System.nanoTime() - since[0] > MONITOR_NANOS;
        });
    }

    static boolean isBlockedOrEnded(final Thread thread) {
        return isBlockedOrEnded(thread.getState());
    }

    private static boolean isBlockedOrEnded(final Thread.State state) {
        return switch (state) {
            case BLOCKED, WAITING, TIMED_WAITING, TERMINATED -> true;
            default -> false;
        };
    }

    /** Waits until one more thread sleeps for a page than slept before. */
    void awaitSleeper(final long sleepsBefore) {
        await("a thread that sleeps for a page", () -> counter(CacheCounter.LOCK_WAITS) > sleepsBefore);
    }
}
