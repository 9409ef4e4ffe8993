package io.quire.bench.replacement;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

import javax.imageio.ImageIO;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

import io.quire.engine.evict.ReplacementPolicies;

/** Writes hit ratios as a page of tables, as JSON, and as a chart for each string that is measured by. */
final class ReplacementReport {
    private static final ReplacementPolicies.Named OURS = ReplacementPolicies.DEFAULT;

    private final List<HitRatios> measured;
    private final List<HitRatios> engine;
    private final List<HitRatios> heldOut;

    /**
     * Makes a report of the strings that the policies are measured by, of the whole engine over them, and of
     * strings that are held against the policies.
     */
    ReplacementReport(final List<HitRatios> measured, final List<HitRatios> engine, final List<HitRatios> heldOut) {
        this.measured = measured;
        this.engine = engine;
        this.heldOut = heldOut;
    }

    void write(final Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("replacement.md"), markdown());
        Files.writeString(directory.resolve("replacement.json"), json());
        for (final HitRatios ratios : measured) {
            chart(ratios, directory.resolve(chartName(ratios)));
        }
    }

    private static String chartName(final HitRatios ratios) {
        return "replacement-" + ratios.string().name() + ".png";
    }

    String markdown() {
        final StringBuilder text = new StringBuilder("""
            # Hit ratios of the replacement policies

            Percent of the page uses of a string that hit, by cache size in percent of its working set (the most pages that were \
            used and still existed at one time). The engine's policy classes over page descriptors: single pages, no read-ahead, \
            one eviction at a time. `optimum` knows the future. The last row is the lead of `%s` on the better of LRU and CLOCK, in \
            points. The tables show twelve sizes; the line below each is about every size that was measured, by default each whole percent from 1 to 50, \
            and `replacement.json` and the charts have all of them. Deterministic: `scripts/bench --replacement` gives the same figures anywhere.

            """.formatted(OURS.name()));
        for (final HitRatios ratios : measured) {
            table(text, ratios);
        }
        if (!engine.isEmpty()) {
            text.append("""
                ## The whole engine

                The same traces replayed into a cache as `scripts/quire replay --read-ahead 0` does it: percent of the pages that *reads* ask \
                for, so the figures are not those above, which count writes too; and the scan mix read a page at a time. With compound pages, evictions in batches, and the \
                history that trees and policy have room for. Deterministic, too.

                """);
            for (final HitRatios ratios : engine) {
                text.append("### ").append(ratios.string().name()).append("\n\n");
                rows(text, ratios);
            }
        }
        if (!heldOut.isEmpty()) {
            heldOut(text);
        }
        return text.toString();
    }

    private static void table(final StringBuilder text, final HitRatios ratios) {
        final ReferenceString string = ratios.string();
        text.append(String.format(Locale.ROOT, "## %s%n%n%,d uses of %,d pages, working set %,d pages (%.1f MiB).%n%n![%s](%s)%n%n",
            string.name(), string.references(), string.pages(), string.workingSet(), string.workingSet() / 256.0, string.name(),
            chartName(ratios)));
        rows(text, ratios);
    }

    private static void rows(final StringBuilder text, final HitRatios ratios) {
        final ReferenceString string = ratios.string();
        final int[] shown = HitRatios.SHOWN.stream().mapToInt(ratios.percent()::indexOf).toArray();
        text.append("| % of the working set |");
        HitRatios.SHOWN.forEach(percent -> text.append(' ').append(percent).append(" |"));
        text.append("\n|:--|").append("--:|".repeat(shown.length)).append("\n| pages |");
        HitRatios.SHOWN.forEach(percent -> text.append(String.format(Locale.ROOT, " %,d |", string.cacheSize(percent))));
        text.append('\n');
        for (final Map.Entry<String, double[]> policy : ratios.ratios().entrySet()) {
            text.append("| ").append(policy.getKey()).append(" |");
            for (final int size : shown) {
                final double ratio = policy.getValue()[size];
                text.append(Double.isNaN(ratio) ? " |" : String.format(Locale.ROOT, " %.2f |", 100 * ratio));
            }
            text.append('\n');
        }
        text.append("| lead |");
        for (final int size : shown) {
            text.append(' ').append(points(ratios.lead(OURS, size))).append(" |");
        }
        text.append("\n\n").append(verdict(ratios)).append("\n\n");
    }

    /** One line about every size that was measured, whether the table shows it or not. */
    private static String verdict(final HitRatios ratios) {
        final List<Integer> losses = ratios.losses(OURS);
        final int worst = ratios.worst(OURS);
        final StringJoiner behind = new StringJoiner(", ", " (", ")").setEmptyValue("");
        losses.forEach(size -> behind.add(points(ratios.lead(OURS, size)) + " at " + ratios.percent().get(size) + " %"));
        return String.format(Locale.ROOT, "Of %d sizes %d are behind%s; the least lead is %s at %d %%, the mean %s.", ratios.sizes(OURS),
            losses.size(), behind, points(ratios.lead(OURS, worst)), ratios.percent().get(worst), points(ratios.meanLead(OURS)));
    }

    private void heldOut(final StringBuilder text) {
        text.append("""
            ## Held out

            Families that no parameter was chosen for. Leads on the better of LRU and CLOCK, in points of hit ratio: the average over \
            all sizes, how many of them fall short, and the worst of them. At the strings `lru-stack`, `twice` and `drift` the \
            past tells nothing about a page but when it was used, so LRU is the best there is.

            | string | uses | working set | s3-fifo: average | short | worst | adaptive: average | short | worst |
            |:--|--:|--:|--:|--:|--:|--:|--:|--:|
            """);
        for (final HitRatios ratios : heldOut) {
            text.append(String.format(Locale.ROOT, "| %s | %,d | %,d |", ratios.string().name(), ratios.string().references(),
                ratios.string().workingSet()));
            for (final ReplacementPolicies.Named policy : List.of(ReplacementPolicies.S3_FIFO, OURS)) {
                final int worst = ratios.worst(policy);
                text.append(String.format(Locale.ROOT, " %s | %d | %s at %d %% |", points(ratios.meanLead(policy)),
                    ratios.losses(policy).size(), points(ratios.lead(policy, worst)), ratios.percent().get(worst)));
            }
            text.append('\n');
        }
    }

    /** A difference of ratios; one that falls short stands out. */
    private static String points(final double difference) {
        if (Double.isNaN(difference)) {
            return "";
        }
        return difference < 0 ? String.format(Locale.ROOT, "**%.2f**", 100 * difference)
            : String.format(Locale.ROOT, "%+.2f", 100 * difference);
    }

    String json() {
        final StringJoiner strings = new StringJoiner(",\n", "{\"strings\": [\n", "\n]}\n");
        measured.forEach(ratios -> strings.add(json(ratios, "simulation", false)));
        engine.forEach(ratios -> strings.add(json(ratios, "engine", false)));
        heldOut.forEach(ratios -> strings.add(json(ratios, "simulation", true)));
        return strings.toString();
    }

    private static String json(final HitRatios ratios, final String of, final boolean heldOut) {
        final ReferenceString string = ratios.string();
        final StringJoiner policies = new StringJoiner(",\n", String.format(Locale.ROOT,
            "  {\"name\": \"%s\", \"of\": \"%s\", \"heldOut\": %b, \"uses\": %d, \"pages\": %d, \"workingSet\": %d,%n   \"percent\": %s, \"hitRatio\": {%n",
            string.name().replaceAll("[\\\\\"\\p{Cntrl}]", "_"), of, heldOut, string.references(), string.pages(),
            string.workingSet(), ratios.percent()), "}}");
        ratios.ratios().forEach((policy, values) -> {
            final StringJoiner row = new StringJoiner(", ", "    \"" + policy + "\": [", "]");
            for (final double value : values) {
                row.add(Double.isNaN(value) ? "null" : String.format(Locale.ROOT, "%.6f", value));
            }
            policies.add(row.toString());
        });
        return policies.toString();
    }

    private static void chart(final HitRatios ratios, final Path target) throws IOException {
        final XYChart chart = new XYChartBuilder().width(900).height(600).title("Hit ratio: " + ratios.string().name())
            .xAxisTitle("cache size, % of the working set").yAxisTitle("hit ratio, %").build();
        chart.getStyler().setXAxisLogarithmic(true).setLegendPosition(LegendPosition.InsideSE);
        final double[] percent = ratios.percent().stream().mapToDouble(Integer::doubleValue).toArray();
        ratios.ratios().forEach((policy, values) -> {
            final double[] shown = new double[values.length];
            for (int i = 0; i < shown.length; i++) {
                shown[i] = 100 * values[i];
            }
            chart.addSeries(policy, percent, shown).setMarker(SeriesMarkers.NONE);
        });
        if (!ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", target.toFile())) {
            throw new IOException("this JDK writes no PNG; the chart is not in " + target);
        }
    }
}
