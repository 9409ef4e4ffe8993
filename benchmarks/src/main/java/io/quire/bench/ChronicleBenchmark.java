package io.quire.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.MappedBytes;
import net.openhft.chronicle.bytes.RandomDataInput;

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

import io.quire.bench.report.RunFiles;
import io.quire.engine.memory.OffHeap;

/**
 * Peer: the same reads from a store of Chronicle Bytes. It is memory with a checked way to it and not a cache: nothing is looked up,
 * evicted or fetched.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChronicleBenchmark {
    /** Which of its stores. */
    @Param("memory")
    public Kind kind;

    private BytesStore<?, ?> store;
    private MappedBytes mapped;
    private RandomDataInput bytes;

    /** What the bytes lie in. */
    public enum Kind {
        /** Native memory. */
        memory,
        /** A mapped file, on a file system in memory. */
        mapped
    }

    /** Made by JMH. */
    public ChronicleBenchmark() {
        kind = Kind.memory;
    }

    /**
     * Fills the store.
     *
     * @throws IOException when the file cannot be made
     */
    @Setup(Level.Trial)
    public void fill() throws IOException {
        if (kind == Kind.memory) {
            store = BytesStore.nativeStoreWithFixedCapacity(Fixture.BYTES);
            for (long at = 0; at < Fixture.BYTES; at += Long.BYTES) {
                store.writeLong(at, at);
            }
            bytes = store;
        } else {
            final Path path = RunFiles.file(FilePlace.memory.directory());
            final File file = path.toFile();
            try {
                mapped = MappedBytes.singleMappedBytes(file, Fixture.BYTES);
            } finally {
                Files.delete(path);
            }
            mapped.singleThreadedCheckDisabled(true);
            for (long at = 0; at < Fixture.BYTES; at += Long.BYTES) {
                mapped.writeLong(at, at);
            }
            bytes = mapped;
        }
    }

    /** Gives the memory back. */
    @TearDown(Level.Trial)
    public void close() {
        if (store != null) {
            store.releaseLast();
        }
        if (mapped != null) {
            mapped.releaseLast();
        }
    }

    /**
     * One word.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int bytes8(final Cursor cursor) {
        OffHeap.putLong(cursor.buffer, bytes.readLong(cursor.words.next()));
        return 8;
    }

    /**
     * One page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib4(final Cursor cursor) {
        bytes.nativeRead(cursor.pages.next(), cursor.buffer, 4096);
        return 4096;
    }

    /**
     * Sixteen pages, beginning at any page.
     *
     * @param cursor the thread's buffer and offsets
     * @return bytes read
     */
    @Benchmark
    public int kib64(final Cursor cursor) {
        bytes.nativeRead(cursor.blocks.next(), cursor.buffer, 64 << 10);
        return 64 << 10;
    }
}
