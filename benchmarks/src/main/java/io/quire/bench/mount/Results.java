package io.quire.bench.mount;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What was measured, what failed and what was left out. */
final class Results {
    private final Map<Key, Map<String, List<Sample>>> samples = new LinkedHashMap<>();
    private final Map<Key, Map<String, String>> failures = new LinkedHashMap<>();
    private final List<String> leftOut = new ArrayList<>();

    /**
     * A row in its surroundings.
     *
     * @param kind   where the source is
     * @param regime where client and daemon run
     * @param row    what is done
     */
    record Key(Place.Kind kind, Regime regime, Row row) {
        /** What a user picks rows by. */
        String label() {
            return kind.title() + ", " + regime.title() + ", " + row.title();
        }
    }

    /** Keeps one repetition. */
    void add(final Key key, final String server, final Sample sample) {
        samples.computeIfAbsent(key, k -> new LinkedHashMap<>()).computeIfAbsent(server, s -> new ArrayList<>()).add(sample);
    }

    /** The server did not do it; it is not asked again. */
    void fail(final Key key, final String server, final String reason) {
        samples.computeIfAbsent(key, k -> new LinkedHashMap<>());
        failures.computeIfAbsent(key, k -> new LinkedHashMap<>()).put(server, reason);
    }

    Optional<String> failure(final Key key, final String server) {
        return Optional.ofNullable(failures.getOrDefault(key, Map.of()).get(server));
    }

    /** Something was not measured, with the reason. */
    void leaveOut(final String what) {
        leftOut.add(what);
    }

    List<String> leftOut() {
        return List.copyOf(leftOut);
    }

    Set<Key> keys() {
        return samples.keySet();
    }

    /** The times of all repetitions, in order; empty when there are none. */
    List<Double> times(final Key key, final String server) {
        return samples(key, server).stream().map(Sample::nanos).toList();
    }

    /** The processor times of all repetitions; empty when they were not measured. */
    private List<Double> processorTimes(final Key key, final String server) {
        final List<Double> times = samples(key, server).stream().map(Sample::processorNanos).toList();
        return times.stream().anyMatch(time -> time.isNaN()) ? List.of() : times;
    }

    private List<Sample> samples(final Key key, final String server) {
        return failures.getOrDefault(key, Map.of()).containsKey(server) ? List.of()
            : samples.getOrDefault(key, Map.of()).getOrDefault(server, List.of());
    }

    Optional<Spread> spread(final Key key, final String server) {
        final List<Double> values = times(key, server);
        return values.isEmpty() ? Optional.empty() : Optional.of(Spread.of(values));
    }

    /**
     * How many times as fast the subject is, a ratio for each repetition: only what was measured within a minute or so is compared.
     *
     * @return empty when one of them has no times
     */
    Optional<Spread> ratio(final Key key, final String subject, final String peer) {
        return ratio(times(key, subject), times(key, peer));
    }

    /** The same by the processor time of client and daemon, which others on the machine disturb less. */
    Optional<Spread> processorRatio(final Key key, final String subject, final String peer) {
        return ratio(processorTimes(key, subject), processorTimes(key, peer));
    }

    /** The processor time of an operation; empty when it was not measured. */
    Optional<Spread> processorSpread(final Key key, final String server) {
        final List<Double> values = processorTimes(key, server);
        return values.isEmpty() ? Optional.empty() : Optional.of(Spread.of(values));
    }

    /** The ratio for two rows of one server. */
    Optional<Spread> ratio(final Key key, final Key other, final String server) {
        return ratio(times(key, server), times(other, server));
    }

    /** The same by processor time; empty where one was not measured. */
    Optional<Spread> processorRatio(final Key key, final Key other, final String server) {
        return ratio(processorTimes(key, server), processorTimes(other, server));
    }

    private static Optional<Spread> ratio(final List<Double> own, final List<Double> others) {
        final List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(own.size(), others.size()); i++) {
            ratios.add(others.get(i) / own.get(i));
        }
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Spread.of(ratios));
    }

    /** All of it, for JSON. */
    List<Object> asList(final List<String> servers) {
        final List<Object> list = new ArrayList<>();
        for (final Key key : keys()) {
            final Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("source", key.kind().title());
            entry.put("regime", key.regime().title());
            entry.put("row", key.row().title());
            entry.put("bytesPerOperation", key.row().bytes());
            final Map<String, Object> by = new LinkedHashMap<>();
            for (final String server : servers) {
                final Map<String, Object> one = new LinkedHashMap<>();
                failure(key, server).ifPresent(reason -> one.put("failed", reason));
                spread(key, server).ifPresent(spread -> {
                    one.put("medianNanos", rounded(spread.median()));
                    one.put("nanos", times(key, server).stream().map(Results::rounded).toList());
                });
                if (!processorTimes(key, server).isEmpty()) {
                    one.put("processorNanos", processorTimes(key, server).stream().map(Results::rounded).toList());
                }
                if (!one.isEmpty()) {
                    by.put(server, one);
                }
            }
            entry.put("servers", by);
            list.add(entry);
        }
        return list;
    }

    private static Object rounded(final double nanos) {
        return Math.round(nanos * 10) / 10.0;
    }
}
