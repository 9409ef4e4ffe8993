package io.quire.bench.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Which workloads run where and on what, the most telling first: a run with a time limit may not come to the end. */
final class Plan {
    private static final int KIB_4 = 4 << 10;
    private static final int KIB_64 = 64 << 10;
    private static final int MIB = 1 << 20;
    /** In a full run only the first place and regime has all the files in one directory. */
    private static final int FEWER_FILES = 5;

    private final List<Step> steps = new ArrayList<>();

    /** Which servers do it. */
    enum Audience {
        /** Quire by each write policy, and all peers. */
        POLICIES,
        /** Quire by its default policy, and all peers: a write policy decides nothing there. */
        PEERS,
        /** The mount that records. */
        RECORDING;

        boolean includes(final Server server) {
            return switch (server.role()) {
                case SUBJECT -> this != RECORDING;
                case PEER -> this != RECORDING;
                case POLICY -> this == POLICIES;
                case RECORDING -> this == RECORDING;
            };
        }
    }

    /**
     * A workload in its surroundings.
     *
     * @param kind     where the source is
     * @param regime   where client and daemon run
     * @param audience which servers do it
     * @param workload what is done
     */
    record Step(Place.Kind kind, Regime regime, Audience audience, Workload workload) {
        /** The cost of recording is a few percent, which asks for more repetitions than a comparison of servers. */
        private static final int RECORDING_FACTOR = 2;

        List<Results.Key> keys() {
            return workload.rows().stream().map(row -> new Results.Key(kind, regime, row)).toList();
        }

        int repetitions(final Scale scale) {
            return audience == Audience.RECORDING ? RECORDING_FACTOR * scale.repetitions() : scale.repetitions();
        }

        /** What it will take, about. */
        double seconds(final Scale scale, final List<Server> servers) {
            return (workload.seconds(scale, kind, regime) * servers.stream().filter(audience::includes).count() + workload.turnSeconds())
                * repetitions(scale);
        }
    }

    private Plan() {
    }

    /** Every workload everywhere. */
    static List<Step> full() {
        final Plan plan = new Plan();
        for (final Place.Kind kind : new Place.Kind[] {Place.Kind.TMPFS, Place.Kind.DISK}) {
            for (final Regime regime : Regime.values()) {
                final boolean first = kind == Place.Kind.TMPFS && regime == Regime.ONE_CORE;
                for (final String pattern : List.of("write", "randwrite")) {
                    for (final int block : new int[] {KIB_4, KIB_64, MIB}) {
                        final FioWorkload write = FioWorkload.psync(pattern, block);
                        plan.add(kind, regime, Audience.POLICIES, first && block == KIB_64 ? write.longer() : write);
                    }
                }
                if (first) {
                    plan.add(kind, regime, Audience.POLICIES, FioWorkload.kept("write", KIB_64).longer(),
                        FioWorkload.kept("randwrite", KIB_64).longer());
                }
                for (final String pattern : List.of("read", "randread")) {
                    for (final int block : new int[] {KIB_4, KIB_64, MIB}) {
                        plan.add(kind, regime, Audience.PEERS, FioWorkload.psync(pattern, block));
                    }
                }
                final int fewer = first ? 1 : FEWER_FILES;
                plan.add(kind, regime, Audience.PEERS, direct("randread", first), direct("randwrite", first),
                    FioWorkload.direct("read", MIB), FioWorkload.direct("write", MIB), FioWorkload.fourJobs("randread", KIB_4),
                    FioWorkload.fourJobs("write", KIB_64), FioWorkload.mapped("randread", KIB_4), FioWorkload.mapped("randwrite", KIB_4),
                    new FilesWorkload(fewer), new UntarWorkload(), new GitWorkload(), new SqliteWorkload());
            }
            if (kind == Place.Kind.TMPFS) {
                plan.recording();
                plan.add(Place.Kind.SLOW, Regime.FREE, Audience.PEERS, new SlowReadWorkload("read"), new SlowReadWorkload("randread"));
            }
        }
        return plan.steps;
    }

    /** The rows that say most. */
    static List<Step> quick() {
        final Plan plan = new Plan();
        final FilesWorkload files = new FilesWorkload(1);
        plan.add(Place.Kind.TMPFS, Regime.ONE_CORE, Audience.POLICIES, FioWorkload.psync("write", KIB_64).longer(),
            FioWorkload.psync("randwrite", KIB_64).longer(), FioWorkload.kept("write", KIB_64).longer(), FioWorkload.kept("randwrite", KIB_64).longer());
        plan.add(Place.Kind.TMPFS, Regime.ONE_CORE, Audience.PEERS, FioWorkload.psync("randwrite", KIB_4),
            direct("randread", true), direct("randwrite", true), FioWorkload.psync("read", KIB_64),
            FioWorkload.psync("randread", KIB_4), FioWorkload.mapped("randread", KIB_4), files, new UntarWorkload(), new GitWorkload(),
            new SqliteWorkload());
        plan.add(Place.Kind.TMPFS, Regime.FREE, Audience.PEERS, FioWorkload.psync("write", KIB_64), FioWorkload.direct("randread", KIB_4),
            FioWorkload.fourJobs("randread", KIB_4), files);
        plan.add(Place.Kind.SLOW, Regime.FREE, Audience.PEERS, new SlowReadWorkload("read"));
        plan.add(Place.Kind.DISK, Regime.ONE_CORE, Audience.PEERS, FioWorkload.psync("write", KIB_64), FioWorkload.psync("randread", KIB_4),
            new SqliteWorkload());
        plan.add(Place.Kind.DISK, Regime.FREE, Audience.PEERS, FioWorkload.psync("write", MIB), files);
        return plan.steps;
    }

    private static FioWorkload direct(final String pattern, final boolean longer) {
        final FioWorkload direct = FioWorkload.direct(pattern, KIB_4);
        return longer ? direct.longer() : direct;
    }

    private void recording() {
        add(Place.Kind.TMPFS, Regime.ONE_CORE, Audience.RECORDING, new RecordingWorkload(FioWorkload.direct("randread", KIB_4).longer()),
            new RecordingWorkload(FioWorkload.kept("write", KIB_64).longer()));
    }

    private void add(final Place.Kind kind, final Regime regime, final Audience audience, final Workload... workloads) {
        for (final Workload workload : workloads) {
            steps.add(new Step(kind, regime, audience, workload));
        }
    }

    /** The servers that a step in this place is for. */
    static List<Server> able(final List<Step> steps, final Place.Kind kind, final List<Server> servers) {
        return servers.stream().filter(server -> steps.stream().anyMatch(step -> step.kind() == kind && step.audience().includes(server)))
            .toList();
    }

    /** What mounting, warming up and unmounting takes there, about. */
    static double startSeconds(final List<Step> steps, final Place.Kind kind, final List<Server> servers, final Scale scale) {
        return Progress.startSeconds(able(steps, kind, servers), scale);
    }

    /** What all of it takes, about, on a quiet machine with two processors. */
    static double seconds(final List<Step> steps, final List<Server> servers, final Scale scale) {
        return steps.stream().mapToDouble(step -> step.seconds(scale, servers)).sum()
            + steps.stream().map(Step::kind).distinct().mapToDouble(kind -> startSeconds(steps, kind, servers, scale)).sum();
    }

    /** The steps that have a row which is wanted and a server to do it. */
    static List<Step> chosen(final List<Step> steps, final Predicate<String> wanted) {
        return steps.stream().filter(step -> step.keys().stream().anyMatch(key -> wanted.test(key.label()))).toList();
    }
}
