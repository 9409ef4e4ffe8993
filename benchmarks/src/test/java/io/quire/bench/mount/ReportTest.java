package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.bench.report.ResultFiles;

/** What is written at the end of a run, and when that end is an interruption. */
class ReportTest {
    private static final Results.Key KEY = new Results.Key(Place.Kind.TMPFS, Regime.ONE_CORE,
        FioWorkload.psync("write", 64 << 10).rows().getFirst());

    @TempDir
    private Path directory;

    private final ResultFiles files = new ResultFiles();

    @Test
    @DisplayName("P7: a signal while charts are drawn leaves table, figures and charts of the run before")
    void stopped() throws IOException {
        Files.writeString(directory.resolve("compare.md"), "a good run");
        final Report report = report(true);
        final Session session = session();
        assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(() -> report.finished(session));
        assertThat(directory.resolve("compare.md")).hasContent("a good run");
        assertThat(directory.toFile().list()).containsExactly("compare.md");
        report.unfinished(session);
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("compare.md", "compare-unfinished.md", "compare-unfinished.json");
    }

    @Test
    @DisplayName("P7: table, figures and charts of a run are put in place together, and what stood for them goes")
    void finished() throws IOException {
        final Report report = report(false);
        final Session session = session();
        report.unfinished(session);
        assertThat(report.finished(session)).contains("| write 64 KiB sequential, MiB/s |", "(compare-main.png)", "(compare-tmpfs-one-core.png)");
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("compare.md", "compare.json", "compare-main.png",
            "compare-tmpfs-one-core.png");
    }

    private Report report(final boolean stoppedWhileDrawing) throws IOException {
        return new Report(directory, "compare", List.of(QuireServer.recording(Path.of("quire")), new QuireServer(Path.of("quire"), "multi-page", "jnr")),
            Scale.tiny(), Map.of("kernel", "Linux"), files, line -> {
                if (stoppedWhileDrawing && "drawing charts".equals(line)) {
                    files.stop();
                }
            });
    }

    private static Session session() {
        final Session session = new Session(List.of(), label -> true, List.of(), Scale.tiny(), line -> { }, done -> { });
        session.results().add(KEY, "quire-multi-page", Sample.of(50_000));
        return session;
    }
}
