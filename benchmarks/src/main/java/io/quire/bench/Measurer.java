package io.quire.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Has JMH measure. */
final class Measurer {
    private Measurer() {
    }

    /**
     * Measures once.
     *
     * @param ownJvm whether in a JVM of its own, with the options of this one
     * @param log    where JMH says what it does, or null for nowhere
     * @throws RunnerException when the benchmark fails
     */
    static Samples measure(final Measurement measurement, final Timing timing, final boolean ownJvm, final String log)
        throws RunnerException {
        final ChainedOptionsBuilder options = new OptionsBuilder()
            .include("^" + Pattern.quote("io.quire.bench." + measurement.benchmark()) + "$")
            .threads(measurement.threads()).forks(ownJvm ? 1 : 0).warmupForks(0)
            .warmupIterations(timing.warmUps()).warmupTime(TimeValue.milliseconds(timing.warmUpMillis()))
            .measurementIterations(timing.iterations()).measurementTime(TimeValue.milliseconds(timing.millis()))
            .addProfiler(WorkerProfiler.class)
            .shouldFailOnError(true);
        if (log == null) {
            options.verbosity(VerboseMode.SILENT);
        } else {
            options.output(log);
        }
        measurement.parameters().forEach(options::param);
        final List<Double> nanos = new ArrayList<>();
        final List<Double> garbage = new ArrayList<>();
        final List<Double> shares = new ArrayList<>();
        for (final RunResult result : new Runner(options.build()).run()) {
            for (final BenchmarkResult fork : result.getBenchmarkResults()) {
                for (final IterationResult iteration : fork.getIterationResults()) {
                    final double score = iteration.getPrimaryResult().getScore();
                    nanos.add(score);
                    shares.add(secondary(iteration, WorkerProfiler.CPU_SHARE));
                    garbage.add(secondary(iteration, WorkerProfiler.ALLOCATED));
                }
            }
        }
        return Samples.of(nanos, shares, garbage);
    }

    private static double secondary(final IterationResult iteration, final String label) {
        for (final String key : iteration.getSecondaryResults().keySet()) {
            // Some versions of JMH put a dot before the labels of profilers.
            if (key.endsWith(label)) {
                return iteration.getSecondaryResults().get(key).getScore();
            }
        }
        throw new IllegalStateException("no result " + label + " in " + iteration.getSecondaryResults().keySet());
    }
}
