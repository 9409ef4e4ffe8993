package io.quire.fuse.command;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.reproduce.EngineReproducer;
import io.quire.fuse.reproduce.Outcome;
import io.quire.fuse.reproduce.ResultTable;
import io.quire.fuse.reproduce.WriteCase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quire reproduce}: writes a file from a mapping of itself, under every policy, and tells what came of it. */
@Command(name = "reproduce", mixinStandardHelpOptions = true,
    description = {"Write a file from a mapping of the same file, which deadlocks where a batch of pages is kept locked "
        + "while it is copied. Prints a table of policies by cases; the exit status is 1 when something hung or bytes "
        + "were wrong.",
        "With a MOUNTPOINT: mmap and pwritev on a live mount, from a process of its own under a watchdog. The mount's cache "
            + "is dropped again and again meanwhile; its policy is put back at the end.",
        "With --engine: the same inside the page cache, without a mount. Under multi-page-locked the deadlock is reported by "
            + "the lock-order validator and the write ends with EDEADLK."})
final class ReproduceCommand implements Callable<Integer> {
    private static final String ALL = "all";
    private static final int MAX_RUNS = 1_000_000;
    private static final int MAX_LIMIT_SECONDS = 3600;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MOUNTPOINT", description = "a live mount")
    private String mountPoint;

    @Option(names = "--engine", description = "inside the page cache, without a mount")
    private boolean engine;

    @Option(names = "--policy", paramLabel = "P", defaultValue = ALL,
        description = "the write policy to try, or all (default: ${DEFAULT-VALUE})")
    private String policy;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "1",
        description = "how often all cases are repeated (default: ${DEFAULT-VALUE})")
    private int runs;

    @Option(names = "--limit", paramLabel = "SECONDS", defaultValue = "20",
        description = "after how many seconds a case counts as hung (default: ${DEFAULT-VALUE})")
    private int limitSeconds;

    @Override
    public Integer call() {
        if (engine == (mountPoint != null)) {
            throw CommandException.usage(engine ? "both --engine and a mount point are given; choose one"
                : "neither --engine nor a mount point is given; choose one");
        }
        check("--runs", runs, MAX_RUNS);
        check("--limit", limitSeconds, MAX_LIMIT_SECONDS);
        final List<WritePolicy> policies = policies();
        final ResultTable table = new ResultTable();
        if (engine) {
            inEngine(policies, table);
        } else {
            MountReproducer.run(mountPoint, policies, runs, limitSeconds, table);
        }
        Main.say(table.toString());
        if (table.bad() > 0) {
            throw CommandException.failed(table.bad() + " of " + table.tried() + " went wrong or hung; the table says which");
        }
        return 0;
    }

    private static void check(final String option, final int value, final int most) {
        if (value < 1 || value > most) {
            throw CommandException.usage(option + " " + value + ": give a number from 1 to " + most);
        }
    }

    private List<WritePolicy> policies() {
        if (ALL.equals(policy)) {
            return WritePolicies.all();
        }
        try {
            return List.of(WritePolicies.byName(policy));
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage("--policy " + policy + ": " + CommandException.reason(e) + ", or all");
        }
    }

    private void inEngine(final List<WritePolicy> policies, final ResultTable table) {
        // What the validator reports is told here, and not a second time by its log.
        System.setProperty("org.slf4j.simpleLogger.log.io.quire.engine.lock.LockOrder", "off");
        if (!LockOrder.ENABLED) {
            throw CommandException.failed("--engine needs the lock-order validator, which the launcher turns on; run "
                + "scripts/quire reproduce, or start the JVM with -Dquire.lock.order=true");
        }
        try (Progress progress = Progress.onTerminal()) {
            for (final WritePolicy one : policies) {
                progress.say("writing under " + one.name());
                inEngine(one, table, progress);
            }
        } catch (final IOException e) {
            throw CommandException.failed("cannot set up the engine: " + CommandException.reason(e), e);
        }
    }

    private void inEngine(final WritePolicy one, final ResultTable table, final Progress progress) throws IOException {
        boolean shown = false;
        try (EngineReproducer reproducer = new EngineReproducer(one, limitSeconds * 1000L)) {
            for (int run = 1; run <= runs; run++) {
                for (final WriteCase tried : WriteCase.all()) {
                    final Outcome outcome = reproducer.run(tried, run);
                    table.add(one.name(), tried, run, outcome);
                    if (outcome.kind() == Outcome.Kind.REPORTED && !shown) {
                        progress.end();
                        Main.say(outcome.detail() + "\n");
                        shown = true;
                    }
                    if (outcome.kind() == Outcome.Kind.HUNG) {
                        return;
                    }
                }
            }
        }
    }
}
