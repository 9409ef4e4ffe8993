package io.quire.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs comparisons and prints their table.
 *
 * <p>A run has rounds. In each round every measurement has a JVM of its own, a measurement and its peers one after the
 * other; a ratio is taken within a round, from the medians of the iterations, and the table shows the median of the
 * rounds' ratios. So a disturbance of a minute spoils one round, not the result.
 */
public final class Suite {
    private static final String USAGE = """
        usage: scripts/bench [--quick] [--rounds N] [--list] [--check] [--output FILE] [regex...]
          --quick        3 short rounds, about 4 minutes; without it 5 longer ones
          --rounds N     another number of rounds
          --list         show what there is
          --check        exit with status 1 when a target is missed
          --output FILE  write the table there too
          regex          only comparisons whose title or measurement matches one
               scripts/bench --jmh [arguments of JMH...]
          runs JMH itself, for example --jmh HitBenchmark -prof gc
               scripts/bench --truncate [--quick] [--capacity MIB] [--rounds N] [--directory DIRECTORY]
          the time of a truncate by pages present and size of the hole, with a chart
        """;

    private final Settings settings;
    private final PrintStream out;

    /** What the command line asks for. */
    private record Settings(List<Comparison> comparisons, boolean quick, int rounds, boolean check, Path output) {
    }

    private Suite(final Settings settings, final PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     * @throws RunnerException when a benchmark fails
     * @throws IOException     when the output file cannot be written
     */
    public static void main(final String[] arguments) throws RunnerException, IOException {
        final List<Pattern> patterns = new ArrayList<>();
        boolean quick = false;
        boolean check = false;
        boolean list = false;
        int rounds = 0;
        Path output = null;
        try {
            for (int i = 0; i < arguments.length; i++) {
                switch (arguments[i]) {
                    case "--quick" -> quick = true;
                    case "--check" -> check = true;
                    case "--list" -> list = true;
                    case "--rounds" -> rounds = positive(value(arguments, ++i));
                    case "--output" -> output = Path.of(value(arguments, ++i));
                    case "--help", "-h" -> {
                        System.out.print(USAGE);
                        return;
                    }
                    default -> patterns.add(pattern(arguments[i]));
                }
            }
        } catch (final IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
        }
        final List<Comparison> chosen = Comparison.all().stream().filter(c -> matches(c, patterns)).toList();
        if (list) {
            chosen.forEach(c -> System.out.println(c.title() + "   [" + c.subject() + "]"));
            return;
        }
        if (chosen.isEmpty()) {
            System.err.println("bench: nothing is called " + patterns + "; --list shows what there is");
            System.exit(2);
        }
        final Settings settings = new Settings(chosen, quick, rounds > 0 ? rounds : quick ? 3 : 5, check, output);
        System.exit(new Suite(settings, System.out).run() || !check ? 0 : 1);
    }

    private static String value(final String[] arguments, final int i) {
        if (i == arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " needs a value");
        }
        return arguments[i];
    }

    private static int positive(final String text) {
        final int number = Integer.parseInt(text);
        if (number < 1) {
            throw new IllegalArgumentException("the number of rounds must be 1 or more, not " + number);
        }
        return number;
    }

    private static Pattern pattern(final String text) {
        if (text.startsWith("--")) {
            throw new IllegalArgumentException("there is no option " + text);
        }
        try {
            return Pattern.compile(text);
        } catch (final PatternSyntaxException e) {
            throw new IllegalArgumentException("not a regular expression: " + text, e);
        }
    }

    private static boolean matches(final Comparison comparison, final List<Pattern> patterns) {
        return patterns.isEmpty() || patterns.stream().anyMatch(p ->
            p.matcher(comparison.title()).find() || p.matcher(comparison.subject().toString()).find());
    }

    /** Whether every target was met. */
    private boolean run() throws RunnerException, IOException {
        final Set<Measurement> measurements = new LinkedHashSet<>();
        for (final Comparison comparison : settings.comparisons()) {
            measurements.add(comparison.subject());
            measurements.addAll(comparison.peers());
        }
        final Map<Measurement, List<Samples>> rounds = new LinkedHashMap<>();
        for (int round = 1; round <= settings.rounds(); round++) {
            int number = 0;
            for (final Measurement measurement : measurements) {
                System.err.printf("bench: round %d of %d, %d of %d: %s%n", round, settings.rounds(), ++number,
                    measurements.size(), measurement);
                rounds.computeIfAbsent(measurement, m -> new ArrayList<>()).add(measure(measurement));
            }
        }
        final RatioTable table = new RatioTable(rounds);
        final String text = table.markdown(settings.comparisons());
        out.print(text);
        if (settings.output() != null) {
            Files.writeString(settings.output(), text);
        }
        return table.allMet();
    }

    private Samples measure(final Measurement measurement) throws RunnerException {
        final ChainedOptionsBuilder options = new OptionsBuilder()
            .include("^" + Pattern.quote("io.quire.bench." + measurement.benchmark()) + "$")
            .threads(measurement.threads()).forks(1).warmupForks(0)
            .warmupIterations(settings.quick() ? 2 : 3).warmupTime(time(500, 1000))
            .measurementIterations(5).measurementTime(time(200, 1000))
            .addProfiler(WorkerProfiler.class)
            .shouldFailOnError(true).verbosity(VerboseMode.SILENT);
        measurement.parameters().forEach(options::param);
        final Collection<RunResult> results = new Runner(options.build()).run();
        final List<Double> nanos = new ArrayList<>();
        final List<Double> cpuNanos = new ArrayList<>();
        final List<Double> garbage = new ArrayList<>();
        final List<Double> shares = new ArrayList<>();
        for (final RunResult result : results) {
            for (final BenchmarkResult fork : result.getBenchmarkResults()) {
                for (final IterationResult iteration : fork.getIterationResults()) {
                    final double score = iteration.getPrimaryResult().getScore();
                    final double share = secondary(iteration, WorkerProfiler.CPU_SHARE);
                    nanos.add(score);
                    cpuNanos.add(score * share);
                    shares.add(share);
                    garbage.add(secondary(iteration, WorkerProfiler.ALLOCATED));
                }
            }
        }
        return new Samples(Samples.median(nanos), Samples.median(cpuNanos), Samples.median(garbage),
            Samples.median(shares));
    }

    private TimeValue time(final long quickMillis, final long millis) {
        return TimeValue.milliseconds(settings.quick() ? quickMillis : millis);
    }

    private static double secondary(final IterationResult iteration, final String label) {
        for (final String key : iteration.getSecondaryResults().keySet()) {
            // Some versions of JMH put a dot before the labels of profilers.
            if (key.endsWith(label)) {
                return iteration.getSecondaryResults().get(key).getScore();
            }
        }
        throw new IllegalStateException("no result " + label + " in " + iteration.getSecondaryResults().keySet());
    }
}
