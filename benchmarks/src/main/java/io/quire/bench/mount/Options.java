package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the command line asks for.
 *
 * @param quick      fewer rows, and shorter
 * @param rows       the rows that are wanted
 * @param servers    names of servers, or beginnings of names; empty for all
 * @param transports of Quire
 * @param repeat     repetitions, 0 for the usual number
 * @param output     directory of the results
 * @param list       only show what there is
 * @param plan       only show how long it will take
 * @param help       only explain
 */
record Options(boolean quick, Pattern rows, List<String> servers, List<String> transports, int repeat, Path output, boolean list,
    boolean plan, boolean help) {
    static final String USAGE = """
        usage: scripts/compare [--quick] [--rows REGEX] [--servers LIST] [--repeat N] [--output DIR]
                               [--list | --plan]
          --quick           fewer rows, and smaller: at most 8 minutes on two processors, everything at most 28
          --rows REGEX      only rows that match, as --list shows them: 'one core.*write 64 KiB'
          --servers LIST    only these, separated by commas; the beginning of a name will do: quire,bare
          --transports LIST of Quire, separated by commas (default: jnr)
          --repeat N        so many repetitions instead of 5, 3 to 99
          --output DIR      where the table, the charts and the JSON go (default: benchmarks/results)
          --list            show rows and servers
          --plan            show how long each row will take, and all of them, without measuring anything
        Mounts Quire by each write policy, passthrough_ll, passthrough_fh, bindfs and mergerfs over one source and lets them take
        turns, in memory, on disk and over a source that is slow. As root on a Debian-like system what is missing is installed;
        what cannot be had is named and left out. Written are compare.md, compare.json and charts; with --quick
        compare-quick.*, with --rows or --servers compare-part.*; and compare-unfinished.* while it runs. Needs up to 6 GiB of
        memory and 2 GiB of disk, which is looked at before.
        A quiet machine, please. How it is measured and how the peers are set up: native-notes/comparison.md
        """;
    private static final int FEWEST = 3;
    private static final int MOST = 99;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static Options parse(final String... arguments) {
        boolean quick = false;
        boolean list = false;
        boolean plan = false;
        boolean help = false;
        Pattern rows = Pattern.compile("");
        List<String> servers = List.of();
        List<String> transports = List.of(QuireServer.DEFAULT_TRANSPORT);
        int repeat = 0;
        Path output = Path.of("benchmarks/results");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> quick = true;
                case "--list" -> list = true;
                case "--plan" -> plan = true;
                case "--help", "-h" -> help = true;
                case "--rows" -> rows = pattern(value(arguments, ++i));
                case "--servers" -> servers = names(value(arguments, ++i));
                case "--transports" -> transports = transports(value(arguments, ++i));
                case "--repeat" -> repeat = repetitions(value(arguments, ++i));
                case "--output" -> output = Path.of(value(arguments, ++i));
                default -> throw new IllegalArgumentException("there is no option " + arguments[i]);
            }
        }
        return new Options(quick, rows, servers, transports, repeat, output, list, plan, help);
    }

    private static String value(final String[] arguments, final int i) {
        if (i == arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " needs a value");
        }
        return arguments[i];
    }

    private static List<String> names(final String text) {
        final List<String> names = Arrays.stream(text.split(",")).map(String::strip).filter(name -> !name.isEmpty()).distinct().toList();
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a list of names is empty");
        }
        return names;
    }

    private static List<String> transports(final String text) {
        final List<String> names = names(text);
        names.stream().filter(name -> !QuireServer.TRANSPORTS.contains(name)).findFirst().ifPresent(name -> {
            throw new IllegalArgumentException("--transports " + name + ": there is only " + String.join(", ", QuireServer.TRANSPORTS));
        });
        return names;
    }

    private static Pattern pattern(final String text) {
        try {
            return Pattern.compile(text);
        } catch (final PatternSyntaxException e) {
            throw new IllegalArgumentException("--rows " + text + ": not a regular expression", e);
        }
    }

    private static int repetitions(final String text) {
        try {
            final int number = Integer.parseInt(text);
            if (number >= FEWEST && number <= MOST) {
                return number;
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("--repeat " + text + ": not a number", e);
        }
        throw new IllegalArgumentException("--repeat " + text + ": not from " + FEWEST + " to " + MOST);
    }

    Scale scale() {
        final Scale scale = quick ? Scale.quick() : Scale.full();
        return repeat == 0 ? scale : scale.withRepetitions(repeat);
    }

    /** Whether less is asked for than there is. */
    boolean isPart() {
        return !rows.pattern().isEmpty() || !servers.isEmpty();
    }

    boolean wants(final String label) {
        return rows.matcher(label).find();
    }

    /** The name of all files that are written, without their ends. */
    String name() {
        return (quick ? "compare-quick" : "compare") + (isPart() ? "-part" : "");
    }

    /** Beginnings of names that no server has. */
    List<String> unknown(final List<String> names) {
        return servers.stream().filter(wanted -> names.stream().noneMatch(name -> name.startsWith(wanted))).toList();
    }

    boolean wantsServer(final String name) {
        return servers.isEmpty() || servers.stream().anyMatch(name::startsWith);
    }
}
