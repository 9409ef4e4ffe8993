package io.quire.bench.mount;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;

import io.quire.bench.report.Png;

/** Draws a line for each row with a mark for each mount: how fast it is when one of them is 1. */
final class Chart {
    private static final String REFERENCE = "passthrough_fh";
    private static final int WIDTH = 1320;
    private static final int ROW_HEIGHT = 26;
    private static final int FRAME_HEIGHT = 190;
    private static final double LEAST = 0.1;
    private static final double MOST = 1000;
    private static final int MARK = 10;

    private final Results results;
    private final List<Server> servers;

    /**
     * @param servers in the order of the legend
     */
    Chart(final Results results, final List<Server> servers) {
        this.results = results;
        this.servers = servers.stream().filter(server -> !BareDirectory.NAME.equals(server.name())).toList();
    }

    /** What all speeds are divided by: the peer that we are to reach, or whoever is there. */
    private Optional<String> reference(final List<Results.Key> keys) {
        final List<String> there = servers.stream().map(Server::name).filter(server -> keys.stream().allMatch(key ->
            results.spread(key, server).isPresent())).toList();
        return there.contains(REFERENCE) ? Optional.of(REFERENCE) : there.stream().findFirst();
    }

    /**
     * Draws the rows of one place and regime.
     *
     * @return a PNG; empty when there is nothing to draw
     */
    Optional<byte[]> draw(final Place.Kind kind, final Regime regime) throws IOException {
        final List<Results.Key> keys = results.keys().stream().filter(key -> key.kind() == kind && key.regime() == regime
            && !RecordingWorkload.isOneOfIts(key.row())).toList();
        final Optional<String> reference = reference(keys);
        if (keys.isEmpty() || reference.isEmpty()) {
            return Optional.empty();
        }
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(FRAME_HEIGHT + ROW_HEIGHT * keys.size())
            .title("Speed on " + kind.title() + ", " + regime.title() + "; " + reference.get() + " is 1")
            .xAxisTitle("times " + reference.get() + ", further right is faster").build();
        double lowest = -1;
        double highest = 1;
        for (final Server server : servers) {
            final List<Double> speeds = new ArrayList<>();
            final List<Double> rows = new ArrayList<>();
            for (int i = 0; i < keys.size(); i++) {
                final Optional<Spread> ratio = results.ratio(keys.get(i), server.name(), reference.get());
                if (ratio.isPresent()) {
                    speeds.add(log2(Math.clamp(ratio.get().median(), LEAST, MOST)));
                    rows.add((double) keys.size() - i);
                    lowest = Math.min(lowest, speeds.getLast());
                    highest = Math.max(highest, speeds.getLast());
                }
            }
            if (!speeds.isEmpty()) {
                final Look look = Look.of(server.name());
                final XYSeries series = chart.addSeries(server.name(), speeds, rows);
                series.setMarker(look.marker());
                series.setMarkerColor(look.color());
            }
        }
        chart.addAnnotation(new AnnotationLine(0, true, false));
        style(chart.getStyler(), keys, lowest, highest);
        return Optional.of(Png.of(BitmapEncoder.getBufferedImage(chart)));
    }

    /** The axis is of powers of two, so that twice and half as fast are as far from 1. */
    private static double log2(final double speed) {
        return Math.log(speed) / Math.log(2);
    }

    private static String speed(final double log2) {
        return Math.abs(log2 - Math.rint(log2)) > 1e-6 ? "" : log2 < 0 ? "1/" + (1L << Math.round(-log2)) : Long.toString(1L << Math.round(log2));
    }

    private static void style(final XYStyler styler, final List<Results.Key> keys, final double lowest, final double highest) {
        Look.page(styler);
        styler.setAnnotationLineColor(Color.DARK_GRAY);
        styler.setAnnotationLineStroke(new BasicStroke(1.5f));
        styler.setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
        styler.setMarkerSize(MARK);
        styler.setXAxisMin(Math.floor(lowest));
        styler.setXAxisMax(Math.ceil(highest));
        styler.setXAxisTickLabelsFormattingFunction(Chart::speed);
        styler.setYAxisMin(0.0);
        styler.setYAxisMax(keys.size() + 1.0);
        styler.setYAxisTickMarkSpacingHint(ROW_HEIGHT - 4);
        styler.setYAxisTickLabelsFormattingFunction(row -> {
            final int index = keys.size() - (int) Math.round(row);
            return Math.abs(row - Math.rint(row)) > 1e-6 || index < 0 || index >= keys.size()
                // XChart leaves labels out that are equal to others.
                ? " ".repeat(1 + (int) Math.abs(row)) : keys.get(index).row().title();
        });
        styler.setLegendPosition(Styler.LegendPosition.OutsideS);
        styler.setLegendLayout(Styler.LegendLayout.Horizontal);
    }
}
