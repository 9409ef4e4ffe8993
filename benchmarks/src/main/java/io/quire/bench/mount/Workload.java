package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Something that clients do on a mount; one run of it gives a time for each of its rows. */
interface Workload {
    /** What it measures. */
    List<Row> rows();

    /** The program that it runs; empty when it runs none that may be missing. */
    Optional<String> program();

    /** Makes what it needs in the target's part of the source; called once for each target, before the first run. */
    void prepare(Target target, Bench bench) throws IOException, InterruptedException;

    /** What one run on one server takes, about, on a quiet machine: for the plan, and for the progress that is shown. */
    double seconds(Scale scale, Place.Kind kind, Regime regime);

    /** What a repetition takes besides, however many servers there are. */
    default double turnSeconds() {
        return 0;
    }

    /**
     * Runs once.
     *
     * @param target     on what
     * @param bench      what workloads share
     * @param regime     where clients run; daemons are there already
     * @param repetition 0 and up; counts over the steps of a place, so that names made of it are new
     * @return one for each row
     */
    List<Sample> run(Target target, Bench bench, Regime regime, int repetition) throws IOException, InterruptedException;

    /**
     * Runs once on several servers, one right after the other, where that takes less time than a run on each.
     *
     * @param turn the servers, in this order
     * @return samples by server; one that is not there is to be run by itself, which also tells why
     */
    default Map<Target, List<Sample>> runInTurn(final List<Target> turn, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        return Map.of();
    }

    /** Whether it shows a server so many files that one which keeps a descriptor for each may run out of them. */
    default boolean manyFiles() {
        return false;
    }
}
