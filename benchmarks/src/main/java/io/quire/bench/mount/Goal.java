package io.quire.bench.mount;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * A figure that the mount is to reach.
 *
 * @param title    what it says
 * @param target   the figure
 * @param least    whether it is the least that will do; otherwise the most
 * @param measured how it follows from the results
 */
record Goal(String title, double target, boolean least, Function<Results, Optional<Spread>> measured) {
    private static final String ONE_PAGE = QuireServer.PREFIX + "one-page";
    /** The policy that a mount has unless told otherwise. */
    static final String SUBJECT = QuireServer.PREFIX + "multi-page";

    static List<Goal> all() {
        return List.of(
            new Goal("one core, 64 KiB sequential writes: multi-page / one-page", 4.6, true, policies("write")),
            new Goal("one core, 64 KiB random writes: multi-page / one-page", 5.9, true, policies("randwrite")),
            new Goal("one core, 4 KiB random O_DIRECT read, us", 14, false, micros("randread")),
            new Goal("one core, 4 KiB random O_DIRECT write, us", 14, false, micros("randwrite")),
            new Goal("slow source: second read / first read", 20, true, Goal::again));
    }

    private static Function<Results, Optional<Spread>> policies(final String pattern) {
        return results -> results.ratio(tmpfs(FioWorkload.psync(pattern, 64 << 10)), SUBJECT, ONE_PAGE);
    }

    private static Function<Results, Optional<Spread>> micros(final String pattern) {
        return results -> results.spread(tmpfs(FioWorkload.direct(pattern, 4 << 10)), SUBJECT)
            .map(nanos -> new Spread(nanos.median() / 1e3, nanos.lowest() / 1e3, nanos.highest() / 1e3));
    }

    private static Results.Key tmpfs(final Workload workload) {
        return new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE, workload.rows().getFirst());
    }

    private static Optional<Spread> again(final Results results) {
        final List<Row> rows = new SlowReadWorkload().rows();
        return results.ratio(new Results.Key(Place.Kind.SLOW, Regime.FREE, rows.getLast()),
            new Results.Key(Place.Kind.SLOW, Regime.FREE, rows.getFirst()), SUBJECT);
    }

    /** A line of a table; nothing when it was not measured. */
    Optional<String> line(final Results results) {
        return measured.apply(results).map(spread -> {
            final boolean met = least ? spread.median() >= target : spread.median() <= target;
            return String.format(Locale.ROOT, "| %s | %s %s | %.1f | %.1f - %.1f | %s |", title, least ? "at least" : "at most",
                target % 1 == 0 ? String.valueOf((int) target) : String.valueOf(target), spread.median(), spread.lowest(),
                spread.highest(), met ? "met" : "missed");
        });
    }
}
