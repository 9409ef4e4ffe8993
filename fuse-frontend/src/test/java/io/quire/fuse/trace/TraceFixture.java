package io.quire.fuse.trace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traces made by hand, and what is read out of them. */
@Timeout(300)
abstract class TraceFixture {
    static final int PAGE = 4096;

    @TempDir
    Path directory;

    Path at(final String name) {
        return directory.resolve(name);
    }

    TraceRecorder recorder(final String name) throws TraceException {
        return TraceRecorder.create(at(name), PAGE, true);
    }

    static void record(final TraceRecorder trace, final TraceKind kind, final long node, final long handle,
        final long offset, final long length, final int result, final long argument) {
        trace.record(kind, System.nanoTime(), node, handle, offset, length, result, argument);
    }

    /** A trace of a few reads, ended in an orderly way. */
    Path small(final String name, final int records) throws TraceException {
        try (TraceRecorder trace = recorder(name)) {
            for (int i = 0; i < records; i++) {
                record(trace, TraceKind.READ, 2, 1, (long) i * PAGE, PAGE, PAGE, 0);
            }
        }
        return at(name);
    }

    /** What a trace shows of each record, as text. */
    static List<String> shown(final Path trace) throws TraceException {
        final List<String> all = new ArrayList<>();
        TraceReader.open(trace).forEach(record -> all.add(record.number() + " " + record.kind() + " " + record.node() + " "
            + record.handle() + " " + record.offset() + " " + record.length() + " " + record.result() + " "
            + record.argument()));
        return all;
    }

    /** Writes bytes to a file of that name. */
    Path file(final String name, final byte[] bytes) throws IOException {
        return Files.write(at(name), bytes);
    }

    static ByteBuffer buffer(final byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** The bytes of a trace as a killed daemon leaves them: no ending, and the rest of its chunk. */
    static byte[] killed(final byte[] ended) {
        final byte[] bytes = Arrays.copyOf(ended, TraceRecorder.CHUNK_SIZE);
        Arrays.fill(bytes, TraceLayout.ENDING_OFFSET, TraceLayout.DURATION_OFFSET + Long.BYTES, (byte) 0);
        return bytes;
    }
}
