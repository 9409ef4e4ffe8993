package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import io.quire.engine.cache.CacheException;

/** Writes over pages that are in the cache, through to a store in memory. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WriteBenchmark {
    /** Made by JMH. */
    public WriteBenchmark() {
        super();
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param fixture the files
     * @param reader  the thread's handle
     * @return bytes written
     * @throws CacheException when the write fails
     */
    @Benchmark
    public int kib64(final Fixture fixture, final Reader reader) throws CacheException {
        return reader.file.write(reader.blocks.next(), reader.buffer, 64 << 10);
    }
}
