package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers that are started, rest, are called and end, over a queue that stands for the device. */
@Timeout(300)
class ReadersTest {
    private static final int WORKERS = 6;
    private static final Runnable END = () -> { };
    private static final long NEVER = TimeUnit.HOURS.toNanos(1);

    private final LinkedBlockingQueue<Runnable> device = new LinkedBlockingQueue<>();
    private final List<Thread> workers = new CopyOnWriteArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    /** What the kernel says of a worker that serves. */
    private final AtomicBoolean sleeps = new AtomicBoolean(true);
    private Readers readers;
    private Thread watch;

    private void startWorker() {
        final Thread worker = Thread.ofPlatform().unstarted(() -> {
            final Readers.Member member = readers.join(sleeps::get);
            boolean needed = true;
            while (needed) {
                final Runnable request;
                try {
                    request = device.take();
                } catch (final InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                readers.received(member);
                if (request == END) {
                    device.add(END);
                    readers.end();
                    return;
                }
                request.run();
                needed = readers.waitAgain(member);
            }
        });
        // It may serve before its starter goes on.
        workers.add(worker);
        worker.start();
    }

    /** Two workers, as a mount begins, and nobody who looks but the test. */
    private void begin(final int limit, final int patience, final long idleNanos) {
        readers = new Readers(limit, this::startWorker, patience, idleNanos, 0);
        readers.watched();
        readers.more();
        readers.more();
        readers.startWanted();
        until(() -> readers.workers() == 2);
    }

    /** The same with a thread that starts workers, as on several processors. */
    private void beginWatched(final int limit, final int patience, final long idleNanos) {
        begin(limit, patience, idleNanos);
        watch = Thread.ofPlatform().start(() -> {
            readers.watched();
            while (!readers.ended()) {
                readers.startWanted();
                readers.look(false);
                LockSupport.parkNanos(100_000);
            }
        });
    }

    private static void until(final BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(100_000);
            if (Thread.interrupted()) {
                throw new IllegalStateException("the time is over");
            }
        }
    }

    private CompletableFuture<Thread> request() {
        final CompletableFuture<Thread> served = new CompletableFuture<>();
        device.add(() -> served.complete(Thread.currentThread()));
        return served;
    }

