package io.quire.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.memory.OffHeap;

/** Peer: the same reads of a file that is mapped into memory, every page of it mapped, by the JDK's two ways of mapping. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MappedBenchmark {
    private Arena arena;
    private MappedByteBuffer buffer;
    private MemorySegment segment;
    private long address;

    /** Made by JMH. */
    public MappedBenchmark() {
        arena = null;
    }

    /**
     * Makes a file in memory and maps it with every page present.
     *
     * @throws IOException when the file cannot be made
     */
    @Setup(Level.Trial)
    public void map() throws IOException {
        try (FileChannel channel = PeerFile.make(FilePlace.memory, Fixture.BYTES)) {
            arena = Arena.ofShared();
            buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, Fixture.BYTES);
            buffer.order(ByteOrder.nativeOrder());
            buffer.load();
            segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, Fixture.BYTES, arena);
            segment.load();
            address = segment.address();
        }
    }

    /** Unmaps the file. */
    @TearDown(Level.Trial)
    public void unmap() {
        arena.close();
    }

    /**
     * One word, as a value, through a byte buffer.
     *
     * @param cursor the thread's offsets
     * @return the word
     */
    @Benchmark
    public long bufferValue8(final Cursor cursor) {
        return buffer.getLong((int) cursor.words.next());
    }

    /**
     * One word, as a value, through a memory segment.
     *
     * @param cursor the thread's offsets
     * @return the word
     */
    @Benchmark
    public long segmentValue8(final Cursor cursor) {
        return segment.get(ValueLayout.JAVA_LONG, cursor.words.next());
    }

    /**
     * One word, copied, through a byte buffer.
     *
     * @param cursor the thread's offsets
     * @return bytes read
     */
    @Benchmark
    public int buffer8(final Cursor cursor) {
        OffHeap.putLong(cursor.buffer, buffer.getLong((int) cursor.words.next()));
        return 8;
    }

    /**
     * One word, copied, through a memory segment.
     *
     * @param cursor the thread's offsets
     * @return bytes read
     */
    @Benchmark
    public int segment8(final Cursor cursor) {
        OffHeap.putLong(cursor.buffer, segment.get(ValueLayout.JAVA_LONG, cursor.words.next()));
        return 8;
    }

    /**
     * One page, copied by the routine that the cache uses, without any check.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib4(final Cursor cursor) {
        OffHeap.copy(address + cursor.pages.next(), cursor.buffer, 4096);
        return 4096;
    }

    /**
     * Sixteen pages, beginning at any page, in the same way.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib64(final Cursor cursor) {
        OffHeap.copy(address + cursor.blocks.next(), cursor.buffer, 64 << 10);
        return 64 << 10;
    }
}
