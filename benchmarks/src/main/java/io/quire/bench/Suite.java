package io.quire.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.openjdk.jmh.runner.RunnerException;

import io.quire.bench.report.Machine;
import io.quire.bench.report.ResultFiles;
import io.quire.bench.report.RunFiles;

/**
 * The engine against its peers: what {@code scripts/bench} runs.
 *
 * <p>A run has rounds. In each round every measurement of a ratio has a JVM of its own, a measurement and its peers one after the
 * other; a ratio is taken within a round, from the medians of the iterations, and the table shows the median of the rounds' ratios. So
 * a disturbance of a minute spoils one round, not the result. Curves are measured once, after the first round, and several points in
 * one JVM.
 */
public final class Suite {
    /** When the script began, in seconds since 1970: a build counts, too. */
    private static final String STARTED_PROPERTY = "quire.bench.started";
    private static final String COMMIT_PROPERTY = "quire.bench.commit";
    private static final long FULL_MILLIS = 14 * 60_000;
    private static final long QUICK_MILLIS = 260_000;
    /** What is begun in time may take so long; tables and charts need the rest. */
    private static final long LAST_MILLIS = 20_000;
    private static final int FULL_ROUNDS = 5;
    private static final int QUICK_ROUNDS = 3;

    /** Set by a signal: from then on measurements end because they are ended. */
    private static volatile boolean interrupted;
    private static final ResultFiles RESULTS = new ResultFiles();

    private final Options options;
    private final Path scratch;
    private final List<Comparison> comparisons;
    private final List<Sweep> sweeps;
    private final Deadline deadline;
    private final Figures figures = new Figures();
    /** What there was no time for. */
    private final List<String> late = new ArrayList<>();
    /** How long the longest measurement of a ratio took. */
    private long longestMillis;

