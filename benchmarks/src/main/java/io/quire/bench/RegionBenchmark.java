package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import io.quire.engine.cache.CacheException;
import io.quire.engine.memory.OffHeap;

/** Words of a mapped region at random over 256 MiB, every page mapped. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RegionBenchmark {
    /** Made by JMH. */
    public RegionBenchmark() {
        super();
    }

    /**
     * One word, through the region.
     *
     * @param mapped the region
     * @param reader the thread's offsets
     * @return bytes read
     * @throws CacheException when the access fails
     */
    @Benchmark
    public int read8(final Mapped mapped, final Reader reader) throws CacheException {
        OffHeap.putLong(reader.buffer, mapped.region.getLong(reader.words.next()));
        return 8;
    }

    /**
     * One word, by its virtual address.
     *
     * @param mapped the region
     * @param reader the thread's offsets
     * @return bytes read
     * @throws CacheException when the access fails
     */
    @Benchmark
    public int address8(final Mapped mapped, final Reader reader) throws CacheException {
        OffHeap.putLong(reader.buffer, mapped.space.getLong(mapped.address + reader.words.next()));
        return 8;
    }
}
