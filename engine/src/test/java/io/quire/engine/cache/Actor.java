package io.quire.engine.cache;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.quire.engine.lock.Points;

/**
 * One thread of an interleaving: it runs as far as it gets, which is to the point at which it is to stop, to a lock that
 * another has, or to its end.
 */
final class Actor<T> {
    private static final long PATIENCE_SECONDS = 120;
    private static final long SPIN_MILLIS = 20;

    private final FutureTask<T> task;
    private final Thread thread;
    private Points.Stop stop;

    Actor(final String name, final Callable<T> body) {
        task = new FutureTask<>(body);
        thread = new Thread(task, name);
        thread.setDaemon(true);
    }

    /** To be called before it runs: where it stops. */
    Actor<T> stopAt(final Points points, final Enum<?> point) {
        stop = points.stop(point).by(thread).optional();
        return this;
    }

    /** As the other, when it comes with this index. */
    Actor<T> stopAt(final Points points, final Enum<?> point, final long index) {
        stop = points.stop(point, index).by(thread).optional();
        return this;
    }

    /** Starts it, and returns when it got as far as it gets. */
    Actor<T> start() {
        thread.start();
        return settle();
    }

    /**
     * Starts it beside a thread that may have a count frozen, for which it would spin and not sleep: then it is given some
     * milliseconds. For orders of which any is right; who needs to know how far it got uses {@link #start}.
     */
    Actor<T> startBeside() {
        thread.start();
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SPIN_MILLIS);
        while (System.nanoTime() < end && !CacheFixture.isBlockedOrEnded(thread)) {
            Thread.yield();
        }
        return this;
    }

    /** Lets it go on from where it stopped, and returns when it got as far as it gets. */
    Actor<T> goOn() {
        if (stop != null) {
            stop.open();
            CacheFixture.await("a thread that leaves its stop", stop::isLeft);
        }
        return settle();
    }

    /** Returns when it cannot go on alone. */
    Actor<T> settle() {
        CacheFixture.awaitBlockedOrEnded(thread);
        return this;
    }

    boolean isStopped() {
        return stop != null && stop.hasArrival();
    }

    boolean hasEnded() {
        return task.isDone();
    }

    /** Lets it go, and gives what it returned. */
    T end() throws Exception {
        if (stop != null) {
            stop.open();
        }
        try {
            return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (final TimeoutException e) {
            final Exception where = new Exception("where " + thread.getName() + " is");
            where.setStackTrace(thread.getStackTrace());
            throw new AssertionError(thread.getName() + " does not end", where);
        } catch (final ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw new AssertionError(thread.getName() + " failed", e.getCause());
        }
    }
}