    private Suite(final Options options, final Path scratch, final List<PeerLibrary> missing) {
        this.options = options;
        this.scratch = scratch;
        this.comparisons = options.comparisons().stream().map(c -> c.withPeers(c.peers().stream()
            .filter(peer -> missing.stream().noneMatch(library -> library.isNeededBy(peer))).toList()))
            .filter(c -> !c.peers().isEmpty()).toList();
        this.sweeps = options.sweeps();
        final long started = Long.getLong(STARTED_PROPERTY, System.currentTimeMillis() / 1000) * 1000;
        final long beginnings = started + (options.quick() ? QUICK_MILLIS : FULL_MILLIS);
        this.deadline = options.rounds() > 0 ? Deadline.never() : new Deadline(beginnings, beginnings + LAST_MILLIS);
        for (final PeerLibrary library : missing) {
            leaveOut(library.jar() + " is not on the class path, its rows are not measured");
        }
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     * @throws IOException          when the results cannot be written
     * @throws InterruptedException when the thread is interrupted
     */
    public static void main(final String[] arguments) throws IOException, InterruptedException {
        System.setProperty("java.awt.headless", "true");
        final Options options;
        try {
            options = Options.parse(arguments);
        } catch (final IllegalArgumentException e) {
            say(e.getMessage() + "; see scripts/bench --help");
            System.exit(2);
            return;
        }
        if (options.help()) {
            System.out.print(Options.USAGE);
            return;
        }
        if (options.comparisons().isEmpty() && options.sweeps().isEmpty()) {
            say("nothing is called " + options.patterns() + "; --list shows what there is");
            System.exit(2);
        }
        if (options.list()) {
            options.comparisons().forEach(c -> System.out.println(c.title() + "   [" + c.subject() + "]"));
            options.sweeps().forEach(s -> System.out.println(s.title() + "   [" + s.id() + "]"));
            return;
        }
        final Path scratch;
        try {
            // First, as it may be what the space is lacking for.
            final String removed = removeLeftovers(options.output());
            if (!removed.isEmpty()) {
                say(removed);
            }
            final Optional<String> lacking = Requirements.missing(options.output());
            if (lacking.isPresent()) {
                say(lacking.get());
                System.exit(1);
            }
            scratch = RunFiles.directory(Path.of(System.getProperty("java.io.tmpdir")));
        } catch (final IOException e) {
            say(reason(e));
            System.exit(1);
            return;
        }
        final Thread signal = new Thread(() -> interrupt(scratch), "quire-signal");
        Runtime.getRuntime().addShutdownHook(signal);
        int status = 1;
        try {
            status = new Suite(options, scratch, PeerLibrary.missing(Suite.class.getClassLoader())).run();
        } catch (final IOException e) {
            stopWhenInterrupted();
            say(reason(e));
        } finally {
            stopWhenInterrupted();
            Runtime.getRuntime().removeShutdownHook(signal);
            Deadline.endChildren();
            RunFiles.remove(scratch);
            // A JVM that had to be killed.
            removeLeftovers(options.output());
        }
        System.exit(status);
    }

    private static String removeLeftovers(final Path output) throws IOException {
        final Set<Path> bases = FilePlace.everywhere();
        bases.add(output);
        return RunFiles.removeLeftovers(bases);
    }

    /** Exceptions about files often say nothing but the file. */
    private static String reason(final IOException e) {
        return e instanceof final FileSystemException about ? about.getFile() + ": " + (about.getReason() == null ? e.getClass().getSimpleName()
            : about.getReason()) : String.valueOf(e.getMessage());
    }

    /** After a signal this thread has nothing to do but to wait for the end of the JVM. */
    private static void stopWhenInterrupted() throws InterruptedException {
        if (interrupted) {
            Thread.currentThread().join();
        }
    }

    private static void interrupt(final Path scratch) {
        interrupted = true;
        say(RESULTS.stop() ? "interrupted when everything had been written" : "interrupted, nothing is written");
        try {
            Deadline.endChildren();
            RunFiles.remove(scratch);
        } catch (final IOException e) {
            say(scratch + " is left behind: " + e.getMessage());
        }
    }

    private static void say(final String what) {
        System.err.println("bench: " + what);
    }

    private void leaveOut(final String what) {
        say(what);
        figures.leftOut().add(what);
    }

    private int run() throws IOException, InterruptedException {
        final Map<String, String> machine = machine();
        final List<Measurement> important = measurements(comparisons.stream().filter(c -> c.target() > 0).toList());
        final List<Measurement> others = measurements(comparisons);
        others.removeAll(important);
        deadline.enforce();
        final int rounds = options.rounds() > 0 ? options.rounds() : options.quick() ? QUICK_ROUNDS : FULL_ROUNDS;
        round(1, rounds, important);
        if (!options.quick()) {
            round(1, rounds, others);
        }
        curves();
        if (options.quick()) {
            round(1, rounds, others);
        }
        for (int round = 2; round <= rounds; round++) {
            round(round, rounds, important);
            // In a quick run what has no target is measured once, unless it is all that is wanted.
            if (!options.quick() || options.rounds() > 0 || important.isEmpty()) {
                round(round, rounds, others);
            }
        }
        if (!late.isEmpty()) {
            leaveOut("for want of time " + String.join(", ", late));
        }
        final Report report = new Report(machine, figures, comparisons, sweeps, options.quick());
        if (report.comparisons().isEmpty() && report.sweeps().isEmpty()) {
            say("nothing was measured, and nothing is written");
            return 1;
        }
        write(report);
        return options.check() && !report.allMet() ? 1 : 0;
    }

    private static List<Measurement> measurements(final List<Comparison> comparisons) {
        final Set<Measurement> all = new LinkedHashSet<>();
        comparisons.forEach(comparison -> all.addAll(comparison.measurements()));
        return new ArrayList<>(all);
    }

    private boolean isTimeUp() {
        return deadline.isTooLateFor(longestMillis);
    }

    private void round(final int round, final int rounds, final List<Measurement> measurements) throws InterruptedException {
        int number = 0;
        for (final Measurement measurement : measurements) {
            if (isTimeUp()) {
                if (round == 1) {
                    late.add(measurement.toString());
                }
                continue;
            }
            System.err.printf("bench: round %d of %d, %d of %d: %s%n", round, rounds, ++number, measurements.size(), measurement);
            final long start = System.currentTimeMillis();
            try {
                figures.add(measurement, Measurer.measure(measurement, Timing.ofRatio(options.quick(), measurement), true,
                    scratch.resolve("jmh.log").toString()));
            } catch (final RunnerException e) {
                stopWhenInterrupted();
                if (!deadline.isOver()) {
                    leaveOut(measurement + ": " + reason(e));
                } else if (round == 1) {
                    late.add(measurement.toString());
                }
            }
            longestMillis = Math.max(longestMillis, System.currentTimeMillis() - start);
        }
    }

    /** What JMH was told, which it says in its log only. */
    private String reason(final RunnerException e) {
        try (var lines = Files.lines(scratch.resolve("jmh.log"))) {
            return lines.filter(line -> line.contains("Exception") || line.contains("Error")).findFirst().orElse(e.getMessage()).strip();
        } catch (final IOException unread) {
            return e.getMessage();
        }
    }

    private void curves() throws IOException, InterruptedException {
        final PointsRunner runner = new PointsRunner(options.quick(), scratch);
        final Map<String, List<List<Measurement>>> groups = PointsRunner.group(sweeps);
        int number = 0;
        for (final Map.Entry<String, List<List<Measurement>>> group : groups.entrySet()) {
            final List<Measurement> points = group.getValue().stream().flatMap(List::stream).toList();
            if (isTimeUp()) {
                late.add("curves of " + group.getKey());
                continue;
            }
            System.err.printf("bench: curves, %d of %d: %s, %d points%n", ++number, groups.size(), group.getKey(), points.size());
            final String reason = runner.run(group.getValue(), deadline.lastBeginning(), figures.points());
            stopWhenInterrupted();
            if (!reason.isEmpty() && !deadline.isOver()) {
                leaveOut("curves of " + group.getKey() + ": " + reason);
            } else if (!figures.points().keySet().containsAll(points)) {
                late.add("curves of " + group.getKey() + " in part");
            }
        }
    }

    private static Map<String, String> machine() throws IOException {
        final Map<String, String> machine = new LinkedHashMap<>(Machine.describe());
        machine.put("libraries", String.join(", ", PeerLibrary.versions(System.getProperty("java.class.path"))));
        machine.put("commit", System.getProperty(COMMIT_PROPERTY, "unknown"));
        machine.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        return machine;
    }

    private void write(final Report report) throws IOException, InterruptedException {
        stopWhenInterrupted();
        final String name = options.name();
        final Map<String, String> titles = new LinkedHashMap<>();
        final Map<String, byte[]> files = new LinkedHashMap<>();
        for (final Charts.Chart chart : charts(report.sweeps())) {
            titles.put(chart.title(), name + chart.suffix() + ".png");
            files.put(name + chart.suffix() + ".png", chart.png());
        }
        final String table = report.markdown(titles);
        files.put(name + ".md", table.getBytes(StandardCharsets.UTF_8));
        files.put(name + ".json", report.json(Timing.ofRatio(options.quick()), Timing.ofPoint(options.quick()))
            .getBytes(StandardCharsets.UTF_8));
        stopWhenInterrupted();
        System.out.print(table);
        try {
            if (!RESULTS.place(options.output(), files)) {
                stopWhenInterrupted();
            }
        } catch (final IOException e) {
            throw new IOException("the table above cannot be written to " + options.output() + ": " + reason(e), e);
        }
        say("written to " + options.output() + "/" + name + ".*");
    }

    /** A JVM without fonts draws nothing, which costs the pictures and nothing else; nor does one without the library. */
    private List<Charts.Chart> charts(final List<Sweep> shown) {
        try {
            return new Charts(figures).draw(shown);
        } catch (final IOException | RuntimeException | LinkageError e) {
            say("no charts: " + e + "; a JVM draws with fontconfig and a font (apt-get install fontconfig fonts-dejavu-core)");
            return List.of();
        }
    }
}
