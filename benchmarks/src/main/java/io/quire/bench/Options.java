package io.quire.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the command line asks for.
 *
 * @param quick    less of everything
 * @param rounds   most rounds, 0 for as many as there is time for
 * @param check    whether a missed target is a failure
 * @param list     only show what there is
 * @param help     only explain
 * @param output   directory of the results
 * @param patterns what is wanted, all when there are none
 */
record Options(boolean quick, int rounds, boolean check, boolean list, boolean help, Path output, List<Pattern> patterns) {
    /** Where the results go unless told otherwise. */
    static final String RESULTS_PROPERTY = "quire.bench.results";

    static final String USAGE = """
        usage: scripts/bench [--quick] [--rounds N] [--list] [--check] [--output DIR] [regex...]
          --quick        a part of the curves and at most 3 short rounds of the ratios: less than 5 minutes, the build included;
                         without it at most 15 minutes
          --rounds N     so many rounds of the ratios, however long that takes
          --list         show what there is
          --check        exit with status 1 when a target is missed
          --output DIR   where tables, charts and JSON go (default: benchmarks/results)
          regex          only ratios and curves whose title, benchmark or name matches one
        Written are bench.md, bench.json and charts bench*.png; with --quick bench-quick*, of a part of it bench-part*.
        Takes 2 GiB of memory, a third of it in /dev/shm, and 1 GiB of disk. A quiet machine, please.
               scripts/bench --jmh [arguments of JMH...]
          runs JMH itself, for example --jmh HitBenchmark -prof gc
               scripts/bench --truncate [--quick] [--capacity MIB] [--rounds N] [--directory DIRECTORY]
          the time of a truncate by up to a million pages present and the size of the hole, with a chart
        How it is measured and how the peers are set up: native-notes/benchmarks.md
        """;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static Options parse(final String... arguments) {
        boolean quick = false;
        boolean check = false;
        boolean list = false;
        boolean help = false;
        int rounds = 0;
        Path output = Path.of(System.getProperty(RESULTS_PROPERTY, "benchmarks/results"));
        final List<Pattern> patterns = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> quick = true;
                case "--check" -> check = true;
                case "--list" -> list = true;
                case "--help", "-h" -> help = true;
                case "--rounds" -> rounds = rounds(value(arguments, ++i));
                case "--output" -> output = Path.of(value(arguments, ++i));
                default -> patterns.add(pattern(arguments[i]));
            }
        }
        return new Options(quick, rounds, check, list, help, output, List.copyOf(patterns));
    }

    private static String value(final String[] arguments, final int i) {
        if (i == arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " needs a value");
        }
        return arguments[i];
    }

    private static int rounds(final String text) {
        try {
            final int number = Integer.parseInt(text);
            if (number >= 1) {
                return number;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("--rounds " + text + ": not a number", e);
        }
        throw new IllegalArgumentException("--rounds " + text + ": 1 is the least");
    }

    private static Pattern pattern(final String text) {
        if (text.startsWith("-")) {
            throw new IllegalArgumentException("there is no option " + text);
        }
        try {
            return Pattern.compile(text);
        } catch (final PatternSyntaxException e) {
            throw new IllegalArgumentException(text + ": not a regular expression", e);
        }
    }

    private boolean wants(final String... names) {
        return patterns.isEmpty() || patterns.stream().anyMatch(pattern -> {
            for (final String name : names) {
                if (pattern.matcher(name).find()) {
                    return true;
                }
            }
            return false;
        });
    }

    /** The ratios that are wanted. */
    List<Comparison> comparisons() {
        return Comparison.all().stream().filter(c -> wants(c.title(), c.subject().toString())).toList();
    }

    /** The curves that are wanted. */
    List<Sweep> sweeps() {
        return Sweeps.all(quick).stream().filter(s -> wants(s.title(), s.id())).toList();
    }

    /** What the files of the results are called; what is a part of the whole does not take its place. */
    String name() {
        return !patterns.isEmpty() ? "bench-part" : quick ? "bench-quick" : "bench";
    }
}
