package io.quire.bench.mount;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.style.Styler;

import io.quire.bench.report.Png;

/** Draws what people ask for first, in memory and on one core: one page against several for each write, and the peers, at 64 KiB and at 4 KiB. */
final class MainChart {
    private static final int KIB_4 = 4 << 10;
    private static final int KIB_64 = 64 << 10;
    private static final int WIDTH = 800;
    private static final int HEIGHT = 460;
    private static final double MIB = 1 << 20;

    private final Results results;
    private final List<String> servers;

    MainChart(final Results results, final List<Server> servers) {
        this.results = results;
        final List<String> there = servers.stream().map(Server::name).toList();
        this.servers = Look.main().stream().filter(there::contains).toList();
    }

    /**
     * A group of bars.
     *
     * @param title    what stands below it
     * @param workload the row
     */
    private record Group(String title, FioWorkload workload) {
        Results.Key key() {
            return new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE, workload.rows().getFirst());
        }
    }

    /** Draws the picture, a PNG; empty when there is nothing to draw. */
    Optional<byte[]> draw() throws IOException {
        final List<Optional<CategoryChart>> parts = List.of(
            part("64 KiB", KIB_64, List.of(new Group("write sequential", FioWorkload.psync("write", KIB_64)),
                new Group("write random", FioWorkload.psync("randwrite", KIB_64)),
                new Group("read sequential", FioWorkload.psync("read", KIB_64)),
                new Group("read random", FioWorkload.psync("randread", KIB_64)))),
            part("4 KiB", KIB_4, List.of(new Group("write random", FioWorkload.psync("randwrite", KIB_4)),
                new Group("read random", FioWorkload.psync("randread", KIB_4)),
                new Group("O_DIRECT write", FioWorkload.direct("randwrite", KIB_4)),
                new Group("O_DIRECT read", FioWorkload.direct("randread", KIB_4)))));
        final List<BufferedImage> images = parts.stream().flatMap(Optional::stream).map(BitmapEncoder::getBufferedImage).toList();
        if (images.isEmpty()) {
            return Optional.empty();
        }
        final BufferedImage whole = new BufferedImage(WIDTH * images.size(), HEIGHT, BufferedImage.TYPE_INT_RGB);
        final Graphics2D graphics = whole.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, whole.getWidth(), whole.getHeight());
        for (int i = 0; i < images.size(); i++) {
            graphics.drawImage(images.get(i), i * WIDTH, 0, null);
        }
        graphics.dispose();
        return Optional.of(Png.of(whole));
    }

    private Optional<CategoryChart> part(final String title, final int block, final List<Group> wanted) {
        final List<Group> groups = wanted.stream().filter(group -> servers.stream()
            .anyMatch(server -> results.spread(group.key(), server).isPresent())).toList();
        if (groups.isEmpty()) {
            return Optional.empty();
        }
        final CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT)
            .title(title + ", client and server on one core").yAxisTitle("MiB/s").build();
        for (final String server : servers) {
            final List<Double> bars = new ArrayList<>();
            for (final Group group : groups) {
                bars.add(results.spread(group.key(), server).map(nanos -> block / MIB / (nanos.median() / 1e9)).orElse(null));
            }
            if (bars.stream().anyMatch(bar -> bar != null)) {
                final CategorySeries series = chart.addSeries(server, groups.stream().map(Group::title).toList(), bars);
                series.setFillColor(Look.of(server).color());
            }
        }
        Look.page(chart.getStyler());
        chart.getStyler().setPlotGridVerticalLinesVisible(false);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
        chart.getStyler().setAvailableSpaceFill(0.8);
        chart.getStyler().setYAxisDecimalPattern("#");
        return Optional.of(chart);
    }
}
