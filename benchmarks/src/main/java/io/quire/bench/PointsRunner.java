package io.quire.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.quire.bench.report.Json;

/** Measures points of curves, those that belong together in one JVM. */
final class PointsRunner {
    private final boolean quick;
    private final Path scratch;

    /** @param scratch a directory for the files that the JVMs read and write */
    PointsRunner(final boolean quick, final Path scratch) {
        this.quick = quick;
        this.scratch = scratch;
    }

    /** Which lines go together: by the name of their JVM, each point once. */
    static Map<String, List<List<Measurement>>> group(final List<Sweep> sweeps) {
        final Map<String, List<List<Measurement>>> groups = new LinkedHashMap<>();
        for (final Sweep sweep : sweeps) {
            for (final Sweep.Line line : sweep.lines()) {
                final List<List<Measurement>> group = groups.computeIfAbsent(line.jvm(), name -> new ArrayList<>());
                final List<Measurement> points = line.points().stream().filter(point -> group.stream().noneMatch(of -> of.contains(point)))
                    .toList();
                if (!points.isEmpty()) {
                    group.add(points);
                }
            }
        }
        return groups;
    }

    /**
     * Measures until all is done or time is up.
     *
     * @param deadlineMillis when to begin no more points, as {@link System#currentTimeMillis} counts
     * @param results        filled in
     * @return why the JVM ended early, or an empty string
     */
    String run(final List<List<Measurement>> lines, final long deadlineMillis, final Map<Measurement, Samples> results)
        throws IOException, InterruptedException {
        final Map<String, Object> order = new LinkedHashMap<>();
        order.put("quick", quick);
        order.put("deadlineMillis", deadlineMillis);
        order.put("lines", lines.stream().map(line -> line.stream().map(Measurement::asMap).toList()).toList());
        final Path in = scratch.resolve("points.json");
        final Path out = scratch.resolve("results.json");
        final Path log = scratch.resolve("points.log");
        Files.writeString(in, Json.write(order));
        Files.deleteIfExists(out);
        final int status = new ProcessBuilder(command(in, out)).redirectErrorStream(true).redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null"))).start().waitFor();
        if (Files.exists(out)) {
            for (final Object element : (List<?>) ((Map<?, ?>) Json.parse(Files.readString(out))).get("points")) {
                final Map<?, ?> point = (Map<?, ?>) element;
                results.put(Measurement.of(point), Samples.of((Map<?, ?>) point.get("samples")));
            }
        }
        if (status == 0) {
            return "";
        }
        final String said = Files.readString(log).lines().filter(line -> line.contains("Exception") || line.contains("Error"))
            .findFirst().orElse("no reason was given");
        return "status " + status + ", " + said.strip();
    }

    private static List<String> command(final Path in, final Path out) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), PointsFork.class.getName(), in.toString(), out.toString()));
        return command;
    }
}
