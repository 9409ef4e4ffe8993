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

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * Peer: plain copies from native memory to native memory, at random over 256 MiB. What a hit costs when the cache costs
 * nothing.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CopyBenchmark {
    /** Made by JMH. */
    public CopyBenchmark() {
        super();
    }

    /** The bytes to copy. */
    @State(Scope.Benchmark)
    public static class Source {
        /** Whether huge pages are asked for, as the cache does. */
        @Param("true")
        public boolean hugePages;

        private long address;

        /** Made by JMH. */
        public Source() {
            address = 0;
        }

        /** Fills the memory. */
        @Setup(Level.Trial)
        public void fill() {
            address = NativeMemory.reserve(Fixture.BYTES, hugePages);
            for (long at = 0; at < Fixture.BYTES; at += Long.BYTES) {
                OffHeap.putLong(address + at, at);
            }
        }

        /** Gives the memory back. */
        @TearDown(Level.Trial)
        public void release() {
            NativeMemory.release(address, Fixture.BYTES);
        }
    }

    /**
     * One page.
     *
     * @param source the bytes
     * @param cursor the thread's buffer and offsets
     * @return bytes copied
     */
    @Benchmark
    public int kib4(final Source source, final Cursor cursor) {
        OffHeap.copy(source.address + cursor.pages.next(), cursor.buffer, 4096);
        return 4096;
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param source the bytes
     * @param cursor the thread's buffer and offsets
     * @return bytes copied
     */
    @Benchmark
    public int kib64(final Source source, final Cursor cursor) {
        OffHeap.copy(source.address + cursor.blocks.next(), cursor.buffer, 64 << 10);
        return 64 << 10;
    }
}
