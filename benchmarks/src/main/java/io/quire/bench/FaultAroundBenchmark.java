package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.cache.CacheException;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;

/**
 * The first touch of each page of a freshly mapped region, in order, all pages being in the cache: what a page costs that a
 * fault maps with its neighbours, and what it costs when each has a fault of its own. Few enough pages, each touched at another
 * place, that what is touched stays in the processor's caches: faults are measured, not memory.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FaultAroundBenchmark {
    private static final int PAGES = 2048;
    private static final long BYTES = (long) PAGES << 12;

    /** How much is mapped around a fault, in bytes; 4096 is the page alone. */
    @Param("65536")
    public int faultAround;

    private AddressSpace space;
    private MappedRegion region;

    /** Made by JMH. */
    public FaultAroundBenchmark() {
        faultAround = AddressSpace.FAULT_AROUND;
    }

    /** Makes an empty address space. */
    @Setup(Level.Trial)
    public void open() {
        space = new AddressSpace(faultAround);
    }

    /**
     * Maps the range anew, so that no entry is there.
     *
     * @param fixture whose file
     * @throws CacheException when it cannot be mapped
     */
    @Setup(Level.Invocation)
    public void map(final Fixture fixture) throws CacheException {
        region = space.map(fixture.file(0), 0, BYTES, Sharing.SHARED, Protection.READ);
    }

    /**
     * Unmaps it.
     *
     * @throws CacheException when it cannot be unmapped
     */
    @TearDown(Level.Invocation)
    public void unmap() throws CacheException {
        region.close();
    }

    /**
     * Touches each page once.
     *
     * @return something of what was read
     * @throws CacheException when the read fails
     */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long touch() throws CacheException {
        final MappedRegion pages = region;
        long sum = 0;
        for (long at = 0; at < BYTES; at += 4096) {
            sum += pages.getLong(at + (at >>> 6 & 0xfc0));
        }
        return sum;
    }
}
