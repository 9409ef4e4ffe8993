package io.quire.fuse.reproduce;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrder;

/**
 * Runs the cases inside this process, on a file in memory behind a cache. The lock-order validator must be on. Each case
 * runs in a thread of its own; one that does not end within the limit is reported with the stacks of all threads.
 *
 * <p>Used by one thread.
 */
public final class EngineReproducer implements AutoCloseable {
    private final WritePolicy policy;
    private final boolean deadlocks;
    private final long limitMillis;
    private final EngineFile file;
    private final CaseRunner runner = new CaseRunner();
    private final long reportsBefore = LockOrder.reportCount();
    private boolean hung;

    /**
     * Makes a cache and a file for one policy.
     *
     * @param policy      how the file is written; where it is for the laboratory a report is what is wanted
     * @param limitMillis how long a case may take
     * @throws IOException when the file cannot be made
     */
    public EngineReproducer(final WritePolicy policy, final long limitMillis) throws IOException {
        this.policy = policy;
        this.deadlocks = policy.isLaboratory();
        this.limitMillis = limitMillis;
        this.file = EngineFile.create(policy, 1 + WriteCase.all().stream().mapToInt(WriteCase::fileLength).max()
            .orElseThrow());
    }

    /**
     * Runs one case.
     *
     * @param tried the case
     * @param run   which repetition, for other bytes each time
     * @return how it ended; after {@link Outcome.Kind#HUNG} nothing more can be run
     */
    public Outcome run(final WriteCase tried, final int run) {
        if (hung) {
            return Outcome.hung("an earlier case still holds the file");
        }
        final CompletableFuture<Outcome> ended = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("quire-reproduce").start(() -> {
            try {
                ended.complete(runner.run(tried, file, CaseRunner.prepare(tried, file, run)));
            } catch (final IOException | RuntimeException | Error e) {
                ended.completeExceptionally(e);
            }
        });
        try {
            return expected(tried, ended.get(limitMillis, TimeUnit.MILLISECONDS));
        } catch (final TimeoutException e) {
            hung = true;
            return Outcome.hung("no end within " + limitMillis + " ms\n" + stacks());
        } catch (final ExecutionException e) {
            return Outcome.failed(e.getCause().toString());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.failed("interrupted");
        }
    }

    /** A report is right only where deadlocks are expected, and there the historic case must be reported. */
    private Outcome expected(final WriteCase tried, final Outcome outcome) {
        if (outcome.kind() == Outcome.Kind.REPORTED && !deadlocks) {
            return Outcome.failed("the write ended with EDEADLK under " + policy.name() + ":\n" + outcome.detail());
        }
        if (deadlocks && outcome.kind() == Outcome.Kind.RIGHT && tried.equals(WriteCase.historic())) {
            return Outcome.failed("the deadlock was not reported under " + policy.name());
        }
        if (!deadlocks && outcome.kind() == Outcome.Kind.RIGHT && LockOrder.reportCount() != reportsBefore) {
            return Outcome.failed("the lock-order validator reported something, see its log:\n"
                + String.join("", LockOrder.reports()));
        }
        return outcome;
    }

    private static String stacks() {
        final StringBuilder text = new StringBuilder();
        for (final Map.Entry<Thread, StackTraceElement[]> thread : Thread.getAllStackTraces().entrySet()) {
            if (thread.getKey().getName().startsWith(CaseRunner.THREAD_NAME)) {
                text.append(thread.getKey().getName()).append(":\n");
                for (final StackTraceElement frame : List.of(thread.getValue())) {
                    text.append("       at ").append(frame).append('\n');
                }
            }
        }
        return text.toString();
    }

    /** Gives everything back, unless a case hangs: then it goes with the process. */
    @Override
    public void close() throws IOException {
        if (!hung) {
            runner.close();
            file.close();
        }
    }
}
