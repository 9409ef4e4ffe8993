package io.quire.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything that was measured in a run, and what was not. */
final class Figures {
    /** The ratios' measurements, one for each round. */
    private final Map<Measurement, List<Samples>> rounds = new LinkedHashMap<>();
    /** The curves' points. */
    private final Map<Measurement, Samples> points = new LinkedHashMap<>();
    private final List<String> leftOut = new ArrayList<>();

    Map<Measurement, List<Samples>> rounds() {
        return rounds;
    }

    Map<Measurement, Samples> points() {
        return points;
    }

    List<String> leftOut() {
        return leftOut;
    }

    void add(final Measurement measurement, final Samples samples) {
        rounds.computeIfAbsent(measurement, m -> new ArrayList<>()).add(samples);
    }

    /** Of what was asked for what can be shown: each peer that was measured, as long as there is one. */
    List<Comparison> shown(final List<Comparison> comparisons) {
        return comparisons.stream().filter(c -> rounds.containsKey(c.subject()))
            .map(c -> c.withPeers(c.peers().stream().filter(rounds::containsKey).toList())).filter(c -> !c.peers().isEmpty()).toList();
    }

    /** The same for curves: each line of which all points were measured. */
    List<Sweep> shownSweeps(final List<Sweep> sweeps) {
        return sweeps.stream().map(s -> new Sweep(s.id(), s.title(), s.x(), s.values(), s.labels(),
            s.lines().stream().filter(line -> points.keySet().containsAll(line.points())).toList(), s.unit(), s.chart()))
            .filter(s -> !s.lines().isEmpty()).toList();
    }
}
