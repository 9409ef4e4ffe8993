package io.quire.bench.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Which workloads run where, the most telling first: a run with a time limit may not come to the end. */
final class Plan {
    private static final int KIB_4 = 4 << 10;
    private static final int KIB_64 = 64 << 10;
    private static final int MIB = 1 << 20;

    private final List<Step> steps = new ArrayList<>();

    /**
     * A workload in its surroundings.
     *
     * @param kind     where the source is
     * @param regime   where client and daemon run
     * @param workload what is done
     */
    record Step(Place.Kind kind, Regime regime, Workload workload) {
        List<Results.Key> keys() {
            return workload.rows().stream().map(row -> new Results.Key(kind, regime, row)).toList();
        }
    }

    private Plan() {
    }

    /** Every workload everywhere. */
    static List<Step> full() {
        final Plan plan = new Plan();
        final List<Workload> workloads = new ArrayList<>();
        for (final String pattern : List.of("read", "randread", "write", "randwrite")) {
            for (final int block : new int[] {KIB_4, KIB_64, MIB}) {
                workloads.add(FioWorkload.psync(pattern, block));
            }
        }
        workloads.addAll(List.of(FioWorkload.fourJobs("randread", KIB_4), FioWorkload.fourJobs("write", KIB_64),
            FioWorkload.mapped("randread", KIB_4), FioWorkload.mapped("randwrite", KIB_4), FioWorkload.direct("randread", KIB_4),
            FioWorkload.direct("randwrite", KIB_4), FioWorkload.direct("read", MIB), FioWorkload.direct("write", MIB), new FilesWorkload(),
            new UntarWorkload(), new GitWorkload(), new SqliteWorkload()));
        for (final Place.Kind kind : new Place.Kind[] {Place.Kind.TMPFS, Place.Kind.DISK}) {
            for (final Regime regime : Regime.values()) {
                plan.add(kind, regime, workloads.toArray(Workload[]::new));
            }
        }
        plan.add(Place.Kind.SLOW, Regime.FREE, new SlowReadWorkload());
        return plan.steps;
    }

    /** The rows that say most. */
    static List<Step> quick() {
        final Plan plan = new Plan();
        final FilesWorkload files = new FilesWorkload();
        final GitWorkload git = new GitWorkload();
        plan.add(Place.Kind.TMPFS, Regime.ONE_CORE, FioWorkload.psync("write", KIB_64), FioWorkload.psync("randwrite", KIB_64),
            FioWorkload.direct("randread", KIB_4), FioWorkload.direct("randwrite", KIB_4), FioWorkload.psync("read", KIB_64),
            FioWorkload.mapped("randread", KIB_4), files, new UntarWorkload(), git, new SqliteWorkload());
        plan.add(Place.Kind.TMPFS, Regime.FREE, FioWorkload.psync("write", KIB_64), FioWorkload.direct("randread", KIB_4),
            FioWorkload.fourJobs("randread", KIB_4), files);
        plan.add(Place.Kind.SLOW, Regime.FREE, new SlowReadWorkload());
        plan.add(Place.Kind.DISK, Regime.ONE_CORE, FioWorkload.psync("write", KIB_64), FioWorkload.psync("randread", KIB_4),
            new SqliteWorkload());
        plan.add(Place.Kind.DISK, Regime.FREE, FioWorkload.psync("write", MIB), files);
        return plan.steps;
    }

    private void add(final Place.Kind kind, final Regime regime, final Workload... workloads) {
        for (final Workload workload : workloads) {
            steps.add(new Step(kind, regime, workload));
        }
    }

    /** The steps that have a row which is wanted. */
    static List<Step> chosen(final List<Step> steps, final Predicate<String> wanted) {
        return steps.stream().filter(step -> step.keys().stream().anyMatch(key -> wanted.test(key.label()))).toList();
    }
}
