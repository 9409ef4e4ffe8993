package io.quire.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;

import io.quire.bench.report.Png;

/** Draws figures. */
final class Charts {
    private static final int WIDTH = 1100;
    private static final int HEIGHT = 620;
    private static final String MAPPED = "mapped file";
    /** What was not measured: a bar of no height would say that it takes for ever. */
    private static final Double NO_BAR = null;
    private static final List<String> SIZES = List.of("8 bytes", "4 KiB", "64 KiB");

    private final Figures figures;

    /** One of those who are asked to read: the measurements of each size, of which the fastest counts. */
    private record Reader(String name, List<List<Measurement>> bySize) { }

    /** A picture. */
    record Chart(String title, String suffix, byte[] png) { }

    Charts(final Figures figures) {
        this.figures = figures;
    }

    /** All that there is enough for. */
    List<Chart> draw(final List<Sweep> sweeps) throws IOException {
        final List<Chart> charts = new ArrayList<>();
        hits().ifPresent(charts::add);
        threads().ifPresent(charts::add);
        for (final Sweep sweep : sweeps) {
            if (sweep.chart()) {
                charts.add(lines(sweep));
            }
        }
        return charts;
    }

    private Optional<Chart> hits() throws IOException {
        final List<Integer> sizes = new ArrayList<>();
        final Map<String, List<Double>> bars = hitBars(sizes);
        return sizes.isEmpty() ? Optional.empty() : Optional.of(bars("Reads of 256 MiB at random, all of it in memory; a mapped file is 1, higher is faster",
            "times a mapped file", "", sizes.stream().map(SIZES::get).toList(), bars));
    }

    /** How fast readers are by size, null where one was not measured; the sizes are those in which Quire and the reference were. */
    Map<String, List<Double>> hitBars(final List<Integer> sizes) {
        final List<Reader> readers = List.of(
            reader("Quire", "HitBenchmark", "bytes8", "kib4", "kib64"),
            reader("plain copy", "CopyBenchmark", "", "kib4", "kib64"),
            reader(MAPPED, "MappedBenchmark", "buffer8 segment8", "kib4", "kib64"),
            reader("Chronicle's store", "ChronicleBenchmark", "bytes8", "kib4", "kib64"),
            reader("Caffeine over a slab", "CaffeineBenchmark", "bytes8", "kib4", "kib64"),
            reader("FileChannel", "FileChannelBenchmark", "bytes8", "kib4", "kib64"),
            reader("Ehcache's off-heap store", "EhcacheBenchmark", "bytes8", "kib4", "kib64"));
        final Reader reference = readers.get(2);
        for (int size = 0; size < SIZES.size(); size++) {
            if (nanos(reference, size).isPresent() && nanos(readers.getFirst(), size).isPresent()) {
                sizes.add(size);
            }
        }
        final Map<String, List<Double>> bars = new LinkedHashMap<>();
        for (final Reader reader : readers) {
            bars.put(reader.name(), sizes.stream().map(size -> nanos(reader, size).map(nanos ->
                nanos(reference, size).orElseThrow() / nanos).orElse(NO_BAR)).toList());
        }
        return bars;
    }

    private static Reader reader(final String name, final String type, final String... methods) {
        final List<List<Measurement>> bySize = new ArrayList<>();
        for (final String of : methods) {
            final List<Measurement> size = new ArrayList<>();
            for (final String method : of.isEmpty() ? new String[0] : of.split(" ")) {
                size.add(Measurement.of(type + "." + method));
            }
            bySize.add(size);
        }
        return new Reader(name, bySize);
    }

    /** The fastest by any value of the parameters that tell peers of a kind from each other. */
    private Optional<Double> nanos(final Reader reader, final int size) {
        return reader.bySize().get(size).stream().flatMap(of -> figures.rounds().entrySet().stream()
            .filter(entry -> entry.getKey().benchmark().equals(of.benchmark()) && entry.getKey().threads() == 1
                && !entry.getKey().parameters().containsKey("hugePages") && !entry.getKey().parameters().containsKey("layout")))
            .map(entry -> Samples.median(entry.getValue().stream().map(Samples::undisturbed).toList())).min(Double::compare);
    }

    private Optional<Chart> threads() throws IOException {
        final RatioTable table = new RatioTable(figures.rounds());
        final Map<String, List<Double>> bars = new LinkedHashMap<>();
        for (final String kind : List.of("one file", "two files", "plain copy")) {
            final List<Double> ratios = new ArrayList<>();
            for (final String size : SIZES) {
                ratios.add(figures.shown(Comparison.all()).stream().filter(c -> c.title().startsWith("two threads / one")
                    && c.title().contains(size) && c.title().contains(kind)).findFirst().map(c -> table.row(c).judged()).orElse(NO_BAR));
            }
            if (ratios.stream().anyMatch(Objects::nonNull)) {
                bars.put("plain copy".equals(kind) ? kind : "hits, " + kind, ratios);
            }
        }
        return bars.isEmpty() ? Optional.empty()
            : Optional.of(bars("How much faster two threads are than one", "times one thread", "-threads", SIZES, bars));
    }

    private static Chart bars(final String title, final String yTitle, final String suffix, final List<String> labels,
        final Map<String, List<Double>> bars) throws IOException {
        final CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT).title(title).yAxisTitle(yTitle).build();
        bars.forEach((name, values) -> chart.addSeries(name, labels, values));
        chart.getStyler().setLabelsVisible(true).setAvailableSpaceFill(0.9);
        chart.getStyler().setDecimalPattern("0.00");
        style(chart.getStyler());
        return new Chart(title, suffix, Png.of(BitmapEncoder.getBufferedImage(chart)));
    }

    private Chart lines(final Sweep sweep) throws IOException {
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(sweep.title()).xAxisTitle(sweep.x())
            .yAxisTitle(sweep.unit().title()).build();
        for (final Sweep.Line line : sweep.lines()) {
            chart.addSeries(line.name(), sweep.values().stream().mapToDouble(Double::doubleValue).toArray(),
                line.points().stream().mapToDouble(point -> sweep.shown(point, figures.points().get(point))).toArray());
        }
        chart.getStyler().setXAxisLogarithmic(sweep.values().stream().allMatch(x -> x > 0));
        style(chart.getStyler());
        return new Chart(sweep.title(), "-" + sweep.id(), Png.of(BitmapEncoder.getBufferedImage(chart)));
    }

    private static void style(final AxesChartStyler styler) {
        styler.setYAxisMin(0.0);
        styler.setLegendPosition(LegendPosition.OutsideS);
        styler.setLegendLayout(LegendLayout.Horizontal);
    }
}
