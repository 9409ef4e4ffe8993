package io.quire.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.Collection;
import java.util.List;
import java.util.function.LongUnaryOperator;

import com.sun.management.ThreadMXBean;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What the threads that run a benchmark used: how much of the processor time that they wanted they got, and what they
 * allocated on the heap. On a machine with other work a time with a low share is not the code's; and what JMH itself and its
 * profilers allocate, which {@code -prof gc} counts too, is not the code's either.
 */
public final class WorkerProfiler implements InternalProfiler {
    /** Name of the result: processor time per wall time and thread, at most 1. */
    static final String CPU_SHARE = "worker.cpu.share";
    /** Name of the result: bytes per operation. */
    static final String ALLOCATED = "worker.alloc.norm";

    private static final String WORKER = "-jmh-worker-";
    private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private long wallStart;
    private long cpuStart;
    private long allocatedStart;

    /** Made by JMH. */
    public WorkerProfiler() {
        wallStart = 0;
    }

    @Override
    public String getDescription() {
        return "processor time and heap allocation of the benchmark's threads";
    }

    @Override
    public void beforeIteration(final BenchmarkParams benchmark, final IterationParams iteration) {
        allocatedStart = sum(THREADS::getThreadAllocatedBytes);
        wallStart = System.nanoTime();
        cpuStart = sum(THREADS::getThreadCpuTime);
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(final BenchmarkParams benchmark,
        final IterationParams iteration, final IterationResult result) {
        final double cpu = sum(THREADS::getThreadCpuTime) - cpuStart;
        final double wall = System.nanoTime() - wallStart;
        final double allocated = sum(THREADS::getThreadAllocatedBytes) - allocatedStart;
        final long operations = Math.max(1, result.getMetadata().getAllOps());
        return List.of(
            new ScalarResult(CPU_SHARE, Math.min(1, cpu / wall / benchmark.getThreads()), "of 1", AggregationPolicy.AVG),
            new ScalarResult(ALLOCATED, allocated / operations, "B/op", AggregationPolicy.AVG));
    }

    private static long sum(final LongUnaryOperator ofThread) {
        long sum = 0;
        for (final long id : THREADS.getAllThreadIds()) {
            final ThreadInfo thread = THREADS.getThreadInfo(id);
            if (thread != null && thread.getThreadName().contains(WORKER)) {
                sum += Math.max(0, ofThread.applyAsLong(id));
            }
        }
        return sum;
    }
}
