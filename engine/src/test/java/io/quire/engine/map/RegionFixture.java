package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
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

import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.PageCacheBuilder;
import io.quire.engine.cache.ProbeFile;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.store.Errno;
import io.quire.engine.write.WritePolicies;

/**
 * A small cache over one {@link ProbeFile}, and an address space. Every test ends with the structural check, which compares
 * map counts with entries; then with no region left and no private copy; and with a silent lock-order validator.
 */
@Timeout(300)
abstract class RegionFixture {
    static final int PAGE = PageCache.PAGE_SIZE;

    private static final long PATIENCE_SECONDS = 120;

    final ProbeFile store = new ProbeFile();
    PageCache cache;
    CachedFile file;
    AddressSpace space;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<?>> running = new CopyOnWriteArrayList<>();

    PageCacheBuilder builder() {
        return PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(PageCache.MIN_CAPACITY)
            .readAhead(0);
    }

    /** Without fault-around unless a test is about it. */
    int faultAround() {
        return PAGE;
    }

    @BeforeEach
    final void openCache() throws IOException {
        LockOrder.resetForTest();
        StopPoints.listen(null);
        STOPS.clear();
        cache = builder().build();
        file = cache.open(store);
        space = new AddressSpace(faultAround());
    }

    @AfterEach
    final void endsClean() throws Exception {
        StopPoints.listen(null);
        store.behaveWell();
        try {
            for (final Future<?> task : running) {
                assertThat(task.isDone()).as("every thread of the test has ended").isTrue();
            }
            cache.verify();
            space.close();
            assertThat(space.regions()).isZero();
            cache.verify();
            assertThat(LockOrder.reports()).isEmpty();
        } finally {
            threads.shutdownNow();
            cache.close();
        }
    }

    // ---- regions and bytes ----

    MappedRegion shared(final long offset, final long length) throws CacheException {
        return space.map(file, offset, length, Sharing.SHARED, Protection.READ_WRITE);
    }

    MappedRegion ownCopy(final long offset, final long length) throws CacheException {
        return space.map(file, offset, length, Sharing.PRIVATE, Protection.READ_WRITE);
    }

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

    void write(final long offset, final byte[] bytes) throws CacheException {
        assertThat(file.write(offset, bytes, 0, bytes.length)).as("bytes written at %d", offset).isEqualTo(bytes.length);
    }

    byte[] read(final long offset, final int length) throws CacheException {
        final byte[] bytes = new byte[length];
        final int n = file.read(offset, bytes, 0, length);
        return n == length ? bytes : Arrays.copyOf(bytes, n);
    }

    static byte[] get(final MappedRegion region, final long offset, final int length) throws CacheException {
        final byte[] bytes = new byte[length];
        region.get(offset, bytes, 0, length);
        return bytes;
    }

    static void put(final MappedRegion region, final long offset, final byte[] bytes) throws CacheException {
        region.put(offset, bytes, 0, bytes.length);
    }

    long counter(final CacheCounter counter) {
        return cache.counters().get(counter);
    }

    static void assertErrno(final int errno, final ThrowingCallable action) {
        assertThatThrownBy(action).isInstanceOfSatisfying(CacheException.class,
            e -> assertThat(Errno.name(e.errno())).as(e.getMessage()).isEqualTo(Errno.name(errno)));
    }

    static void assertBeyondEnd(final ThrowingCallable action) {
        assertThatThrownBy(action).isInstanceOf(BeyondEndException.class);
    }

    // ---- threads ----

    /** Runs something in a thread of its own; the test must {@link #end} it. */
    <T> Future<T> start(final Callable<T> action) {
        final Future<T> task = threads.submit(action);
        running.add(task);
        return task;
    }

    /** Something that throws and returns nothing. */
    interface Action {
        void run() throws Exception;
    }

    Future<Void> run(final Action action) {
        return start(() -> {
            action.run();
            return null;
        });
    }

    boolean allEnded() {
        return running.stream().allMatch(Future::isDone);
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

    static void await(final String what, final BooleanSupplier condition) {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain: " + what);
            }
            Thread.yield();
        }
    }

    void awaitSleeper(final long sleepsBefore) {
        await("a thread that sleeps for a page", () -> counter(CacheCounter.LOCK_WAITS) > sleepsBefore);
    }

    // ---- stop points ----

    /** Where one thread stops, once. */
    static final class Stop {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        void awaitReached() {
            await(reached, "a thread that never came to its point");
        }

        void open() {
            open.countDown();
        }

        private static void await(final CountDownLatch latch, final String what) {
            try {
                if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    throw new AssertionError(what);
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(what, e);
            }
        }
    }

    private static final Map<String, Stop> STOPS = new ConcurrentHashMap<>();

    /** Stops the next thread that comes to a point, by its name, whichever package has it. */
    static Stop stopAt(final String point) {
        final Stop stop = new Stop();
        STOPS.put(point, stop);
        listen();
        return stop;
    }

    static Stop stopAt(final MapPoint point) {
        return stopAt(point.name());
    }

    /** As {@link #stopAt(String)}, for one page of any file. */
    static Stop stopAt(final String point, final long index) {
        return stopAt(point + " " + index);
    }

    private static void listen() {
        StopPoints.listen((at, mapping, index) -> {
            Stop mine = STOPS.remove(at.name());
            if (mine == null) {
                mine = STOPS.remove(at.name() + " " + index);
            }
            if (mine != null) {
                mine.reached.countDown();
                Stop.await(mine.open, "a point that nobody opened");
            }
        });
    }

    /**
     * Lets something run that must not end before another thread goes on, or may: in either case the outcome is what the test
     * asks about, and a step that is missing in the code shows there.
     */
    static void letRun(final Future<?> task) {
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        while (!task.isDone() && System.nanoTime() < end) {
            Thread.yield();
        }
    }
}
