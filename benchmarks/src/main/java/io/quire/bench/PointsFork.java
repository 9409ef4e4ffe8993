package io.quire.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.openjdk.jmh.runner.RunnerException;

import io.quire.bench.report.Json;

/**
 * What a JVM that measures several points of curves runs; started by {@link Suite}. What was measured is in the file of results after
 * each point, so that a JVM that ends early costs the points it had not reached.
 */
public final class PointsFork {
    private PointsFork() {
    }

    /**
     * Runs.
     *
     * @param arguments the file that says what to measure, and where the results go
     * @throws IOException     when one of them cannot be read or written
     * @throws RunnerException when a benchmark fails
     */
    public static void main(final String[] arguments) throws IOException, RunnerException {
        // Nobody would ask for the results of a run that was killed; what it has on a disk goes with an orderly end.
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(1)));
        final Map<?, ?> order = (Map<?, ?>) Json.parse(Files.readString(Path.of(arguments[0])));
        final long deadline = ((Double) order.get("deadlineMillis")).longValue();
        final boolean quick = (Boolean) order.get("quick");
        final List<Object> results = new ArrayList<>();
        for (final Object line : (List<?>) order.get("lines")) {
            final List<Measurement> points = ((List<?>) line).stream().map(point -> Measurement.of((Map<?, ?>) point)).toList();
            // What compiled code knows of the line before leads it astray here: the first points would measure compilation.
            Measurer.measure(points.get(points.size() / 2), Timing.ofStart(), false, null);
            for (final Measurement point : points) {
                if (System.currentTimeMillis() > deadline) {
                    break;
                }
                final Map<String, Object> result = new LinkedHashMap<>(point.asMap());
                result.put("samples", Measurer.measure(point, Timing.ofPoint(quick), false, null).asMap());
                results.add(result);
                final Path next = Path.of(arguments[1] + ".next");
                Files.writeString(next, Json.write(Map.of("points", results)));
                Files.move(next, Path.of(arguments[1]), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        // A thread pool of a benchmark that is done may not keep the JVM.
        System.exit(0);
    }
}
