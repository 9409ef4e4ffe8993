package io.quire.fuse.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The statistics of a mount as text for people and as JSON for programs. */
final class StatsReport {
    private final String mountPoint;
    private final Map<String, String> properties;

    StatsReport(final String mountPoint, final Map<String, String> properties) {
        this.mountPoint = mountPoint;
        this.properties = properties;
    }

    /**
     * What the counters file held at one moment.
     *
     * @param nanos     when, {@link System#nanoTime}
     * @param started   when the daemon started, milliseconds since 1970
     * @param updated   when the daemon last wrote, milliseconds since 1970
     * @param values    counters by label
     * @param latencies by kind of request; kinds that never occurred are left out
     */
    record Sample(long nanos, long started, long updated, Map<String, Long> values,
        Map<String, LatencyTable.Summary> latencies) {

        static Sample of(final CountersFile counters) {
            final Map<String, LatencyTable.Summary> latencies = new LinkedHashMap<>();
            final LatencyTable table = counters.latencies();
            for (int kind = 0; kind < table.kinds(); kind++) {
                final LatencyTable.Summary summary = table.summary(kind);
                if (summary.count() > 0) {
                    latencies.put(table.name(kind), summary);
                }
            }
            return new Sample(System.nanoTime(), counters.startedMillis(), counters.updatedMillis(), counters.values(),
                latencies);
        }

        long value(final String label) {
            return values.getOrDefault(label, 0L);
        }
    }

    /** The table; with {@code before} given, a column of rates since then. */
    String text(final Sample now, final Sample before) {
        final StringBuilder out = new StringBuilder();
        line(out, "mount point", mountPoint);
        line(out, "source", properties.getOrDefault(MountState.SOURCE, "?"));
        line(out, "daemon", "pid " + properties.getOrDefault(MountState.PID, "?") + ", up "
            + duration(now.updated() - now.started()) + ", write policy "
            + properties.getOrDefault(MountState.WRITE_POLICY, "?"));
        final long hits = now.value("hits");
        final long lookups = hits + now.value("misses");
        if (lookups > 0) {
            line(out, "hit ratio", String.format(Locale.ROOT, "%.2f %%", 100.0 * hits / lookups));
        }
        final double seconds = before == null ? 0 : (now.nanos() - before.nanos()) / 1e9;
        now.values().forEach((label, value) -> {
            final String rate = before == null || BackendCounters.isGauge(label) ? ""
                : String.format(Locale.ROOT, "%14.0f/s", (value - before.value(label)) / seconds);
            out.append(String.format(Locale.ROOT, "%-22s %18d%s%n", label, value, rate));
        });
        if (!now.latencies().isEmpty()) {
            out.append(String.format(Locale.ROOT, "%-14s %12s %10s %10s %10s %10s%n", "request", "count", "mean us",
                "p50 us", "p99 us", "max us"));
            now.latencies().forEach((kind, latency) -> out.append(String.format(Locale.ROOT,
                "%-14s %12d %10.1f %10.1f %10.1f %10.1f%n", kind, latency.count(), latency.mean() / 1e3,
                latency.median() / 1e3, latency.high() / 1e3, latency.max() / 1e3)));
        }
        return out.toString();
    }

    /** One object on one line; times of requests in nanoseconds. */
    String json(final Sample now) {
        final List<String> counters = new ArrayList<>();
        now.values().forEach((label, value) -> counters.add(quote(label) + ":" + value));
        final List<String> latencies = new ArrayList<>();
        now.latencies().forEach((kind, latency) -> latencies.add(quote(kind) + String.format(Locale.ROOT,
            ":{\"count\":%d,\"mean\":%d,\"p50\":%d,\"p99\":%d,\"max\":%d}", latency.count(), latency.mean(),
            latency.median(), latency.high(), latency.max())));
        return "{\"mountPoint\":" + quote(mountPoint)
            + ",\"source\":" + quote(properties.getOrDefault(MountState.SOURCE, ""))
            + ",\"pid\":" + properties.getOrDefault(MountState.PID, "0")
            + ",\"writePolicy\":" + quote(properties.getOrDefault(MountState.WRITE_POLICY, ""))
            + ",\"startedMillis\":" + now.started()
            + ",\"updatedMillis\":" + now.updated()
            + ",\"counters\":{" + String.join(",", counters) + "}"
            + ",\"latencies\":{" + String.join(",", latencies) + "}}\n";
    }

    private static void line(final StringBuilder out, final String name, final String value) {
        out.append(String.format(Locale.ROOT, "%-22s %s%n", name, value));
    }

    private static String duration(final long millis) {
        final long seconds = millis / 1000;
        return seconds < 3600 ? String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60)
            : String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
    }

    static String quote(final String text) {
        final StringBuilder out = new StringBuilder("\"");
        for (final char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
