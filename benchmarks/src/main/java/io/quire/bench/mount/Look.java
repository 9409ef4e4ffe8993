package io.quire.bench.mount;

import java.awt.Color;
import java.util.List;

import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * How a server is drawn, the same in each chart: ours in shades of blue, peers in colours that can be told apart by those who see fewer.
 *
 * @param color  of bars and marks
 * @param marker of marks
 */
record Look(Color color, Marker marker) {
    static Look of(final String server) {
        return switch (server) {
            case "quire-multi-page" -> new Look(new Color(0x0B4FA8), SeriesMarkers.CIRCLE);
            case "quire-one-page" -> new Look(new Color(0x8FBBE8), SeriesMarkers.TRIANGLE_DOWN);
            case "quire-multi-page-read-head" -> new Look(new Color(0x5B8FC9), SeriesMarkers.PLUS);
            case "quire-range" -> new Look(new Color(0x56C1D6), SeriesMarkers.CROSS);
            case "passthrough_ll" -> new Look(new Color(0xB8860B), SeriesMarkers.SQUARE);
            case "passthrough_fh" -> new Look(new Color(0x444444), SeriesMarkers.SQUARE);
            case "bindfs" -> new Look(new Color(0xD1480F), SeriesMarkers.DIAMOND);
            case "mergerfs" -> new Look(new Color(0x2E8B57), SeriesMarkers.TRIANGLE_UP);
            default -> new Look(new Color(0x9A5BB5), SeriesMarkers.RECTANGLE);
        };
    }

    /** White paper, faint lines. */
    static void page(final AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(new Color(0xDDDDDD));
        styler.setLegendBorderColor(Color.WHITE);
    }

    /** The servers of the main chart, in this order. */
    static List<String> main() {
        return List.of("quire-one-page", "quire-multi-page", "passthrough_ll", "passthrough_fh", "bindfs", "mergerfs");
    }
}
