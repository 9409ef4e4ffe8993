package io.quire.fuse.command;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.HdrHistogram.Histogram;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.PageCache;
import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceKind;
import io.quire.fuse.trace.TraceReader;

/** What a replay prints: a table for people, or one JSON object. */
final class ReplayReport {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9};

    private final String name;
    private final TraceReader trace;
    private final Replay replay;
    private final Replay.Options options;

    ReplayReport(final String name, final TraceReader trace, final Replay replay, final Replay.Options options) {
        this.name = name;
        this.trace = trace;
        this.replay = replay;
        this.options = options;
    }

    /** What is missing from the trace, in words, or null. */
    private String gaps() {
        if (trace.hasNoEnd()) {
            return "no end, as its daemon was killed or still records: " + (trace.missing() == 0 ? "no record is known to be missing"
                : trace.missing() + " records are missing");
        }
        final String lost = trace.missing() == 0 ? "" : trace.missing() + " records were never finished";
        if (trace.endedEarly()) {
            return "ended before the mount did" + (lost.isEmpty() ? "" : "; " + lost);
        }
        return lost.isEmpty() ? null : lost;
    }

    String text(final Replay.Result result) {
        final StringBuilder out = new StringBuilder();
        line(out, "trace", name);
        line(out, "recorded", String.format(Locale.ROOT, "%s, %d records in %.1f s%s",
            Instant.ofEpochMilli(trace.startMillis()).truncatedTo(ChronoUnit.SECONDS), trace.records(),
            trace.durationNanos() / 1e9, trace.isDirectIo() ? "" : ", without what the kernel answered itself"));
        if (gaps() != null) {
            line(out, "incomplete", gaps());
        }
        line(out, "working set", replay.workingSetPages() + " pages (" + size(replay.workingSetPages() * PageCache.PAGE_SIZE)
            + ") of " + replay.files() + " files, touched " + replay.references() + " times");
        line(out, "cache", size(options.cacheSize()) + ", " + options.writePolicy().name() + ", "
            + options.replacement().name() + ", read-ahead " + size(options.readAhead()));
        line(out, "replayed", String.format(Locale.ROOT, "%d operations on data in %.3f s at %s speed; %d others passed over",
            result.data(), result.nanos() / 1e9, options.recordedSpeed() ? "recorded" : "full", result.other()));
        line(out, "hit ratio", String.format(Locale.ROOT, "%.2f %% (%d pages found, %d missed)", 100 * result.hitRatio(),
            count(result, CacheCounter.HITS), count(result, CacheCounter.MISSES)));
        line(out, "read ahead", count(result, CacheCounter.READ_AHEAD) + " pages");
        line(out, "store reads", calls(result, CacheCounter.STORE_READS, CacheCounter.STORE_READ_BYTES));
        line(out, "store writes", calls(result, CacheCounter.STORE_WRITES, CacheCounter.STORE_WRITE_BYTES));
        line(out, "evicted", count(result, CacheCounter.EVICTIONS) + " pages, of which "
            + count(result, CacheCounter.REFAULTS) + " came back soon");
        if (!result.latencies().isEmpty()) {
            out.append(String.format(Locale.ROOT, "%-12s %10s %10s %10s %10s %10s %10s%n", "operation", "count", "p50 us",
                "p90 us", "p99 us", "p99.9 us", "max us"));
            result.latencies().forEach((kind, latency) -> {
                out.append(String.format(Locale.ROOT, "%-12s %10d", label(kind), latency.getTotalCount()));
                for (final double percentile : PERCENTILES) {
                    out.append(String.format(Locale.ROOT, " %10.1f", latency.getValueAtPercentile(percentile) / 1e3));
                }
                out.append(String.format(Locale.ROOT, " %10.1f%n", latency.getMaxValue() / 1e3));
            });
        }
        return out.toString();
    }

    String json(final Replay.Result result) {
        final List<String> counters = new ArrayList<>();
        for (final CacheCounter counter : CacheCounter.values()) {
            counters.add(StatsReport.quote(counter.name().toLowerCase(Locale.ROOT)) + ":" + count(result, counter));
        }
        final List<String> latencies = new ArrayList<>();
        for (final Map.Entry<TraceKind, Histogram> entry : result.latencies().entrySet()) {
            final Histogram latency = entry.getValue();
            latencies.add(StatsReport.quote(label(entry.getKey())) + String.format(Locale.ROOT,
                ":{\"count\":%d,\"mean\":%.0f,\"p50\":%d,\"p90\":%d,\"p99\":%d,\"p999\":%d,\"max\":%d}", latency.getTotalCount(),
                latency.getMean(), latency.getValueAtPercentile(PERCENTILES[0]), latency.getValueAtPercentile(PERCENTILES[1]),
                latency.getValueAtPercentile(PERCENTILES[2]), latency.getValueAtPercentile(PERCENTILES[3]),
                latency.getMaxValue()));
        }
        return "{\"trace\":" + StatsReport.quote(name)
            + ",\"startMillis\":" + trace.startMillis()
            + ",\"records\":" + trace.records()
            + ",\"missing\":" + trace.missing()
            + ",\"cutOff\":" + trace.hasNoEnd()
            + ",\"endedEarly\":" + trace.endedEarly()
            + ",\"directIo\":" + trace.isDirectIo()
            + ",\"workingSetPages\":" + replay.workingSetPages()
            + ",\"references\":" + replay.references()
            + ",\"files\":" + replay.files()
            + ",\"cacheSize\":" + options.cacheSize()
            + ",\"writePolicy\":" + StatsReport.quote(options.writePolicy().name())
            + ",\"replacement\":" + StatsReport.quote(options.replacement().name())
            + ",\"readAhead\":" + options.readAhead()
            + ",\"storeCostNanos\":" + options.storeCostNanos()
            + ",\"speed\":" + StatsReport.quote(options.recordedSpeed() ? "recorded" : "full")
            + ",\"nanos\":" + result.nanos()
            + ",\"dataOperations\":" + result.data()
            + ",\"otherOperations\":" + result.other()
            + String.format(Locale.ROOT, ",\"hitRatio\":%.6f", result.hitRatio())
            + ",\"counters\":{" + String.join(",", counters) + "}"
            + ",\"latencies\":{" + String.join(",", latencies) + "}}\n";
    }

    /** What the kind does to the cache. */
    private static String label(final TraceKind kind) {
        return switch (kind) {
            case SETATTR -> "truncate";
            case RELEASE -> "close";
            case FORGET -> "drop";
            default -> kind.label();
        };
    }

    private static long count(final Replay.Result result, final CacheCounter counter) {
        return result.counters().get(counter);
    }

    private static String calls(final Replay.Result result, final CacheCounter calls, final CacheCounter bytes) {
        final long amount = count(result, bytes);
        return count(result, calls) + " calls, " + (amount + PageCache.PAGE_SIZE - 1) / PageCache.PAGE_SIZE + " pages ("
            + size(amount) + ")";
    }

    private static String size(final long bytes) {
        return bytes < 1 << 20 ? String.format(Locale.ROOT, "%.0fk", bytes / 1024.0)
            : String.format(Locale.ROOT, "%.1fm", bytes / 1048576.0);
    }

    private static void line(final StringBuilder out, final String label, final String value) {
        out.append(String.format(Locale.ROOT, "%-14s %s%n", label, value));
    }
}
