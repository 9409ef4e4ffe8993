package io.quire.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import io.quire.bench.report.Json;

/** The tables in Markdown and the figures in JSON. */
final class Report {
    private static final double ROUNDING = 1000;
    private static final double ITERATION_GARBAGE = 4096;

    private final Map<String, String> machine;
    private final Figures figures;
    private final List<Comparison> comparisons;
    private final List<Sweep> sweeps;
    private final boolean quick;

    Report(final Map<String, String> machine, final Figures figures, final List<Comparison> comparisons, final List<Sweep> sweeps,
        final boolean quick) {
        this.machine = machine;
        this.figures = figures;
        this.comparisons = figures.shown(comparisons);
        this.sweeps = figures.shownSweeps(sweeps);
        this.quick = quick;
    }

    List<Comparison> comparisons() {
        return comparisons;
    }

    List<Sweep> sweeps() {
        return sweeps;
    }

    boolean allMet() {
        final RatioTable table = new RatioTable(figures.rounds());
        return comparisons.stream().allMatch(comparison -> table.row(comparison).isMet());
    }

    /**
     * The tables.
     *
     * @param charts by the title of each, the name of its file
     */
    String markdown(final Map<String, String> charts) {
        final StringBuilder text = new StringBuilder("# The engine, measured\n\n");
        text.append("Ratios of speeds within one run: more than 1 is faster than the peer. native-notes/benchmarks.md says how they are "
            + "made.\n\n");
        machine.forEach((name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append(quick ? "- a quick run: short iterations\n" : "");
        figures.leftOut().forEach(what -> text.append("- left out: ").append(what).append('\n'));
        charts.forEach((title, file) -> text.append("\n![").append(title).append("](").append(file).append(")\n"));
        if (!comparisons.isEmpty()) {
            text.append("\n## Ratios\n\n").append(new RatioTable(figures.rounds()).markdown(comparisons));
        }
        for (final Sweep sweep : sweeps) {
            text.append("\n## ").append(sweep.title()).append("\n\n").append(sweep.unit().title()).append("; in brackets: bytes that an "
                + "operation allocates, where there are any.\n\n");
            table(text, sweep);
        }
        return text.toString();
    }

    /** JMH allocates a kilobyte or two in an iteration, which is a lot where operations are long and few. */
    private boolean isGarbage(final Samples samples) {
        return samples.garbage() >= RatioTable.NO_GARBAGE
            && samples.garbage() * Timing.ofPoint(quick).millis() * 1e6 / samples.nanos() > ITERATION_GARBAGE;
    }

    /** What batching brings. */
    private void ratios(final StringBuilder text, final Sweep sweep) {
        final Optional<Sweep.Line> one = sweep.line("one-page");
        final Optional<Sweep.Line> multi = sweep.line("multi-page");
        if (one.isPresent() && multi.isPresent()) {
            text.append("| multi-page / one-page |");
            for (int i = 0; i < sweep.labels().size(); i++) {
                text.append(String.format(Locale.ROOT, " %.2f |", shown(sweep, multi.get(), i) / shown(sweep, one.get(), i)));
            }
            text.append('\n');
        }
    }

    private double shown(final Sweep sweep, final Sweep.Line line, final int i) {
        return sweep.shown(line.points().get(i), figures.points().get(line.points().get(i)));
    }

    private void table(final StringBuilder text, final Sweep sweep) {
        text.append("| ").append(sweep.x()).append(" |");
        sweep.labels().forEach(label -> text.append(' ').append(label).append(" |"));
        text.append("\n|---|").append("--:|".repeat(sweep.labels().size())).append('\n');
        for (final Sweep.Line line : sweep.lines()) {
            text.append("| ").append(line.name()).append(" |");
            for (final Measurement point : line.points()) {
                final Samples samples = figures.points().get(point);
                text.append(' ').append(number(sweep.shown(point, samples)));
                if (isGarbage(samples)) {
                    text.append(String.format(Locale.ROOT, " (%.0f)", samples.garbage()));
                }
                text.append(" |");
            }
            text.append('\n');
        }
        ratios(text, sweep);
    }

    private static String number(final double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.1f", value);
    }

    /** Everything. */
    String json(final Timing ofRatios, final Timing ofPoints) {
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("machine", machine);
        all.put("quick", quick);
        all.put("iterationsOfRatios", ofRatios.iterations() + " of " + ofRatios.millis() + " ms");
        all.put("iterationsOfPoints", ofPoints.iterations() + " of " + ofPoints.millis() + " ms");
        all.put("leftOut", figures.leftOut());
        final RatioTable table = new RatioTable(figures.rounds());
        all.put("ratios", comparisons.stream().map(comparison -> asMap(table.row(comparison))).toList());
        final List<Object> measurements = new ArrayList<>();
        figures.rounds().forEach((measurement, samples) -> {
            final Map<String, Object> one = new LinkedHashMap<>(measurement.asMap());
            one.put("rounds", samples.stream().map(Report::asMap).toList());
            measurements.add(one);
        });
        all.put("measurements", measurements);
        all.put("curves", sweeps.stream().map(this::asMap).toList());
        return Json.write(all);
    }

    private static Map<String, Object> asMap(final RatioTable.Row row) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("title", row.comparison().title());
        map.put("measured", row.comparison().subject().toString());
        map.put("peers", row.comparison().peers().stream().map(Measurement::toString).toList());
        map.put("ratio", rounded(row.ratio()));
        map.put("ratios", row.ratios().stream().map(Report::rounded).toList());
        map.put("ratioByProcessorTime", rounded(row.byProcessor()));
        map.put("target", row.comparison().target());
        map.put("bytesAllocated", rounded(row.garbage()));
        map.put("processorGot", rounded(row.share()));
        map.put("verdict", row.verdict());
        return map;
    }

    private Map<String, Object> asMap(final Sweep sweep) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", sweep.id());
        map.put("title", sweep.title());
        map.put("varied", sweep.x());
        map.put("unit", sweep.unit().title());
        map.put("values", sweep.values());
        final List<Object> lines = new ArrayList<>();
        for (final Sweep.Line line : sweep.lines()) {
            final Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", line.name());
            one.put("shown", line.points().stream().map(point -> rounded(sweep.shown(point, figures.points().get(point)))).toList());
            final List<Object> points = new ArrayList<>();
            for (final Measurement point : line.points()) {
                final Map<String, Object> measured = new LinkedHashMap<>(point.asMap());
                measured.putAll(asMap(figures.points().get(point)));
                points.add(measured);
            }
            one.put("points", points);
            lines.add(one);
        }
        map.put("lines", lines);
        return map;
    }

    private static Map<String, Object> asMap(final Samples samples) {
        final Map<String, Object> map = new LinkedHashMap<>(samples.asMap());
        map.replaceAll((name, value) -> value instanceof final Double number ? (Object) rounded(number)
            : ((List<?>) value).stream().map(number -> rounded((Double) number)).toList());
        return map;
    }

    private static double rounded(final double value) {
        return Math.round(value * ROUNDING) / ROUNDING;
    }
}
