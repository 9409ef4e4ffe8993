package io.quire.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Turns the samples of all rounds into ratios and a Markdown table. */
final class RatioTable {
    /**
     * Below this an operation does not allocate. The smallest object has 16 bytes; the few hundred that JMH allocates in an
     * iteration show when operations are long or the iteration got little of the processor.
     */
    static final double NO_GARBAGE = 0.5;
    /** Below this share of the processor others were using the machine, and the ratio by processor time decides. */
    static final double UNDISTURBED = 0.95;

    private final Map<Measurement, List<Samples>> rounds;
    private boolean allMet = true;

    RatioTable(final Map<Measurement, List<Samples>> rounds) {
        this.rounds = rounds;
    }

    /** One ratio for each round: only figures that were measured within a minute of each other are compared. */
    List<Double> ratios(final Comparison comparison, final ToDoubleFunction<Samples> time) {
        final List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < rounds.get(comparison.subject()).size(); round++) {
            double fastest = 0;
            for (final Measurement peer : comparison.peers()) {
                fastest = Math.max(fastest, speed(peer, round, time));
            }
            ratios.add(speed(comparison.subject(), round, time) / fastest);
        }
        return ratios;
    }

    private double speed(final Measurement measurement, final int round, final ToDoubleFunction<Samples> time) {
        return measurement.threads() / time.applyAsDouble(rounds.get(measurement).get(round));
    }

    /** The table, a line for each comparison. */
    String markdown(final List<Comparison> comparisons) {
        final StringBuilder text = new StringBuilder(200 * (comparisons.size() + 2));
        text.append("| measured / peer | ns | peer ns | ratio | lowest - highest | ratio by processor time "
            + "| target | B/op | processor got | |\n");
        text.append("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n");
        for (final Comparison comparison : comparisons) {
            row(text, comparison);
        }
        return text.toString();
    }

    private void row(final StringBuilder text, final Comparison comparison) {
        final List<Double> wall = ratios(comparison, Samples::nanos);
        final double byWall = Samples.median(wall);
        final double byProcessor = Samples.median(ratios(comparison, Samples::cpuNanos));
        final double share = share(comparison);
        final double garbage = rounds.get(comparison.subject()).stream().mapToDouble(Samples::garbage).max().orElse(0);
        final boolean fast = (share < UNDISTURBED ? byProcessor : byWall) >= comparison.target();
        final boolean clean = !comparison.noGarbage() || garbage < NO_GARBAGE;
        allMet &= fast && clean;
        text.append(String.format(Locale.ROOT, "| %s | %.1f | %.1f | %.2f | %.2f - %.2f | %.2f | %s | %.2f | %d %% | %s |%n",
            comparison.title(), nanos(comparison.subject()),
            comparison.peers().stream().mapToDouble(this::nanos).min().orElse(0),
            byWall, Collections.min(wall), Collections.max(wall), byProcessor,
            comparison.target() > 0 ? String.format(Locale.ROOT, "%.1f", comparison.target()) : "",
            garbage, Math.round(share * 100), verdict(comparison, fast, clean)));
    }

    private static String verdict(final Comparison comparison, final boolean fast, final boolean clean) {
        if (!clean) {
            return fast ? "garbage" : "missed, garbage";
        }
        return comparison.target() == 0 ? "" : fast ? "met" : "missed";
    }

    private double nanos(final Measurement measurement) {
        return Samples.median(rounds.get(measurement).stream().map(Samples::nanos).toList());
    }

    /** The least share of the processor that the measurements of a row got. */
    private double share(final Comparison comparison) {
        double least = share(comparison.subject());
        for (final Measurement peer : comparison.peers()) {
            least = Math.min(least, share(peer));
        }
        return least;
    }

    private double share(final Measurement measurement) {
        return Samples.median(rounds.get(measurement).stream().map(Samples::cpuShare).toList());
    }

    /** Whether every target was met, as far as {@link #markdown} has shown them. */
    boolean allMet() {
        return allMet;
    }
}
