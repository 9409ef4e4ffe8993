package io.quire.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

/**
 * Peer: positional reads and writes of a file whose bytes are in the kernel's page cache, through a direct buffer over the thread's
 * own memory, so that the kernel copies to where the cache copies to.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FileChannelBenchmark {
    /** On what the file lies. */
    @Param("memory")
    public FilePlace place;

    private FileChannel channel;

    /** A thread's memory as buffers. */
    @State(Scope.Thread)
    public static class Buffers {
        private ByteBuffer word;
        private ByteBuffer page;
        private ByteBuffer block;

        /** Made by JMH. */
        public Buffers() {
            word = null;
        }

        /**
         * Makes the buffers.
         *
         * @param cursor whose memory
         */
        @Setup(Level.Trial)
        public void wrap(final Cursor cursor) {
            word = MemorySegment.ofAddress(cursor.buffer).reinterpret(8).asByteBuffer();
            page = MemorySegment.ofAddress(cursor.buffer).reinterpret(4096).asByteBuffer();
            block = MemorySegment.ofAddress(cursor.buffer).reinterpret(64 << 10).asByteBuffer();
        }
    }

    /** Made by JMH. */
    public FileChannelBenchmark() {
        place = FilePlace.memory;
    }

    /**
     * Makes the file.
     *
     * @throws IOException when it cannot be made
     */
    @Setup(Level.Trial)
    public void open() throws IOException {
        channel = PeerFile.make(place, Fixture.BYTES);
    }

    /**
     * Closes the file, which is gone then.
     *
     * @throws IOException when it cannot be closed
     */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        channel.close();
    }

    /**
     * Reads one word.
     *
     * @param cursor  the thread's offsets
     * @param buffers the thread's memory
     * @return bytes read
     * @throws IOException when the read fails
     */
    @Benchmark
    public int bytes8(final Cursor cursor, final Buffers buffers) throws IOException {
        return channel.read(buffers.word.clear(), cursor.words.next());
    }

    /**
     * Reads one page.
     *
     * @param cursor  the thread's offsets
     * @param buffers the thread's memory
     * @return bytes read
     * @throws IOException when the read fails
     */
    @Benchmark
    public int kib4(final Cursor cursor, final Buffers buffers) throws IOException {
        return channel.read(buffers.page.clear(), cursor.pages.next());
    }

    /**
     * Reads sixteen pages, beginning at any page.
     *
     * @param cursor  the thread's offsets
     * @param buffers the thread's memory
     * @return bytes read
     * @throws IOException when the read fails
     */
    @Benchmark
    public int kib64(final Cursor cursor, final Buffers buffers) throws IOException {
        return channel.read(buffers.block.clear(), cursor.blocks.next());
    }

    /**
     * Writes sixteen pages, beginning at any page.
     *
     * @param cursor  the thread's offsets
     * @param buffers the thread's memory
     * @return bytes written
     * @throws IOException when the write fails
     */
    @Benchmark
    public int write64(final Cursor cursor, final Buffers buffers) throws IOException {
        return channel.write(buffers.block.clear(), cursor.blocks.next());
    }
}
