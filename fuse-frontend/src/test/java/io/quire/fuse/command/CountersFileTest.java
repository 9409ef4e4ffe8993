package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers see what the daemon counts, by name, without writing to the file (command.md, C6). */
class CountersFileTest {
    @TempDir
    private Path directory;

    @Test
    void aReaderSeesValuesByLabelWhileTheWriterLives() throws IOException {
        final Path path = directory.resolve("counters");
        try (CountersFile writer = CountersFile.create(path, List.of("hits", "misses"), List.of("read"), 1000);
            CountersFile reader = CountersFile.open(path)) {
            writer.set(0, 42);
            writer.set(1, Long.MAX_VALUE);
            writer.updated(1500);
            assertThat(reader.values()).containsExactly(Map.entry("hits", 42L), Map.entry("misses", Long.MAX_VALUE));
            assertThat(reader.startedMillis()).isEqualTo(1000);
            assertThat(reader.updatedMillis()).isEqualTo(1500);
        }
    }

    @Test
    void aReaderSeesLatenciesByKind() throws IOException {
        final Path path = directory.resolve("counters");
        try (CountersFile writer = CountersFile.create(path, List.of(), List.of("read", "write"), 0);
            CountersFile reader = CountersFile.open(path)) {
            for (int i = 1; i <= 100; i++) {
                writer.latencies().record(1, i * 1000L);
            }
            assertThat(reader.latencies().name(1)).isEqualTo("write");
            assertThat(reader.latencies().summary(0).count()).isZero();
            final LatencyTable.Summary summary = reader.latencies().summary(1);
            assertThat(summary.count()).isEqualTo(100);
            assertThat(summary.mean()).isEqualTo(50_500);
            assertThat(summary.max()).isEqualTo(100_000);
            assertThat(summary.median()).isBetween(50_000L, 62_500L);
            assertThat(summary.high()).isBetween(99_000L, 100_000L);
        }
    }

    @Test
    void everyDurationIsBelowItsBucketsUpperBoundAndAtMostAQuarterBelow() {
        for (long nanos = 256; nanos < 1L << 35; nanos += 1 + nanos / 7) {
            final long bound = LatencyTable.upperBound(LatencyTable.bucket(nanos));
            assertThat(bound).isGreaterThan(nanos).isLessThanOrEqualTo(nanos + nanos / 4 + 1);
        }
    }

    @Test
    void theShortestAndTheLongestDurationHaveABucket() {
        assertThat(LatencyTable.bucket(0)).isZero();
        assertThat(LatencyTable.upperBound(LatencyTable.bucket(Long.MAX_VALUE))).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aFileOfSomethingElseIsRefused() throws IOException {
        final Path path = directory.resolve("other");
        Files.write(path, new byte[4096]);
        assertThatThrownBy(() -> CountersFile.open(path)).isInstanceOf(IOException.class)
            .hasMessageContaining(path.toString());
    }
}
