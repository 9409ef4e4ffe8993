package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Something that clients do on a mount; one run of it gives a time for each of its rows. */
interface Workload {
    /** What it measures. */
    List<Row> rows();

    /** The program that it runs; empty when it runs none that may be missing. */
    Optional<String> program();

    /** Makes what it needs in the target's part of the source; called once for each target, before the first run. */
    void prepare(Target target, Bench bench) throws IOException, InterruptedException;

    /** What one run on one server takes, about: for the progress that is shown. */
    double seconds(Scale scale, Place.Kind kind);

    /**
     * Runs once.
     *
     * @param target     on what
     * @param bench      what workloads share
     * @param regime     where clients run; daemons are there already
     * @param repetition 0 and up; counts over the steps of a place, so that names made of it are new
     * @return nanoseconds of an operation, for each row
     */
    List<Double> run(Target target, Bench bench, Regime regime, int repetition) throws IOException, InterruptedException;
}
