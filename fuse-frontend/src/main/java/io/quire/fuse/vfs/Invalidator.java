package io.quire.fuse.vfs;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongConsumer;

/**
 * Tells the kernel to drop pages, on a thread of its own. The kernel's invalidation waits for requests that are being
 * served on those pages, so an operation that told it directly could wait for itself.
 *
 * <p>The queue is bounded. What does not fit is not told; the next open of the file then replies that earlier pages are
 * not to be kept, which is what the kernel must be told at the latest.
 */
final class Invalidator implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Invalidator.class.getName());
    private static final int CAPACITY = 4096;
    private static final long STOP = 0;
    private static final long CLOSE_SECONDS = 5;

    private final BlockingQueue<Long> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final Thread thread = Thread.ofPlatform().daemon().name("quire-invalidate").unstarted(this::run);
    private volatile LongConsumer consumer = node -> { };

    void start() {
        thread.start();
    }

    void consumer(final LongConsumer newConsumer) {
        consumer = newConsumer;
    }

    /** Asks for a node's pages to be dropped; never waits. */
    void invalidate(final long node) {
        if (!queue.offer(node)) {
            LOG.log(Level.DEBUG, "too many invalidations are waiting; node {0} is told at its next open", node);
        }
    }

    private void run() {
        try {
            for (long node = queue.take(); node != STOP; node = queue.take()) {
                tell(node);
            }
        } catch (final InterruptedException e) {
            LOG.log(Level.DEBUG, "invalidation was interrupted", e);
        }
    }

    private void tell(final long node) {
        try {
            consumer.accept(node);
        } catch (final RuntimeException e) {
            LOG.log(Level.WARNING, "the kernel could not be told to drop the pages of node " + node, e);
        }
    }

    @Override
    public void close() {
        queue.clear();
        if (!queue.offer(STOP)) {
            thread.interrupt();
        }
        try {
            if (!thread.join(Duration.ofSeconds(CLOSE_SECONDS))) {
                thread.interrupt();
            }
        } catch (final InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