    /** A request that stays with its worker until {@link #release}. */
    private void stall(final AtomicInteger stalled) {
        device.add(() -> {
            stalled.incrementAndGet();
            try {
                release.await();
            } catch (final InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** One processor, and no worker was stuck for a while. */
    private void becomeSparing() throws Exception {
        // Those that were stalled need the processor before they are seen to be done.
        until(() -> !readers.look(true));
        for (int look = 0; look <= Readers.HOLD; look++) {
            readers.look(true);
        }
        // As the watch does: one that is wanted counts as waiting, so that all others might rest.
        readers.startWanted();
        until(() -> readers.workers() == workers.size());
        while (readers.resting() < readers.workers() - 1) {
            request().get();
        }
    }

    @AfterEach
    void end() throws InterruptedException {
        release.countDown();
        device.add(END);
        for (final Thread worker : workers) {
            worker.join();
        }
        if (watch != null) {
            watch.join();
        }
        assertThat(readers.resting()).isZero();
    }

    @Test
    void f14NoRequestWaitsWhileAWorkerRestsOrCanBeStarted() throws Exception {
        beginWatched(WORKERS, 0, NEVER);
        // Each round needs every worker at once, and lets them rest again.
        for (int round = 0; round < 300; round++) {
            final CyclicBarrier all = new CyclicBarrier(WORKERS + 1);
            for (int i = 0; i < WORKERS; i++) {
                device.add(() -> pass(all));
            }
            pass(all);
            for (int i = 0; i < WORKERS; i++) {
                device.add(() -> { });
            }
        }
        assertThat(readers.workers()).isEqualTo(WORKERS);
    }

    private static void pass(final CyclicBarrier barrier) {
        try {
            barrier.await(200, TimeUnit.SECONDS);
        } catch (final Exception e) {
            throw new IllegalStateException("a request waits although a worker rests", e);
        }
    }

    @Test
    void f14ThereAreNoMoreWorkersThanTheLimit() throws Exception {
        beginWatched(WORKERS, 0, NEVER);
        final AtomicInteger stalled = new AtomicInteger();
        for (int i = 0; i < 2 * WORKERS; i++) {
            stall(stalled);
        }
        until(() -> stalled.get() == WORKERS);
        final CompletableFuture<Thread> last = request();
        assertThat(readers.workers()).isEqualTo(WORKERS);
        release.countDown();
        last.get();
        // The last may be done before another worker has begun with what it took earlier.
        until(() -> stalled.get() == 2 * WORKERS);
        assertThat(workers).hasSize(WORKERS);
    }

    @Test
    void f14WorkersThatHaveRestedForLongEnd() throws Exception {
        beginWatched(WORKERS, 0, 1);
        final AtomicInteger stalled = new AtomicInteger();
        for (int i = 0; i < WORKERS; i++) {
            stall(stalled);
        }
        until(() -> stalled.get() == WORKERS);
        release.countDown();
        while (readers.workers() > Readers.KEPT) {
            request().get();
        }
        assertThat(request().get()).isNotNull();
    }

    @Test
    void f14AWorkerThatCannotBeStartedIsTriedAgain() throws Exception {
        final AtomicInteger failures = new AtomicInteger(3);
        readers = new Readers(WORKERS, () -> {
            if (workers.size() == 2 && failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("thrown on purpose");
            }
            startWorker();
        }, 0, NEVER, 0);
        readers.watched();
        readers.more();
        readers.more();
        final AtomicInteger stalled = new AtomicInteger();
        for (int i = 0; i < WORKERS; i++) {
            stall(stalled);
        }
        until(() -> {
            readers.startWanted();
            readers.look(false);
            return stalled.get() == WORKERS;
        });
        assertThat(failures.get()).isNegative();
    }

    @Test
    void f14AWorkerThatCannotBeStartedIsNotTriedAgainAtOnce() throws Exception {
        final AtomicInteger failures = new AtomicInteger();
        readers = new Readers(WORKERS, () -> {
            if (workers.size() == 2) {
                failures.incrementAndGet();
                throw new OutOfMemoryError("thrown on purpose");
            }
            startWorker();
        }, 0, NEVER, NEVER);
        readers.watched();
        readers.more();
        readers.more();
        readers.startWanted();
        final AtomicInteger stalled = new AtomicInteger();
        stall(stalled);
        stall(stalled);
        until(() -> stalled.get() == 2);
        for (int look = 0; look < 100; look++) {
            readers.look(false);
            readers.startWanted();
        }
        assertThat(failures.get()).isEqualTo(1);
        release.countDown();
        request().get();
    }

    @Test
    void f14WorkersThatASlowSourceHadStartedRestWhenItHasAnswered() throws Exception {
        final int limit = 4 * Readers.TOO_MANY;
        beginWatched(limit, Integer.MAX_VALUE, NEVER);
        final AtomicInteger stalled = new AtomicInteger();
        for (int i = 0; i < limit; i++) {
            stall(stalled);
        }
        until(() -> stalled.get() == limit);
        release.countDown();
        // Those that saw too few at the same time wait; a request for each shows them.
        until(() -> {
            request().join();
            return readers.resting() >= limit - Readers.TOO_MANY - 1;
        });
    }

    @Test
    void f14OnOneProcessorOneWorkerServesAllThatIsServedAtOnce() throws Exception {
        beginSparing();
        final Set<Thread> servants = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 1000; i++) {
            servants.add(request().get());
        }
        assertThat(servants).hasSize(1);
    }

    private void beginSparing() throws Exception {
        begin(4 * WORKERS, 0, NEVER);
        becomeSparing();
    }

    @Test
    void f14OnOneProcessorAWorkerThatIsStuckAtTwoLooksIsSeen() throws Exception {
        beginSparing();
        final AtomicInteger stalled = new AtomicInteger();
        stall(stalled);
        until(() -> stalled.get() == 1);
        final CompletableFuture<Thread> behind = request();
        sleeps.set(false);
        readers.look(true);
        readers.look(true);
        assertThat(readers.resting()).as("it only waits for the processor").isEqualTo(readers.workers() - 1);
        sleeps.set(true);
        readers.look(true);
        behind.get();
        // From now on nobody waits for the next look.
        for (int i = 1; i < 3 * WORKERS; i++) {
            stall(stalled);
        }
        until(() -> {
            readers.startWanted();
            return stalled.get() == 3 * WORKERS;
        });
        // Whom the last of them wanted.
        readers.startWanted();
        request().get();
        release.countDown();
        becomeSparing();
        assertThat(request().get()).isSameAs(request().get());
    }

    @Test
    void f14OnOneProcessorReadersAreSparingAgainWhenNobodyIsStuck() throws Exception {
        begin(WORKERS, 0, NEVER);
        becomeSparing();
        final AtomicInteger stalled = new AtomicInteger();
        stall(stalled);
        until(() -> stalled.get() == 1);
        readers.look(true);
        readers.look(true);
        for (int look = 0; look < 3 * Readers.HOLD; look++) {
            readers.look(true);
        }
        // As long as it is stuck, who takes the last place has a worker started.
        stall(stalled);
        until(() -> stalled.get() == 2);
        readers.startWanted();
        request().get();
        release.countDown();
        becomeSparing();
    }

    @Test
    void f14SeveralProcessorsMakeReadersEagerAtTheNextLook() throws Exception {
        beginSparing();
        final AtomicInteger stalled = new AtomicInteger();
        stall(stalled);
        until(() -> stalled.get() == 1);
        final CompletableFuture<Thread> behind = request();
        readers.look(false);
        behind.get();
    }

    @Test
    void f14TheWatchSleepsWhileNothingIsServedAndIsWoken() throws Exception {
        begin(2 * WORKERS, 0, NEVER);
        final Thread watching = Thread.ofPlatform().start(new StallWatch(readers));
        watch = watching;
        final AtomicInteger stalled = new AtomicInteger();
        for (int round = 1; round <= 3; round++) {
            if (round == 1) {
                until(() -> watching.getState() == Thread.State.WAITING);
            }
            final int all = round * (WORKERS / 2);
            for (int i = 0; i < WORKERS / 2; i++) {
                stall(stalled);
            }
            until(() -> stalled.get() == all);
            request().get();
        }
    }

    @Test
    void f14WithoutAWatchTheWorkersThatThereAreServe() throws Exception {
        beginSparing();
        readers.unwatched();
        final AtomicInteger stalled = new AtomicInteger();
        stall(stalled);
        until(() -> stalled.get() == 1);
        request().get();
        readers.more();
        release.countDown();
        request().get();
        assertThat(readers.workers()).isEqualTo(2);
    }
}
