package io.quire.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.List;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Tells how much of the processor time that a benchmark's threads wanted they got. On a machine with other work a figure
 * with a low share is not the code's.
 */
public final class CpuShareProfiler implements InternalProfiler {
    /** Name of the result. */
    static final String LABEL = "cpu.share";

    private static final String WORKER = "-jmh-worker-";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private long wallStart;
    private long cpuStart;

    /** Made by JMH. */
    public CpuShareProfiler() {
        wallStart = 0;
    }

    @Override
    public String getDescription() {
        return "share of the processor";
    }

    @Override
    public void beforeIteration(final BenchmarkParams benchmark, final IterationParams iteration) {
        wallStart = System.nanoTime();
        cpuStart = workersTime();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(final BenchmarkParams benchmark,
        final IterationParams iteration, final IterationResult result) {
        final double cpu = workersTime() - cpuStart;
        final double wall = System.nanoTime() - wallStart;
        return List.of(new ScalarResult(LABEL, Math.min(1, cpu / wall / benchmark.getThreads()), "of 1",
            AggregationPolicy.AVG));
    }

    /** Processor time of the threads that run benchmarks; not that of the compiler or of JMH. */
    private static long workersTime() {
        long sum = 0;
        for (final long id : THREADS.getAllThreadIds()) {
            final ThreadInfo thread = THREADS.getThreadInfo(id);
            if (thread != null && thread.getThreadName().contains(WORKER)) {
                sum += Math.max(0, THREADS.getThreadCpuTime(id));
            }
        }
        return sum;
    }
}
