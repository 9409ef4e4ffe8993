package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import io.quire.engine.cache.CacheException;

/** Reads and writes of every kind. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RequestBenchmark {
    /** Made by JMH. */
    public RequestBenchmark() {
        super();
    }

    /**
     * One read.
     *
     * @param requests the files
     * @param request  what is asked
     * @return bytes read
     * @throws CacheException when the read fails
     */
    @Benchmark
    public int read(final Requests requests, final Request request) throws CacheException {
        return request.file.read(request.next(), request.buffer, request.size);
    }

    /**
     * One write.
     *
     * @param requests the files
     * @param request  what is asked
     * @return bytes written
     * @throws CacheException when the write fails
     */
    @Benchmark
    public int write(final Requests requests, final Request request) throws CacheException {
        return request.file.write(request.next(), request.buffer, request.size);
    }
}
