package io.quire.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One benchmark method with everything that decides what it measures.
 *
 * @param benchmark  class and method, such as {@code HitBenchmark.kib4}
 * @param threads    threads that run it at once
 * @param parameters values of its parameters that are not their defaults
 */
record Measurement(String benchmark, int threads, Map<String, String> parameters) {
    static Measurement of(final String benchmark) {
        return new Measurement(benchmark, 1, Map.of());
    }

    Measurement threads(final int count) {
        return new Measurement(benchmark, count, parameters);
    }

    Measurement with(final String name, final String value) {
        final Map<String, String> more = new TreeMap<>(parameters);
        more.put(name, value);
        return new Measurement(benchmark, threads, Map.copyOf(more));
    }

    /** For JSON. */
    Map<String, Object> asMap() {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("benchmark", benchmark);
        map.put("threads", threads);
        map.put("parameters", new TreeMap<>(parameters));
        return map;
    }

    /** From JSON. */
    static Measurement of(final Map<?, ?> map) {
        final Map<String, String> parameters = new TreeMap<>();
        ((Map<?, ?>) map.get("parameters")).forEach((name, value) -> parameters.put((String) name, (String) value));
        return new Measurement((String) map.get("benchmark"), ((Double) map.get("threads")).intValue(), Map.copyOf(parameters));
    }

    @Override
    public String toString() {
        return benchmark + parameters.entrySet().stream().sorted(Map.Entry.comparingByKey())
            .map(e -> " " + e.getKey() + "=" + e.getValue()).collect(Collectors.joining())
            + (threads == 1 ? "" : " threads=" + threads);
    }
}
