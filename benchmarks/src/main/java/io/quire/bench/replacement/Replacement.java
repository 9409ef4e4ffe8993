package io.quire.bench.replacement;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceException;
import io.quire.fuse.trace.TraceReader;

/** The command {@code scripts/bench --replacement}: hit ratios over recorded traces and made strings. */
public final class Replacement {
    private static final int FAILED = 1;
    private static final int WRONG_USE = 2;
    private static final String USAGE = """
        usage: scripts/bench --replacement [--traces DIRECTORY] [--directory DIRECTORY] [--quick] [TRACE...]
          TRACE...      traces that mount --record wrote; by default all of benchmarks/traces
          --traces      where the traces are when none is named
          --directory   where replacement.md, replacement.json and the charts go, benchmarks/results by default
          --quick       only the sizes that the tables show, without the scan mix in the engine, and without the strings that are held out
        """;

    private final List<Path> traces = new ArrayList<>();
    private Path traceDirectory = Path.of("benchmarks", "traces");
    private Path results = Path.of("benchmarks", "results");
    private boolean quick;

    private Replacement() {
    }

    /** What a user can mend; the message is one sentence. */
    private static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(final String message) {
            super(message);
        }
    }

    /**
     * Runs. Exits with status 2 when the command line is wrong, and 1 when a trace cannot be read or results not be written.
     *
     * @param arguments see {@code --help}
     */
    public static void main(final String[] arguments) {
        System.setProperty("java.awt.headless", "true");
        if (List.of(arguments).contains("--help") || List.of(arguments).contains("-h")) {
            System.out.print(USAGE);
            return;
        }
        final int status = run(arguments);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Runs, and says in one sentence what went wrong; returns the exit status. */
    static int run(final String... arguments) {
        final Replacement command = new Replacement();
        try {
            command.parse(arguments);
            command.measure();
            return 0;
        } catch (final UsageException e) {
            System.err.println("bench: " + e.getMessage());
            return WRONG_USE;
        } catch (final TraceException e) {
            System.err.println("bench: " + e.getMessage());
            return FAILED;
        } catch (final IOException e) {
            System.err.println("bench: cannot write the results to " + command.results + ": " + e);
            return FAILED;
        }
    }

    private void parse(final String[] arguments) throws UsageException, IOException {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--traces" -> traceDirectory = Path.of(value(arguments, ++i));
                case "--directory" -> results = Path.of(value(arguments, ++i));
                case "--quick" -> quick = true;
                default -> {
                    if (arguments[i].startsWith("-")) {
                        throw new UsageException("there is no option " + arguments[i] + "; try --help");
                    }
                    traces.add(Path.of(arguments[i]));
                }
            }
        }
        if (traces.isEmpty()) {
            if (!Files.isDirectory(traceDirectory)) {
                throw new UsageException("there is no directory " + traceDirectory + "; name the traces, or their directory by --traces");
            }
            try (Stream<Path> files = Files.list(traceDirectory)) {
                files.filter(file -> file.getFileName().toString().matches(".+\\.trace(\\.gz)?")).sorted().forEach(traces::add);
            }
            if (traces.isEmpty()) {
                throw new UsageException("there is no trace in " + traceDirectory + "; name the traces, or their directory by --traces");
            }
        }
        final Set<String> names = new HashSet<>(Set.of("scan-mix"));
        for (final Path trace : traces) {
            if (!names.add(name(trace))) {
                throw new UsageException("two strings would be named " + name(trace) + "; rename " + trace);
            }
        }
    }

    private static String value(final String[] arguments, final int i) throws UsageException {
        if (i == arguments.length) {
            throw new UsageException(arguments[i - 1] + " needs a value");
        }
        return arguments[i];
    }

    private static String name(final Path trace) {
        return trace.getFileName().toString().replaceFirst("(\\.trace)?(\\.gz)?$", "");
    }

    private void measure() throws IOException, UsageException {
        final List<HitRatios> measured = new ArrayList<>();
        final List<HitRatios> engine = new ArrayList<>();
        // A bad trace, or a place that cannot be written to, is told before any time is spent.
        final List<ReferenceString> strings = new ArrayList<>();
        final List<TraceReader> readers = new ArrayList<>();
        for (final Path trace : traces) {
            final TraceReader reader = TraceReader.open(trace);
            readers.add(reader);
            strings.add(read(trace, reader));
        }
        Files.createDirectories(results);
        final List<Integer> sizes = quick ? HitRatios.SHOWN : HitRatios.ALL;
        strings.add(SyntheticStrings.scanMix());
        for (final ReferenceString string : strings) {
            measured.add(timed(string, "simulated", () -> HitRatios.simulated(string, sizes)));
        }
        for (int i = 0; i < readers.size(); i++) {
            engine.add(ofTheEngine(strings.get(i), sizes, EngineWork.replayed(new Replay(readers.get(i)))));
        }
        if (!quick) {
            engine.add(ofTheEngine(strings.getLast(), sizes, EngineWork.read(SyntheticStrings::scanMix)));
        }
        final List<HitRatios> heldOut = new ArrayList<>();
        if (!quick) {
            for (final ReferenceString string : SyntheticStrings.heldOut()) {
                heldOut.add(timed(string, "simulated", () -> HitRatios.simulated(string, sizes)));
            }
        }
        final ReplacementReport report = new ReplacementReport(measured, engine, heldOut);
        report.write(results);
        System.out.print(report.markdown());
    }

    private static ReferenceString read(final Path trace, final TraceReader reader) throws TraceException, UsageException {
        final ReferenceString.Builder builder = new ReferenceString.Builder(name(trace));
        reader.forEachPage(builder);
        final ReferenceString string = builder.build();
        if (string.references() == 0) {
            throw new UsageException(trace + " neither reads nor writes a file; record some work");
        }
        return string;
    }

    private static HitRatios ofTheEngine(final ReferenceString string, final List<Integer> sizes, final HitRatios.Work work) {
        return timed(string, "by the engine", () -> HitRatios.ofTheEngine(string, sizes, work));
    }

    private static HitRatios timed(final ReferenceString string, final String how, final Supplier<HitRatios> measurement) {
        final long start = System.nanoTime();
        final HitRatios ratios = measurement.get();
        System.err.printf(Locale.ROOT, "bench: %s %s, %,d uses, %.1f s%n", string.name(), how, string.references(),
            (System.nanoTime() - start) / 1e9);
        return ratios;
    }
}
