package io.quire.bench;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Peer: the same reads from a {@link SlabCache}, Caffeine over a slab. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CaffeineBenchmark {
    /** Who does the housekeeping. */
    @Param("pool")
    public Housekeeping housekeeping;

    private SlabCache cache;

    /** Who does Caffeine's housekeeping, such as noting which pages were used. */
    public enum Housekeeping {
        /** The common pool, Caffeine's choice. */
        pool,
        /** Whoever reads when it is due. */
        caller
    }

    /** Made by JMH. */
    public CaffeineBenchmark() {
        housekeeping = Housekeeping.pool;
    }

    /** Fills the cache. */
    @Setup(Level.Trial)
    public void fill() {
        cache = new SlabCache(Fixture.BYTES, housekeeping == Housekeeping.pool ? null : Runnable::run);
    }

    /** Gives the slab back. */
    @TearDown(Level.Trial)
    public void close() {
        cache.close();
    }

    /**
     * One word.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int bytes8(final Cursor cursor) {
        return cache.readWord(cursor.words.next(), cursor.buffer);
    }

    /**
     * One page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib4(final Cursor cursor) {
        return cache.read(cursor.pages.next(), cursor.buffer, 4096);
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib64(final Cursor cursor) {
        return cache.read(cursor.blocks.next(), cursor.buffer, 64 << 10);
    }
}
