package io.quire.bench;

import java.util.List;
import java.util.Optional;

/**
 * One benchmark over the values of a parameter, a line for each way: a table, and where it is worth one a chart.
 *
 * @param id     names it, in the command line and in the name of its chart
 * @param title  what the table is called
 * @param x      what is varied
 * @param values of it, as numbers
 * @param labels of the values
 * @param lines  what is compared
 * @param unit   in what the points are shown
 * @param chart  whether it is drawn
 */
record Sweep(String id, String title, String x, List<Double> values, List<String> labels, List<Line> lines, Unit unit, boolean chart) {
    /** In what a time is shown. */
    enum Unit {
        /** How many bytes all threads together get through. */
        mebibytes("MiB/s"),
        /** How long an operation takes. */
        nanoseconds("ns"),
        /** The same of long ones. */
        microseconds("us");

        private final String title;

        Unit(final String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    /**
     * A line of points.
     *
     * @param name   what it is called
     * @param jvm    points of the same name share a JVM, in order
     * @param points for each value one
     */
    record Line(String name, String jvm, List<Measurement> points) { }

    /** Checks that it is whole. */
    Sweep {
        for (final Line line : lines) {
            if (line.points().size() != values.size() || labels.size() != values.size()) {
                throw new IllegalArgumentException(id + ": " + line.name() + " has " + line.points().size() + " points, not "
                    + values.size());
            }
        }
    }

    /** A time as it is shown. */
    double shown(final Measurement point, final Samples samples) {
        return switch (unit) {
            case nanoseconds -> samples.undisturbed();
            case microseconds -> samples.undisturbed() / 1e3;
            case mebibytes -> Double.parseDouble(point.parameters().get("size")) * point.threads() / samples.undisturbed() * 1e9
                / (1 << 20);
        };
    }

    /** A line by its name. */
    Optional<Line> line(final String name) {
        return lines.stream().filter(line -> line.name().equals(name)).findFirst();
    }
}
