package io.quire.bench.mount;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The same for each server before anything is measured: a JVM compiles what is done often, and what is to be cached is cached. As many servers
 * at once as there are processors.
 */
final class WarmUp {
    private static final String KNOWN = "warm-up";

    private final Bench bench;
    private final Place.Kind kind;

    WarmUp(final Bench bench, final Place.Kind kind) {
        this.bench = bench;
        this.kind = kind;
    }

    /** Warms up; a server that fails here will fail again where it counts, and says so then. */
    void run(final List<Target> targets) throws IOException, InterruptedException {
        try (ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            final List<Future<?>> running = new ArrayList<>();
            for (final Target target : targets) {
                final Callable<Void> task = () -> {
                    data(target);
                    return null;
                };
                running.add(threads.submit(task));
            }
            try {
                for (final Future<?> each : running) {
                    each.get();
                }
            } catch (final InterruptedException e) {
                threads.shutdownNow();
                throw e;
            } catch (final ExecutionException e) {
                threads.shutdownNow();
                throw new IOException("the warm-up failed: " + e.getCause().getMessage(), e);
            }
        }
        if (kind != Place.Kind.SLOW) {
            for (final Target target : targets) {
                files(target);
            }
        }
    }

    private void data(final Target target) throws IOException, InterruptedException {
        final boolean slow = kind == Place.Kind.SLOW;
        final long bytes = slow ? bench.scale().slowBytes() : bench.scale().fileBytes();
        FioWorkload.make(target.backing().resolve(FioWorkload.FILE), bytes);
        fio(target, bytes, "--rw=read", "--bs=64k");
        if (!slow) {
            fio(target, bytes, "--rw=write", "--bs=64k");
            fio(target, bytes, "--rw=randrw", "--bs=4k", "--direct=1");
        }
    }

    private void fio(final Target target, final long bytes, final String... options) throws IOException, InterruptedException {
        // What does not work is reported by the row that measures it.
        bench.client(Regime.FREE).add("fio", "--name=warm-up", "--thread", "--ioengine=psync", "--allow_file_create=0", "--size=" + bytes,
            "--filename=" + target.directory().resolve(FioWorkload.FILE), "--loops=" + bench.scale().warmUpPasses(),
            "--runtime=" + bench.scale().warmUpSeconds()).add(options).run();
    }

    private void files(final Target target) throws IOException, InterruptedException {
        final int count = Math.min(1000, bench.scale().files());
        try {
            target.remove(KNOWN);
            bench.client().make(target.backing().resolve(KNOWN), count, bench.limitSeconds());
            for (int pass = 0; pass < 2; pass++) {
                bench.client().files(target.directory().resolve(KNOWN), target.directory().resolve("warm-up-" + pass), count, Regime.FREE,
                    bench.limitSeconds());
            }
        } catch (final HungException e) {
            throw e;
        } catch (final IOException e) {
            System.err.println("compare: warm-up of " + target.name() + ": " + e.getMessage());
        } finally {
            target.remove(KNOWN);
        }
    }
}
