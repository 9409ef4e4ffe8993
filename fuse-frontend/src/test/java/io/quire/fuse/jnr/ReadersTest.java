package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers that rest and are woken, over a queue that stands for the device. */
@Timeout(60)
class ReadersTest {
    private static final int WORKERS = 6;
    private static final Runnable END = () -> { };

    private final LinkedBlockingQueue<Runnable> device = new LinkedBlockingQueue<>();
    private final List<Thread> workers = new ArrayList<>();

    private void start(final Readers readers) {
        for (int i = 0; i < WORKERS; i++) {
            workers.add(Thread.ofPlatform().start(() -> {
                readers.join();
                while (true) {
                    final Runnable request;
                    try {
                        request = device.take();
                    } catch (final InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    readers.received();
                    if (request == END) {
                        device.add(END);
                        readers.end();
                        return;
                    }
                    request.run();
                    readers.waitAgain();
                }
            }));
        }
    }

    private void end() throws InterruptedException {
        device.add(END);
        for (final Thread worker : workers) {
            worker.join();
        }
    }

    private static void await(final Readers readers, final int resting) throws InterruptedException {
        while (readers.resting() != resting) {
            Thread.sleep(1);
        }
    }

    @Test
    void f14AllButTwoWorkersRestAtFirst() throws Exception {
        final Readers readers = new Readers();
        start(readers);
        await(readers, WORKERS - 2);
        end();
    }

    @Test
    void f14NoRequestWaitsWhileAWorkerRests() throws Exception {
        final Readers readers = new Readers(0);
        start(readers);
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
        end();
    }

    @Test
    void f14TheEndWakesWhoRests() throws Exception {
        final Readers readers = new Readers();
        start(readers);
        await(readers, WORKERS - 2);
        end();
        assertThat(readers.resting()).isZero();
    }

    private static void pass(final CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (final Exception e) {
            throw new IllegalStateException("a request waits although a worker rests", e);
        }
    }
}
