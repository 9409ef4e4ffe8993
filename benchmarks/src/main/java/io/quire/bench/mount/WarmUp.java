package io.quire.bench.mount;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Before anything is measured: what is to be cached is cached by one pass, for every server; and a JVM compiles what is done often, so servers that
 * are one go on for a while. As many servers at once as there are processors.
 */
final class WarmUp {
    private static final String KNOWN = "warm-up";
    private static final int FILES = 1000;
    private static final int FILE_ROUNDS = 6;
    private static final int PASSES = 10_000;

    private final Bench bench;

    WarmUp(final Bench bench) {
        this.bench = bench;
    }

    /**
     * Warms up. What a server refuses here it will refuse again where it counts, and that says so.
     *
     * @return servers that hang, with the reason
     */
    Map<Target, String> run(final List<Target> targets) throws IOException, InterruptedException {
        final Map<Target, String> hanging = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            final Map<Target, Future<?>> running = new LinkedHashMap<>();
            for (final Target target : targets) {
                final Callable<Void> task = () -> {
                    data(target);
                    return null;
                };
                running.put(target, threads.submit(task));
            }
            try {
                for (final Map.Entry<Target, Future<?>> each : running.entrySet()) {
                    await(each.getKey(), each.getValue(), hanging);
                }
            } finally {
                threads.shutdownNow();
            }
        }
        for (final Target target : targets) {
            if (target.kind() != Place.Kind.SLOW && !hanging.containsKey(target)) {
                files(target, hanging);
            }
        }
        return hanging;
    }

    private static void await(final Target target, final Future<?> warming, final Map<Target, String> hanging)
        throws IOException, InterruptedException {
        try {
            warming.get();
        } catch (final ExecutionException e) {
            if (!(e.getCause() instanceof HungException)) {
                throw new IOException("the warm-up of " + target.name() + " failed: " + e.getCause().getMessage(), e);
            }
            hanging.put(target, e.getCause().getMessage());
        }
    }

    private static boolean compiles(final Target target) {
        return target.server().role() != Server.Role.PEER;
    }

    private void data(final Target target) throws IOException, InterruptedException {
        final boolean slow = target.kind() == Place.Kind.SLOW;
        final long bytes = slow ? bench.scale().slowBytes() : bench.scale().fileBytes();
        FioWorkload.make(target.backing().resolve(FioWorkload.FILE), bytes);
        fio(target, bytes, "--rw=read", "--bs=64k");
        if (!slow) {
            fio(target, bytes, "--rw=write", "--bs=64k");
            fio(target, bytes, "--rw=randrw", "--bs=4k", "--direct=1");
            // Rows of several callers are too short to go over their files once, and would measure first reads.
            final List<String> ofJobs = FioWorkload.makeOfJobs(target, bench.scale());
            if (Programs.has("fio")) {
                bench.client(Regime.FREE).add(words(ofJobs, "--rw=read", "--bs=64k")).run();
            }
        }
    }

    private static List<String> words(final List<String> files, final String... options) {
        final List<String> words = new ArrayList<>(List.of("fio", "--name=warm-up", "--thread", "--ioengine=psync", FioWorkload.CLOCK,
            "--allow_file_create=0"));
        words.addAll(files);
        words.addAll(List.of(options));
        return words;
    }

    private void fio(final Target target, final long bytes, final String... options) throws IOException, InterruptedException {
        if (!Programs.has("fio")) {
            return;
        }
        final List<String> words = words(List.of("--size=" + bytes, "--filename=" + target.directory().resolve(FioWorkload.FILE)), options);
        // What does not work is reported by the row that measures it.
        bench.client(Regime.FREE).add(words).run();
        if (compiles(target)) {
            bench.client(Regime.FREE).add(words).add("--loops=" + PASSES, "--runtime=" + bench.scale().warmUpMillis() + "ms").run();
        }
    }

    private void files(final Target target, final Map<Target, String> hanging) throws IOException, InterruptedException {
        final int count = Math.min(FILES, bench.scale().files());
        try {
            target.remove(KNOWN);
            bench.client().make(target.backing().resolve(KNOWN), count, bench.limitSeconds());
            for (int round = 0; round < (compiles(target) ? FILE_ROUNDS : 1); round++) {
                bench.client().files(target.directory().resolve(KNOWN), target.directory().resolve("warm-up-" + round), count, Regime.FREE,
                    bench.limitSeconds());
            }
        } catch (final HungException e) {
            hanging.put(target, e.getMessage());
        } catch (final IOException e) {
            System.err.println("compare: warm-up of " + target.name() + ": " + e.getMessage());
        } finally {
            target.remove(KNOWN);
        }
    }
}
