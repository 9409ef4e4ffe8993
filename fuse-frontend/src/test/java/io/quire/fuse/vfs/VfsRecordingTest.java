package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Posix;
import io.quire.fuse.trace.RecordingFileSystem;
import io.quire.fuse.trace.TraceKind;
import io.quire.fuse.trace.TraceReader;
import io.quire.fuse.trace.TraceRecorder;

/** What a recording says of operations whose outcome only the filesystem knows. */
class VfsRecordingTest extends VfsFixture {
    @Test
    void o7AnAppendIsRecordedWhereItWentAndNotWhereTheKernelBelievedTheEnd() throws IOException {
        Files.writeString(at("a"), "one ");
        final long fh = open(lookup("a"), Posix.O_WRONLY | Posix.O_APPEND);
        final Path trace = work.resolve("trace");
        try (TraceRecorder recorder = TraceRecorder.create(trace, PageCache.PAGE_SIZE, false)) {
            final FileSystem recording = new RecordingFileSystem(vfs, recorder);
            assertThat(append(recording, fh, 4, "two ")).isEqualTo(4);
            Files.writeString(at("a"), "three ", StandardOpenOption.APPEND);
            assertThat(append(recording, fh, 8, "four ")).isEqualTo(5);
            assertThat(append(recording, fh + 1, 8, "nowhere")).isNegative();
        }
        final List<String> writes = new ArrayList<>();
        TraceReader.open(trace).forEach(record -> {
            assertThat(record.kind()).isEqualTo(TraceKind.WRITE);
            writes.add(record.offset() + "+" + record.length() + (record.result() < 0 ? " failed" : ""));
        });
        assertThat(writes).containsExactly("4+4", "14+5", "8+7 failed");
        assertThat(at("a")).hasContent("one two three four ");
    }
}
