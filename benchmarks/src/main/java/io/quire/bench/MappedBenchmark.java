package io.quire.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/** Peer: the same read of 8 bytes in a file that is mapped into memory, by the JDK's two ways of mapping. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MappedBenchmark {
    private static final int CHUNK = 1 << 20;
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final RandomOffsets words = new RandomOffsets(Fixture.BYTES, 8, 8, 0);
    private final long target = NativeMemory.reserve(8, false);
    private Arena arena;
    private MappedByteBuffer buffer;
    private MemorySegment segment;

    /** Made by JMH. */
    public MappedBenchmark() {
        arena = null;
    }

    /**
     * Makes a file in memory, where there is such a file system, and maps it with every page present.
     *
     * @throws IOException when the file cannot be made
     */
    @Setup(Level.Trial)
    public void map() throws IOException {
        final Path path = Files.isWritable(SHARED_MEMORY) ? Files.createTempFile(SHARED_MEMORY, "quire-bench", null)
            : Files.createTempFile("quire-bench", null);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // The name is not needed any more, and a killed benchmark then leaves nothing behind.
            Files.delete(path);
            final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
            for (long at = 0; at < Fixture.BYTES; at += CHUNK) {
                for (int word = 0; word < CHUNK; word += Long.BYTES) {
                    chunk.putLong(word, at + word);
                }
                while (chunk.hasRemaining()) {
                    channel.write(chunk, at + chunk.position());
                }
                chunk.clear();
            }
            arena = Arena.ofShared();
            buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, Fixture.BYTES);
            buffer.order(ByteOrder.nativeOrder());
            buffer.load();
            segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, Fixture.BYTES, arena);
            segment.load();
        }
    }

    /** Unmaps the file. */
    @TearDown(Level.Trial)
    public void unmap() {
        arena.close();
        NativeMemory.release(target, 8);
    }

    /**
     * Through a byte buffer.
     *
     * @return bytes read
     */
    @Benchmark
    public int buffer8() {
        OffHeap.putLong(target, buffer.getLong((int) words.next()));
        return 8;
    }

    /**
     * Through a memory segment.
     *
     * @return bytes read
     */
    @Benchmark
    public int segment8() {
        OffHeap.putLong(target, segment.get(ValueLayout.JAVA_LONG, words.next()));
        return 8;
    }
}
