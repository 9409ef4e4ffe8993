package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler;

/** Draws a group of bars for each row: how fast each server is when one of them is 1. */
final class Chart {
    private static final String REFERENCE = "passthrough_fh";
    private static final int WIDTH = 1600;
    private static final int HEIGHT = 700;
    private static final double LEAST = 0.1;
    private static final double MOST = 1000;

    private final Results results;
    private final List<String> servers;

    Chart(final Results results, final List<String> servers) {
        this.results = results;
        this.servers = servers;
    }

    /** What all speeds are divided by: the peer that we are to reach, or whoever is there. */
    private Optional<String> reference(final List<Results.Key> keys) {
        final List<String> there = servers.stream().filter(server -> keys.stream().allMatch(key ->
            results.spread(key, server).isPresent())).toList();
        return there.contains(REFERENCE) ? Optional.of(REFERENCE) : there.stream().findFirst();
    }

    /**
     * Writes a picture of the rows of one place and regime.
     *
     * @param file the name without {@code .png}
     * @return whether there was something to draw
     */
    boolean write(final Place.Kind kind, final Regime regime, final Path file) throws IOException {
        final List<Results.Key> keys = results.keys().stream().filter(key -> key.kind() == kind && key.regime() == regime).toList();
        final Optional<String> reference = reference(keys);
        if (keys.isEmpty() || reference.isEmpty()) {
            return false;
        }
        final CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT)
            .title("Speed on " + kind.title() + ", " + regime.title() + "; " + reference.get() + " is 1; higher is faster")
            .yAxisTitle("times " + reference.get()).build();
        final List<String> titles = keys.stream().map(key -> key.row().title()).toList();
        double highest = 1;
        for (final String server : servers) {
            final List<Double> bars = new ArrayList<>();
            for (final Results.Key key : keys) {
                bars.add(results.ratio(key, server, reference.get()).map(Spread::median).map(speed -> Math.clamp(speed, LEAST, MOST))
                    .orElse(LEAST));
            }
            highest = Math.max(highest, Collections.max(bars));
            if (bars.stream().anyMatch(bar -> bar > LEAST)) {
                chart.addSeries(server, titles, bars);
            }
        }
        style(chart.getStyler(), highest);
        ChartEncoder.saveChart(chart, file + ".png", "png");
        return true;
    }

    private static void style(final CategoryStyler styler, final double highest) {
        styler.setYAxisLogarithmic(true);
        styler.setYAxisMin(LEAST);
        styler.setYAxisMax(Math.pow(10, Math.max(1, Math.ceil(Math.log10(highest)))));
        styler.setXAxisLabelRotation(30);
        styler.setLegendPosition(Styler.LegendPosition.OutsideS);
        styler.setLegendLayout(Styler.LegendLayout.Horizontal);
        styler.setAvailableSpaceFill(0.8);
    }
}
