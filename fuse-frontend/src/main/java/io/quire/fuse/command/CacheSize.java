package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.quire.engine.cache.PageCache;

/** Sizes of the cache as users write them: bytes, or a number with k, m, g or t (powers of 1024). */
final class CacheSize {
    /** The smallest cache of a mount: fewer pages cannot hold a batch or a window of read-ahead for each of several streams. */
    static final long MINIMUM = PageCache.MIN_CAPACITY;

    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(?:([kmgt])(?:i?b)?|b)?", Pattern.CASE_INSENSITIVE);
    private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");

    private CacheSize() {
    }

    /** Bytes of a cache. */
    static long parse(final String text) {
        return parse("--cache-size", text);
    }

    /** Bytes; an error that names the option when the text is no size. */
    static long parse(final String option, final String text) {
        final Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw CommandException.usage(option + " " + text
                + ": not a size; write a number with k, m or g, for example 512m");
        }
        final int unit = matcher.group(2) == null ? 0
            : 10 * (1 + "kmgt".indexOf(matcher.group(2).toLowerCase(Locale.ROOT)));
        final long number = Long.parseLong(matcher.group(1));
        return number > Long.MAX_VALUE >> unit ? Long.MAX_VALUE : number << unit;
    }

    /** Refuses sizes that cannot work on a machine with {@code memory} bytes. */
    static long check(final String text, final long memory) {
        final long size = parse(text);
        if (size < MINIMUM) {
            throw CommandException.usage("--cache-size " + text + ": too small; at least 4m is needed");
        }
        return checkFits(text, size, memory);
    }

    /** As {@link #check} for a cache that one thread uses. */
    static long checkSmall(final String text, final long memory) {
        final long size = parse(text);
        if (size < PageCache.SMALLEST_CAPACITY) {
            throw CommandException.usage("--cache-size " + text + ": too small; at least 64k is needed");
        }
        return checkFits(text, size, memory);
    }

    private static long checkFits(final String text, final long size, final long memory) {
        if (size > memory) {
            throw CommandException.usage("--cache-size " + text + ": larger than this machine's memory of "
                + (memory >> 20) + "m; choose less");
        }
        return size;
    }

    /** Bytes of memory that this process can ever have: the machine's, or its control group's if that is less. */
    static long memory() {
        try {
            final Matcher total = TOTAL.matcher(Files.readString(Path.of("/proc/meminfo")));
            final long machine = total.find() ? Long.parseLong(total.group(1)) << 10 : Long.MAX_VALUE;
            return Math.min(machine, groupLimit());
        } catch (final IOException e) {
            throw CommandException.failed("cannot read /proc/meminfo: is /proc mounted?", e);
        }
    }

    private static long groupLimit() throws IOException {
        long limit = Long.MAX_VALUE;
        for (final String line : Files.readAllLines(Path.of("/proc/self/cgroup"), StandardCharsets.ISO_8859_1)) {
            if (line.startsWith("0::/")) {
                // The path is relative to the root of the hierarchy as this process sees it.
                for (Path group = Path.of("/sys/fs/cgroup", line.substring(3)); group.startsWith("/sys/fs/cgroup");
                    group = group.getParent()) {
                    final Path max = group.resolve("memory.max");
                    final String text = Files.isReadable(max) ? Files.readString(max).strip() : "max";
                    limit = Math.min(limit, "max".equals(text) ? Long.MAX_VALUE : Long.parseLong(text));
                }
            }
        }
        return limit;
    }
}
