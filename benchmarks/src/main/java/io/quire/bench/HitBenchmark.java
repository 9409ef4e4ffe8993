package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import io.quire.engine.cache.CacheException;

/** Reads of pages that are in the cache, at random over 256 MiB. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HitBenchmark {
    /** Made by JMH. */
    public HitBenchmark() {
        super();
    }

    /**
     * One word, as a value.
     *
     * @param fixture the files
     * @param reader  the thread's handle
     * @return the word
     * @throws CacheException when the read fails
     */
    @Benchmark
    public long value8(final Fixture fixture, final Reader reader) throws CacheException {
        return reader.file.getLong(reader.words.next());
    }

    /**
     * One word, copied.
     *
     * @param fixture the files
     * @param reader  the thread's handle
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int bytes8(final Fixture fixture, final Reader reader) throws CacheException {
        return reader.file.read(reader.words.next(), reader.buffer, 8);
    }

    /**
     * One page.
     *
     * @param fixture the files
     * @param reader  the thread's handle
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int kib4(final Fixture fixture, final Reader reader) throws CacheException {
        return reader.file.read(reader.pages.next(), reader.buffer, 4096);
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param fixture the files
     * @param reader  the thread's handle
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int kib64(final Fixture fixture, final Reader reader) throws CacheException {
        return reader.file.read(reader.blocks.next(), reader.buffer, 64 << 10);
    }
}
