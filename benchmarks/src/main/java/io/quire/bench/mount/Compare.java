package io.quire.bench.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.quire.bench.report.ResultFiles;
import io.quire.bench.report.RunFiles;
import io.quire.engine.write.WritePolicies;

/** The mount against its peers: what {@code scripts/compare} runs. */
public final class Compare {
    private static final long CLEAN_UP_MILLIS = 120_000;

    private final Options options;
    private final Scale scale;
    private final List<Plan.Step> plan;
    private final ResultFiles results = new ResultFiles();

    /**
     * @param scale how much is done
     * @param plan  what is done; rows that are not wanted are left out
     */
    Compare(final Options options, final Scale scale, final List<Plan.Step> plan) {
        this.options = options;
        this.scale = scale;
        this.plan = plan;
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     */
    public static void main(final String[] arguments) {
        final Options options;
        try {
            options = Options.parse(arguments);
        } catch (final IllegalArgumentException e) {
            say(e.getMessage() + "; see scripts/compare --help");
            System.exit(2);
            return;
        }
        if (options.help()) {
            System.out.print(Options.USAGE);
            return;
        }
        final Compare compare = new Compare(options, options.scale(), options.quick() ? Plan.quick() : Plan.full());
        final AtomicBoolean signalled = new AtomicBoolean();
        final Thread main = Thread.currentThread();
        // On a signal the work is interrupted where it stands, and its own clean-up is what the JVM waits for.
        final Thread signal = new Thread(() -> {
            signalled.set(true);
            // What draws may take an interruption away.
            compare.results.stop();
            main.interrupt();
            try {
                main.join(CLEAN_UP_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "quire-signal");
        Runtime.getRuntime().addShutdownHook(signal);
        int status = 1;
        try {
            status = compare.run();
        } catch (final InterruptedException | InterruptedIOException e) {
            say("interrupted, and nothing is left behind");
        } catch (final IOException | RuntimeException e) {
            say(signalled.get() ? "interrupted: " + e.getMessage() : String.valueOf(e.getMessage()));
        }
        if (!signalled.get()) {
            Runtime.getRuntime().removeShutdownHook(signal);
            System.exit(status);
        }
    }

    private static void say(final String line) {
        System.err.println("compare: " + line);
    }

    /** Runs; the exit status. */
    int run() throws IOException, InterruptedException {
        final List<Plan.Step> steps = Plan.chosen(plan, options::wants);
        if (steps.isEmpty()) {
            say("no row matches " + options.rows() + "; --list shows them");
            return 2;
        }
        final Path programs = WorkDirectory.create(Path.of(System.getProperty("java.io.tmpdir")));
        try {
            final Examples examples = new Examples(programs);
            final List<Server> all = servers(examples);
            final List<String> unknown = options.unknown(all.stream().map(Server::name).toList());
            if (!unknown.isEmpty()) {
                say("no server is called " + String.join(", ", unknown) + "; --list shows them");
                return 2;
            }
            final List<Server> servers = all.stream().filter(server -> options.wantsServer(server.name())
                && steps.stream().anyMatch(step -> step.audience().includes(server))).toList();
            if (options.list() || options.plan()) {
                if (options.plan()) {
                    plan(steps, servers);
                } else {
                    list(steps, servers);
                }
                return 0;
            }
            if (servers.isEmpty()) {
                say("none of these servers takes part in these rows");
                return 2;
            }
            require();
            others();
            final Report report = new Report(options.output(), options.name(), servers, scale, Machine.describe(), results, Compare::say);
            return measure(steps, servers, examples, report);
        } finally {
            Command.cleanUp(60, "rm", "-rf", programs.toString());
        }
    }

    private int measure(final List<Plan.Step> steps, final List<Server> servers, final Examples examples, final Report report)
        throws IOException, InterruptedException {
        final Session session = new Session(steps, options::wants, servers, scale, Compare::say, report::checkpoint);
        boolean finished = false;
        try {
            session.run(CServer.delaying(examples.delaying(scale.delayMicros(), scale.pieceMicros())));
            if (session.results().keys().isEmpty()) {
                say("nothing was measured, and nothing is written");
                return 1;
            }
            System.out.print(report.finished(session));
            finished = true;
            return 0;
        } finally {
            if (!finished) {
                // What writes is refused while the thread is interrupted.
                final boolean interrupted = Thread.interrupted();
                report.unfinished(session);
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Two runs at once would measure each other. A part is often only tried. */
    private void others() throws IOException {
        final Leftovers others = Leftovers.in(Place.candidates());
        if (!others.running().isEmpty()) {
            final String who = "another comparison is running, process " + String.join(", ", others.running().stream().map(String::valueOf)
                .toList());
            if (!options.isPart()) {
                throw new IOException(who + "; wait for it, or end it");
            }
            say(who + ", and the two measure each other");
        }
        for (final String removed : List.of(others.remove(), RunFiles.removeLeftovers(List.of(options.output())))) {
            if (!removed.isEmpty()) {
                say(removed);
            }
        }
    }

    private static void require() throws IOException {
        if (!Files.exists(Path.of("/dev/fuse"))) {
            throw new IOException("there is no /dev/fuse; load the kernel module with modprobe fuse, or start the container with "
                + "--device /dev/fuse");
        }
        if (!Programs.has("taskset")) {
            throw new IOException("taskset is missing; apt-get install util-linux");
        }
    }

    private List<Server> servers(final Examples examples) throws IOException, InterruptedException {
        final List<Server> servers = new ArrayList<>();
        final Path launcher = Path.of(System.getProperty("quire.launcher", "scripts/quire")).toAbsolutePath();
        for (final String transport : options.transports()) {
            WritePolicies.all().stream().filter(policy -> !policy.isLaboratory())
                .forEach(policy -> servers.add(new QuireServer(launcher, policy.name(), transport)));
        }
        servers.add(CServer.passthroughLowLevel(examples.lowLevel(), Descriptors.files()));
        servers.add(CServer.passthroughHandles(examples.handles()));
        servers.add(CServer.bindfs());
        servers.add(CServer.mergerfs());
        servers.add(new BareDirectory());
        servers.add(QuireServer.recording(launcher));
        return servers;
    }

    private void plan(final List<Plan.Step> steps, final List<Server> servers) {
        final List<Server> able = servers.stream().filter(server -> server.missing().isEmpty()).toList();
        Plan.Step last = null;
        for (final Plan.Step step : steps) {
            if (last == null || last.kind() != step.kind()) {
                System.out.printf("%s  %s: mounting and warming up%n", Progress.clock(Plan.startSeconds(steps, step.kind(), able, scale)),
                    step.kind().title());
            }
            System.out.printf("%s  %s%n", Progress.clock(step.seconds(scale, able)), String.join("; ",
                step.keys().stream().map(Results.Key::label).toList()));
            last = step;
        }
        System.out.printf("%s  everything, on %d servers, on a quiet machine%s%n", Progress.clock(Plan.seconds(steps, able, scale)), able.size(),
            scale.budgetSeconds() > 0 ? "; no row is begun after " + Progress.clock(scale.budgetSeconds()) : "");
    }

    private void list(final List<Plan.Step> steps, final List<Server> servers) {
        steps.stream().flatMap(step -> step.keys().stream()).map(Results.Key::label).filter(options::wants).forEach(System.out::println);
        System.out.println();
        servers.forEach(server -> System.out.println(server.name() + ": " + server.missing().map(reason -> "missing: " + reason)
            .orElseGet(server::description)));
    }
}
