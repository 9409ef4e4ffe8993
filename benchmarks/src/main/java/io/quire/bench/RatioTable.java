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
        for (int round = 0; round < rounds(comparison); round++) {
            double fastest = 0;
            for (final Measurement peer : comparison.peers()) {
                fastest = Math.max(fastest, speed(peer, round, time));
            }
            ratios.add(speed(comparison.subject(), round, time) / fastest);
        }
        return ratios;
    }

    /** In how many rounds all of it was measured: the last one may have ended in the middle. */
    int rounds(final Comparison comparison) {
        return comparison.measurements().stream().mapToInt(of -> rounds.getOrDefault(of, List.of()).size()).min().orElse(0);
    }

    private double speed(final Measurement measurement, final int round, final ToDoubleFunction<Samples> time) {
        return measurement.threads() / time.applyAsDouble(rounds.get(measurement).get(round));
    }

    /** The table, a line for each comparison. */
    String markdown(final List<Comparison> comparisons) {
        final StringBuilder text = new StringBuilder(200 * (comparisons.size() + 2));
        text.append("| measured / peer | ns | peer ns | ratio | lowest - highest | rounds | ratio by processor time "
            + "| target | B/op | peer B/op | processor got | |\n");
        text.append("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n");
        for (final Comparison comparison : comparisons) {
            row(text, comparison);
        }
        return text.toString();
    }

    /**
     * What a comparison came to.
     *
     * @param comparison  which
     * @param ratios      by wall time, one for each round
     * @param byProcessor the median ratio by processor time
     * @param nanos       of an operation, the median
     * @param peerNanos   of the fastest peer's, the median
     * @param garbage     bytes that an operation allocates, the most of all rounds
     * @param peerGarbage the least that a peer's allocates
     * @param share       the least share of the processor that one of them got
     */
    record Row(Comparison comparison, List<Double> ratios, double byProcessor, double nanos, double peerNanos, double garbage,
        double peerGarbage, double share) {
        double ratio() {
            return Samples.median(ratios);
        }

        /** The ratio that decides: B3. */
        double judged() {
            return share < UNDISTURBED ? byProcessor : ratio();
        }

        private boolean isFast() {
            return judged() >= comparison.target();
        }

        private boolean isClean() {
            return !comparison.noGarbage() || garbage < NO_GARBAGE;
        }

        boolean isMet() {
            return isFast() && isClean();
        }

        /** {@code met}, {@code missed}, whether there was garbage; empty when there was nothing to reach. */
        String verdict() {
            if (!isClean()) {
                return isFast() ? "garbage" : "missed, garbage";
            }
            return comparison.target() == 0 ? "" : isFast() ? "met" : "missed";
        }
    }

    /** What a comparison came to. */
    Row row(final Comparison comparison) {
        final List<Double> wall = ratios(comparison, Samples::nanos);
        final double byProcessor = Samples.median(ratios(comparison, Samples::cpuNanos));
        final double share = share(comparison);
        final double garbage = garbage(comparison.subject());
        return new Row(comparison, wall, byProcessor, nanos(comparison.subject()),
            comparison.peers().stream().mapToDouble(this::nanos).min().orElse(0), garbage,
            comparison.peers().stream().mapToDouble(this::garbage).min().orElse(0), share);
    }

    private void row(final StringBuilder text, final Comparison comparison) {
        final Row row = row(comparison);
        allMet &= row.isMet();
        text.append(String.format(Locale.ROOT,
            "| %s | %.1f | %.1f | %.2f | %.2f - %.2f | %d | %.2f | %s | %.2f | %.2f | %d %% | %s |%n",
            comparison.title(), row.nanos(), row.peerNanos(), row.ratio(), Collections.min(row.ratios()), Collections.max(row.ratios()),
            row.ratios().size(), row.byProcessor(), comparison.target() > 0 ? String.valueOf(comparison.target()) : "",
            row.garbage(), row.peerGarbage(), Math.round(row.share() * 100), row.verdict()));
    }

    private double garbage(final Measurement measurement) {
        return rounds.get(measurement).stream().mapToDouble(Samples::garbage).max().orElse(0);
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
