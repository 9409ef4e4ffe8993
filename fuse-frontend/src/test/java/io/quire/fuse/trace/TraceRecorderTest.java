package io.quire.fuse.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

import org.junit.jupiter.api.Test;

/** Recording; the invariants O1 to O6 are those of traces.md. */
class TraceRecorderTest extends TraceFixture {
    @Test
    void everyFieldComesBack() throws TraceException {
        final long before = System.currentTimeMillis();
        final long began = System.nanoTime();
        try (TraceRecorder trace = recorder("t")) {
            trace.record(TraceKind.WRITE, System.nanoTime() - 5_000_000_000L, 1L << 40, 1L << 41, Long.MAX_VALUE - 20, 20, 7, 0);
            trace.record(TraceKind.SETATTR, System.nanoTime(), 3, 4, 5, 6, -28, -1);
        }
        final long took = System.nanoTime() - began;
        final TraceReader reader = TraceReader.open(at("t"));
        final List<Long> durations = new ArrayList<>();
        reader.forEach(record -> durations.add(record.duration()));
        assertThat(shown(at("t"))).containsExactly(
            "0 WRITE " + (1L << 40) + " " + (1L << 41) + " " + (Long.MAX_VALUE - 20) + " 20 7 0", "1 SETATTR 3 4 5 6 -28 -1");
        // What took longer than the field can tell says so by its largest value.
        assertThat(durations.getFirst()).isEqualTo(0xffff_ffffL);
        assertThat(durations.getLast()).isLessThanOrEqualTo(took);
        assertThat(reader.records()).isEqualTo(2);
        assertThat(reader.missing()).isZero();
        assertThat(reader.hasNoEnd()).isFalse();
        assertThat(reader.isDirectIo()).isTrue();
        assertThat(reader.startMillis()).isBetween(before, System.currentTimeMillis());
    }

    @Test
    void anEndedTraceIsAsLongAsItsRecords() throws IOException {
        assertThat(Files.size(small("none", 0))).isEqualTo(TraceLayout.HEADER_SIZE);
        assertThat(Files.size(small("three", 3))).isEqualTo(TraceLayout.HEADER_SIZE + 3 * TraceLayout.RECORD_SIZE);
    }

    @Test
    void concurrentWorkersLoseAndMixNothingOverManyChunks() throws Exception {
        final int workers = 6;
        final int each = 20_000;
        try (TraceRecorder trace = recorder("t")) {
            final List<Thread> threads = new ArrayList<>();
            for (int w = 0; w < workers; w++) {
                final int worker = w;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < each; i++) {
                        record(trace, TraceKind.READ, worker, i, i, i, i, worker * (long) i);
                    }
                }));
            }
            for (final Thread thread : threads) {
                thread.join();
            }
            assertThat(trace.isStopped()).isFalse();
        }
        final TraceReader reader = TraceReader.open(at("t"));
        assertThat(reader.records()).isEqualTo(workers * each);
        assertThat(Files.size(at("t"))).isEqualTo(TraceLayout.HEADER_SIZE + (long) workers * each * TraceLayout.RECORD_SIZE);
        final BitSet seen = new BitSet();
        final int[] next = new int[workers];
        reader.forEach(record -> {
            final int i = (int) record.handle();
            assertThat(record.argument()).isEqualTo(record.node() * i);
            assertThat(List.of(record.offset(), record.length(), (long) record.result())).containsOnly((long) i);
            seen.set((int) record.node() * each + i);
            // One worker's records stand in the order in which it made them.
            assertThat(i).isEqualTo(next[(int) record.node()]++);
        });
        assertThat(seen.cardinality()).isEqualTo(workers * each);
    }

    @Test
    void whatIsPublishedCanBeReadWhileTheRecordingGoesOn() throws TraceException {
        try (TraceRecorder trace = recorder("t")) {
            for (int i = 1; i <= 3; i++) {
                record(trace, TraceKind.READ, i, 0, 0, 0, 0, 0);
                final TraceReader reader = TraceReader.open(at("t"));
                assertThat(reader.records()).isEqualTo(i);
                assertThat(reader.hasNoEnd()).isTrue();
                assertThat(reader.missing()).isZero();
            }
        }
    }

    @Test
    void anExistingFileIsRefusedAndStaysAsItIs() throws IOException {
        Files.writeString(at("t"), "mine");
        assertThatThrownBy(() -> recorder("t")).isInstanceOf(TraceException.class).hasMessageContaining("exists already");
        assertThat(Files.readString(at("t"))).isEqualTo("mine");
    }

    @Test
    void aDirectoryThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> recorder("none/t")).isInstanceOf(TraceException.class)
            .hasMessageContaining("directory does not exist");
    }

    @Test
    void aDiscardedTraceIsGone() throws TraceException {
        final TraceRecorder trace = recorder("t");
        trace.discard();
        assertThat(at("t")).doesNotExist();
    }

    @Test
    void aTraceThatSomebodyCutsEndsTheRecordingAndNothingElse() throws Exception {
        final TraceRecorder trace = recorder("t");
        record(trace, TraceKind.READ, 2, 0, 0, 0, 0, 0);
        try (RandomAccessFile file = new RandomAccessFile(at("t").toFile(), "rw")) {
            file.setLength(TraceLayout.HEADER_SIZE);
        }
        for (int i = 0; i < 1000 && !trace.isStopped(); i++) {
            record(trace, TraceKind.READ, 2, 0, 0, 0, 0, 0);
        }
        assertThat(trace.isStopped()).isTrue();
        trace.abandon();
        assertThat(TraceReader.open(at("t")).records()).isZero();
    }

    @Test
    void whatEndsInAPauseIsNotRecordedAndNotMissed() throws TraceException {
        try (TraceRecorder trace = recorder("t")) {
            record(trace, TraceKind.READ, 1, 0, 0, 0, 0, 0);
            trace.pause(true);
            assertThat(trace.isRecording()).isFalse();
            record(trace, TraceKind.READ, 2, 0, 0, 0, 0, 0);
            trace.pause(false);
            record(trace, TraceKind.READ, 3, 0, 0, 0, 0, 0);
        }
        assertThat(shown(at("t"))).extracting(text -> text.split(" ")[2]).containsExactly("1", "3");
        assertThat(TraceReader.open(at("t")).missing()).isZero();
    }

    @Test
    void recordingAfterTheEndIsIgnored() throws IOException {
        final TraceRecorder trace = recorder("t");
        trace.close();
        record(trace, TraceKind.READ, 2, 0, 0, 0, 0, 0);
        trace.close();
        assertThat(Files.size(at("t"))).isEqualTo(TraceLayout.HEADER_SIZE);
    }
}
