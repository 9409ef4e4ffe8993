package io.quire.bench.mount;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * A figure that the mount is to reach.
 *
 * @param title     what it says
 * @param target    the figure; not a number in a line that shows how far another can be trusted
 * @param least     whether it is the least that will do; otherwise the most
 * @param measured  how it follows from the results, by what the caller waits: that decides
 * @param processor the same by processor time, where that is measured
 */
record Goal(String title, double target, boolean least, Function<Results, Optional<Spread>> measured,
    Function<Results, Optional<Spread>> processor) {
    private static final double NONE = Double.NaN;
    private static final String ONE_PAGE = QuireServer.PREFIX + "one-page";
    /** The policy that a mount has unless told otherwise. */
    static final String SUBJECT = QuireServer.PREFIX + QuireServer.DEFAULT_POLICY;
    /** Rows of a {@link RecordingWorkload}. */
    private static final int WITH = 0;
    private static final int WITHOUT = 1;
    private static final int AGAIN = 2;
    private static final int KIB_4 = 4 << 10;
    private static final int KIB_64 = 64 << 10;

    static List<Goal> all() {
        return List.of(
            policies(FioWorkload.psync("write", KIB_64), 4.6),
            policies(FioWorkload.kept("write", KIB_64), 4.6),
            policies(FioWorkload.psync("randwrite", KIB_64), 5.9),
            policies(FioWorkload.kept("randwrite", KIB_64), 5.9),
            micros(FioWorkload.direct("randread", KIB_4)),
            micros(FioWorkload.direct("randwrite", KIB_4)),
            again(new SlowReadWorkload("read")),
            again(new SlowReadWorkload("randread")),
            recording(FioWorkload.direct("randread", KIB_4), WITH, "with / without"),
            recording(FioWorkload.direct("randread", KIB_4), AGAIN, "without / without"),
            recording(FioWorkload.kept("write", KIB_64), WITH, "with / without"),
            recording(FioWorkload.kept("write", KIB_64), AGAIN, "without / without"));
    }

    private static Goal policies(final FioWorkload workload, final double target) {
        return new Goal("one core, " + title(workload) + ": multi-page / one-page", target, true,
            results -> results.ratio(tmpfs(workload), SUBJECT, ONE_PAGE),
            results -> results.processorRatio(tmpfs(workload), SUBJECT, ONE_PAGE));
    }

    private static Goal micros(final FioWorkload workload) {
        return new Goal("one core, " + title(workload) + ", us", 14, false,
            results -> results.spread(tmpfs(workload), SUBJECT).map(nanos -> nanos.times(1e-3)),
            results -> results.processorSpread(tmpfs(workload), SUBJECT).map(nanos -> nanos.times(1e-3)));
    }

    private static Goal again(final SlowReadWorkload workload) {
        final Results.Key first = new Results.Key(Place.Kind.SLOW, Regime.FREE, workload.rows().getFirst());
        final Results.Key second = new Results.Key(Place.Kind.SLOW, Regime.FREE, workload.rows().get(1));
        return new Goal("slow source, " + second.row().title() + " / first", 20, true, results -> results.ratio(second, first, SUBJECT),
            results -> Optional.empty());
    }

    private static Goal recording(final FioWorkload workload, final int which, final String what) {
        final List<Results.Key> keys = new RecordingWorkload(workload).rows().stream()
            .map(row -> new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE, row)).toList();
        return new Goal("one core, " + title(workload) + ", recording: time " + what + ", percent", which == WITH ? 103 : NONE, false,
            results -> results.ratio(keys.get(WITHOUT), keys.get(which), QuireServer.RECORDING).map(ratio -> ratio.times(100)),
            results -> results.processorRatio(keys.get(WITHOUT), keys.get(which), QuireServer.RECORDING).map(ratio -> ratio.times(100)));
    }

    private static String title(final FioWorkload workload) {
        return workload.rows().getFirst().title();
    }

    private static Results.Key tmpfs(final Workload workload) {
        return new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE, workload.rows().getFirst());
    }

    /** A line of a table; nothing when it was not measured. */
    Optional<String> line(final Results results) {
        return measured.apply(results).map(spread -> {
            final boolean met = least ? spread.median() >= target : spread.median() <= target;
            final String asked = Double.isNaN(target) ? "a control" : (least ? "at least " : "at most ")
                + (target % 1 == 0 ? String.valueOf((int) target) : String.valueOf(target));
            return String.format(Locale.ROOT, "| %s | %s | %.1f | %.1f - %.1f | %s | %s |", title, asked, spread.median(), spread.lowest(),
                spread.highest(), processor.apply(results).map(time -> String.format(Locale.ROOT, "%.1f (%.1f - %.1f)", time.median(),
                    time.lowest(), time.highest())).orElse(""), Double.isNaN(target) ? "" : met ? "met" : "**missed**");
        });
    }
}
