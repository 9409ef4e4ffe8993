package io.quire.engine.lock;

import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** One thread of an interleaving, whose result or failure the test asks for at the end. */
final class Actor<T> {
    private static final Queue<Actor<?>> STARTED = new ConcurrentLinkedQueue<>();

    private final FutureTask<T> task;
    private final Thread thread;

    private Actor(final String name, final Callable<T> body) {
        task = new FutureTask<>(body);
        thread = new Thread(task, name);
        thread.setDaemon(true);
    }

    static <T> Actor<T> start(final String name, final Callable<T> body) {
        final Actor<T> actor = new Actor<>(name, body);
        STARTED.add(actor);
        actor.thread.start();
        return actor;
    }

    /** Whether what the actors of a test use may be unmapped: a failed test can leave some that run or sleep. */
    static boolean noneRuns() {
        STARTED.removeIf(Actor::done);
        return STARTED.isEmpty();
    }

    static Actor<Void> run(final String name, final Runnable body) {
        return start(name, () -> {
            body.run();
            return null;
        });
    }

    void interrupt() {
        thread.interrupt();
    }

    boolean done() {
        return task.isDone();
    }

    T result() throws InterruptedException {
        try {
            return task.get();
        } catch (final ExecutionException e) {
            throw new AssertionError(thread.getName() + " failed", e.getCause());
        }
    }

    /** What the body threw. */
    Throwable failure() throws InterruptedException {
        try {
            throw new AssertionError(thread.getName() + " did not fail but returned " + task.get());
        } catch (final ExecutionException e) {
            return e.getCause();
        }
    }
}
