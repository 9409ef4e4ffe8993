package io.quire.bench;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

import io.quire.bench.report.RunFiles;

/** JMH's own command line: what {@code scripts/bench --jmh} runs. What is wrong with its words is said in a sentence, before anything is measured. */
public final class Jmh {
    private static final String PARAMETER = "-p";
    /** Set by a signal while something is measured; what fails then was ended. */
    private static volatile boolean ending;

    private Jmh() {
    }

    /**
     * Runs.
     *
     * @param arguments JMH's
     * @throws IOException when JMH cannot read what it is made of
     */
    public static void main(final String[] arguments) throws IOException {
        final CommandLineOptions options;
        try {
            options = new CommandLineOptions(arguments);
            if (options.shouldHelp() || options.shouldList() || options.shouldListWithParams() || options.shouldListProfilers()
                || options.shouldListResultFormats()) {
                org.openjdk.jmh.Main.main(arguments);
                return;
            }
            check(options, arguments);
        } catch (final CommandLineOptionException | IllegalArgumentException e) {
            end(2, e);
            return;
        }
        final String removed = RunFiles.removeLeftovers(FilePlace.everywhere());
        if (!removed.isEmpty()) {
            System.err.println("bench: " + removed);
        }
        // JMH leaves the JVM that measures to find out for itself, at the end of its iteration.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            ending = true;
            Deadline.endChildren();
        }, "quire-signal"));
        try {
            // A benchmark that fails is a failure of the run, unless it was told otherwise.
            new Runner(options.shouldFailOnError().hasValue() ? options : new OptionsBuilder().parent(options).shouldFailOnError(true).build()).run();
        } catch (final RunnerException | RuntimeException e) {
            if (ending) {
                System.err.println("bench: interrupted");
                return;
            }
            end(1, e);
        }
    }

    private static void end(final int status, final Exception e) {
        final StringBuilder said = new StringBuilder(String.valueOf(e.getMessage() == null ? e : e.getMessage()));
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && said.indexOf(cause.getMessage()) < 0) {
                said.append(": ").append(cause.getMessage());
            }
        }
        System.err.println("bench: " + said.toString().strip().replaceAll("\\s*\n\\s*", " ") + (status == 2 ? "; see scripts/bench --jmh -h" : ""));
        System.exit(status);
    }

    private static void check(final CommandLineOptions options, final String... arguments) {
        for (final List<String> patterns : List.of(options.getIncludes(), options.getExcludes())) {
            for (final String pattern : patterns) {
                try {
                    Pattern.compile(pattern);
                } catch (final PatternSyntaxException e) {
                    throw new IllegalArgumentException(pattern + ": not a regular expression (" + e.getDescription() + ")");
                }
            }
        }
        final Collection<BenchmarkListEntry> chosen = BenchmarkList.defaultList().find(
            OutputFormatFactory.createFormatInstance(System.err, VerboseMode.SILENT), options.getIncludes(), options.getExcludes());
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("no benchmark is called " + String.join(" or ", options.getIncludes()) + "; --jmh -l shows them");
        }
        for (final String parameter : parameters(arguments)) {
            final int equals = parameter.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(PARAMETER + " " + parameter + ": not NAME=VALUE[,VALUE...]");
            }
            check(chosen, parameter.substring(0, equals), parameter.substring(equals + 1).split(",", -1));
        }
    }

    private static List<String> parameters(final String... arguments) {
        final List<String> found = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            if (PARAMETER.equals(arguments[i]) && i + 1 < arguments.length) {
                found.add(arguments[++i]);
            }
        }
        return found;
    }

    private static void check(final Collection<BenchmarkListEntry> chosen, final String name, final String... values) {
        final TreeSet<String> known = new TreeSet<>();
        for (final BenchmarkListEntry benchmark : chosen) {
            known.addAll(benchmark.getParams().orElse(Map.of()).keySet());
        }
        if (!known.contains(name)) {
            throw new IllegalArgumentException(PARAMETER + " " + name + ": these benchmarks have no such parameter, "
                + (known.isEmpty() ? "and no other" : "but " + String.join(", ", known)));
        }
        for (final BenchmarkListEntry benchmark : chosen) {
            field(benchmark, name).ifPresent(field -> Arrays.stream(values).forEach(value -> check(field, value)));
        }
    }

    private static void check(final Field field, final String value) {
        final String wrong = PARAMETER + " " + field.getName() + "=" + value + ": ";
        final Class<?> type = field.getType();
        if (type.isEnum() && Arrays.stream(type.getEnumConstants()).noneMatch(constant -> ((Enum<?>) constant).name().equals(value))) {
            throw new IllegalArgumentException(wrong + "there is only " + String.join(", ",
                Arrays.stream(type.getEnumConstants()).map(constant -> ((Enum<?>) constant).name()).toList()));
        }
        if (type == boolean.class && !"true".equals(value) && !"false".equals(value)) {
            throw new IllegalArgumentException(wrong + "there is only true, false");
        }
        try {
            if (type == int.class) {
                Integer.parseInt(value);
            } else if (type == long.class) {
                Long.parseLong(value);
            }
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(wrong + "not a number", e);
        }
    }

    /** The field of a parameter, in the benchmark or in one of the states that its methods take. */
    private static Optional<Field> field(final BenchmarkListEntry benchmark, final String name) {
        try {
            final Class<?> type = Class.forName(benchmark.getUserClassQName());
            final List<Class<?>> states = new ArrayList<>(List.of(type));
            for (final Method method : type.getMethods()) {
                states.addAll(List.of(method.getParameterTypes()));
            }
            for (final Class<?> state : List.copyOf(states)) {
                for (final Method method : state.getMethods()) {
                    states.addAll(List.of(method.getParameterTypes()));
                }
            }
            return states.stream().flatMap(state -> Arrays.stream(state.getFields()))
                .filter(field -> field.getName().equals(name) && field.isAnnotationPresent(Param.class)).findFirst();
        } catch (final ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
