package io.quire.fuse.command;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceException;
import io.quire.fuse.trace.TraceReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quire replay}: drives a page cache with a trace that {@code mount --record} made, and tells what came of it. */
@Command(name = "replay", mixinStandardHelpOptions = true,
    description = {"Replay a trace, which mount --record has made, into a page cache of its own, and print hit ratio, calls of "
        + "the store and latencies. The files are made up: no mount is needed and none is touched.",
        "At full speed the counts are the same each time."})
final class ReplayCommand implements Callable<Integer> {
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?)%");
    private static final Pattern COST = Pattern.compile("(\\d{1,9})(ns|us|ms|)");
    private static final long MAX_COST_NANOS = 10_000_000_000L;
    private static final long MAX_READ_AHEAD = 2L << 20;
    private static final double HUNDRED = 100;

    @Parameters(index = "0", paramLabel = "TRACE", description = "a trace, or one compressed with gzip")
    private String trace;

    @Option(names = "--cache-size", paramLabel = "SIZE", defaultValue = "64m",
        description = "memory for cached pages, with k, m or g, or a share of the trace's working set, such as 10%%; at least "
            + "64k (default: ${DEFAULT-VALUE})")
    private String cacheSize;

    @Option(names = "--write-policy", paramLabel = "POLICY", defaultValue = "multi-page",
        description = "how writes reach the store: one-page, multi-page, multi-page-read-head, range or multi-page-locked "
            + "(default: ${DEFAULT-VALUE})")
    private String writePolicy;

    @Option(names = "--replacement", paramLabel = "POLICY",
        description = "which page gives way: adaptive (default), or s3-fifo, clock or lru for comparison")
    private String replacement;

    @Option(names = "--read-ahead", paramLabel = "SIZE", defaultValue = "1m",
        description = "largest read-ahead window, 0 for none (default: ${DEFAULT-VALUE})")
    private String readAhead;

    @Option(names = "--store-cost", paramLabel = "TIME", defaultValue = "0",
        description = "how long each call of the store takes, with ns, us or ms (default: ${DEFAULT-VALUE})")
    private String storeCost;

    @Option(names = "--speed", paramLabel = "SPEED", defaultValue = "full",
        description = "full, or recorded: each operation waits for its time (default: ${DEFAULT-VALUE})")
    private String speed;

    @Option(names = "--json", description = "one JSON object instead of the table; times in nanoseconds")
    private boolean json;

    @Override
    public Integer call() {
        if (trace.isEmpty()) {
            throw CommandException.usage("the name of the trace is empty; name a file");
        }
        final WritePolicy writes;
        final ReplacementPolicies.Named evicts;
        try {
            writes = WritePolicies.byName(writePolicy);
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage("--write-policy " + writePolicy + ": " + CommandException.reason(e));
        }
        try {
            evicts = replacement == null ? ReplacementPolicies.DEFAULT : ReplacementPolicies.byName(replacement);
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage("--replacement " + replacement + ": " + CommandException.reason(e));
        }
        final boolean recorded = recordedSpeed();
        final long cost = cost();
        final long window = window();
        if (!cacheSize.endsWith("%")) {
            CacheSize.checkSmall(cacheSize, CacheSize.memory());
        } else if (!PERCENT.matcher(cacheSize).matches()) {
            throw CommandException.usage("--cache-size " + cacheSize + ": not a share; write 10% or 2.5%, or a size such as 64m");
        } else if (share() > HUNDRED) {
            throw CommandException.usage("--cache-size " + cacheSize + ": more than the whole working set; write at most 100%, or a "
                + "size such as 64m");
        }
        try {
            final TraceReader reader = TraceReader.open(NativeNames.path(CanonicalPath.of(trace)));
            final Replay replay = new Replay(reader);
            final Replay.Options options = new Replay.Options(cacheSize(replay), writes, evicts, window, cost, recorded);
            final ReplayReport report = new ReplayReport(trace, reader, replay, options);
            final Replay.Result result = replay.run(options);
            Main.say(json ? report.json(result) : report.text(result));
            return 0;
        } catch (final TraceException e) {
            throw CommandException.failed(e.getMessage(), e);
        } catch (final CacheException e) {
            throw CommandException.failed("the cache refused an operation of " + trace + ": " + CommandException.reason(e), e);
        } catch (final IOException e) {
            throw CommandException.failed(trace + " cannot be read: " + CommandException.reason(e), e);
        }
    }

    private boolean recordedSpeed() {
        return switch (speed) {
            case "full" -> false;
            case "recorded" -> true;
            default -> throw CommandException.usage("--speed " + speed + ": unknown; choose full or recorded");
        };
    }

    private long cost() {
        final Matcher matcher = COST.matcher(storeCost);
        final long nanos = !matcher.matches() ? -1 : Long.parseLong(matcher.group(1)) * switch (matcher.group(2)) {
            case "us" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "ns" -> 1L;
            default -> Long.parseLong(matcher.group(1)) == 0 ? 1L : -1L;
        };
        if (nanos < 0 || nanos > MAX_COST_NANOS) {
            throw CommandException.usage("--store-cost " + storeCost + ": not a time; write for example 50us or 2ms, at most 10000ms");
        }
        return nanos;
    }

    private long window() {
        final long bytes = CacheSize.parse("--read-ahead", readAhead);
        if (bytes > MAX_READ_AHEAD) {
            throw CommandException.usage("--read-ahead " + readAhead + ": too large; at most 2m");
        }
        return bytes;
    }

    /** Percent of the working set. */
    private double share() {
        return Double.parseDouble(cacheSize.substring(0, cacheSize.length() - 1));
    }

    private long cacheSize(final Replay replay) {
        if (!cacheSize.endsWith("%")) {
            return CacheSize.checkSmall(cacheSize, CacheSize.memory());
        }
        final long pages = (long) (replay.workingSetPages() * share() / HUNDRED);
        final long bytes = pages * PageCache.PAGE_SIZE;
        if (bytes < PageCache.SMALLEST_CAPACITY) {
            throw CommandException.usage("--cache-size " + cacheSize + ": that is " + pages + " of the " + replay.workingSetPages()
                + " pages of the working set, and a cache has at least " + PageCache.SMALLEST_CAPACITY / PageCache.PAGE_SIZE
                + " pages; choose a larger share, or a size such as 64k");
        }
        return CacheSize.checkSmall(Long.toString(bytes), CacheSize.memory());
    }
}
