package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import io.quire.bench.report.Json;
import io.quire.engine.write.WritePolicies;

/** The mount against its peers: what {@code scripts/compare} runs. */
public final class Compare {
    private static final long CLEAN_UP_MILLIS = 120_000;

    private final Options options;
    private final Scale scale;
    private final List<Plan.Step> plan;

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
        } catch (final InterruptedException e) {
            say("interrupted; nothing is written and nothing is left");
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
        final Path programs = Files.createTempDirectory(Command.NAME);
        try {
            final Examples examples = new Examples(programs);
            final List<Server> servers = servers(examples);
            if (options.list()) {
                list(steps, servers);
                return 0;
            }
            if (servers.isEmpty()) {
                say("no server matches " + options.servers() + "; --list shows them");
                return 2;
            }
            require();
            final Map<String, String> machine = Machine.describe();
            final Session session = new Session(steps, options::wants, servers, scale, Compare::say);
            session.run(CServer.delaying(examples.delaying(scale.delayMicros())));
            if (session.results().keys().isEmpty()) {
                say("nothing was measured, and nothing is written");
                return 1;
            }
            write(session, servers, machine);
            return 0;
        } finally {
            Command.cleanUp(60, "rm", "-rf", programs.toString());
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

    private List<Server> servers(final Examples examples) throws InterruptedException {
        final List<Server> servers = new ArrayList<>();
        final Path launcher = Path.of(System.getProperty("quire.launcher", "scripts/quire")).toAbsolutePath();
        for (final String transport : options.transports()) {
            WritePolicies.all().stream().filter(policy -> !policy.isLaboratory())
                .forEach(policy -> servers.add(new QuireServer(launcher, policy.name(), transport)));
        }
        servers.add(CServer.passthroughLowLevel(examples.lowLevel()));
        servers.add(CServer.passthroughHandles(examples.handles()));
        servers.add(CServer.bindfs());
        servers.add(CServer.mergerfs());
        servers.add(new BareDirectory());
        return servers.stream().filter(server -> options.wantsServer(server.name())).toList();
    }

    private void list(final List<Plan.Step> steps, final List<Server> servers) {
        steps.stream().flatMap(step -> step.keys().stream()).map(Results.Key::label).filter(options::wants).forEach(System.out::println);
        System.out.println();
        servers.forEach(server -> System.out.println(server.name() + ": " + server.missing().map(reason -> "missing: " + reason)
            .orElseGet(server::description)));
    }

    private void write(final Session session, final List<Server> servers, final Map<String, String> machine)
        throws IOException {
        final List<String> names = servers.stream().map(Server::name).toList();
        // What is a part of the whole does not take its place.
        final String name = (options.quick() ? "compare-quick" : "compare") + (options.isPart() ? "-part" : "");
        Files.createDirectories(options.output());
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("machine", machine);
        all.put("repetitions", scale.repetitions());
        final Map<String, Object> described = new LinkedHashMap<>();
        servers.forEach(server -> described.put(server.name(), server.description()));
        all.put("servers", described);
        all.put("missing", session.missing());
        all.put("leftOut", session.results().leftOut());
        all.put("rows", session.results().asList(names));
        Files.writeString(options.output().resolve(name + ".json"), Json.write(all));
        String table = new Table(session.results(), servers, session.missing()).markdown(machine, scale);
        table += charts(session.results(), names, name);
        Files.writeString(options.output().resolve(name + ".md"), table);
        System.out.print(table);
        say("written to " + options.output() + "/" + name + ".*");
    }

    /** Draws what there is to draw; a JVM without fonts cannot, which costs the pictures and nothing else. */
    private String charts(final Results results, final List<String> servers, final String name) {
        System.setProperty("java.awt.headless", "true");
        final StringBuilder text = new StringBuilder();
        final List<String> mounts = servers.stream().filter(server -> !BareDirectory.NAME.equals(server)).toList();
        try {
            for (final Place.Kind kind : Place.Kind.values()) {
                for (final Regime regime : Regime.values()) {
                    final String file = name + "-" + kind.slug() + "-" + regime.slug();
                    if (new Chart(results, mounts).write(kind, regime, options.output().resolve(file))) {
                        text.append("\n![").append(kind.title()).append(", ").append(regime.title()).append("](").append(file).append(".png)\n");
                    }
                }
            }
        } catch (final IOException | RuntimeException | LinkageError e) {
            say("no charts: " + e.getMessage() + "; a JVM draws with fontconfig and a font (apt-get install fontconfig fonts-dejavu-core)");
        }
        return text.toString();
    }
}
