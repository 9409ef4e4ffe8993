package io.quire.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a killed run left is told from what another uses. */
class RunFilesTest {
    @TempDir
    private Path base;

    @Test
    void whatALiveRunUsesStays() throws IOException {
        final Path directory = RunFiles.directory(base);
        final Path hidden = RunFiles.directory(base, RunFiles.HIDDEN);
        final Path file = RunFiles.file(base);
        assertThat(RunFiles.removeLeftovers(List.of(base))).isEmpty();
        assertThat(List.of(directory, hidden, file)).allMatch(Files::exists);
    }

    @Test
    void whatARunLeftWhoseNumberIsAnothersByNowGoesAndIsSaid() throws IOException {
        final long pid = ProcessHandle.current().pid();
        final Path directory = Files.createDirectories(base.resolve("quire-bench-" + pid + "-1-a")).resolve("store");
        Files.createDirectory(directory);
        Files.writeString(directory.resolve("data"), "");
        Files.writeString(base.resolve(".quire-bench-" + pid + "-1-b.tmp"), "");
        assertThat(RunFiles.removeLeftovers(List.of(base))).isEqualTo("removed what a run left that was killed: "
            + base.toRealPath().resolve(".quire-bench-" + pid + "-1-b.tmp") + ", " + base.toRealPath().resolve("quire-bench-" + pid + "-1-a"));
        assertThat(base).isEmptyDirectory();
    }

    @Test
    void whatARunLeftThatIsOverGoes() throws IOException, InterruptedException {
        final Process process = new ProcessBuilder("cat").start();
        final String name = "quire-bench-" + process.pid() + "-" + RunFiles.started(process.pid()).orElseThrow() + "-x";
        Files.createDirectory(base.resolve(name));
        assertThat(RunFiles.removeLeftovers(List.of(base))).isEmpty();
        assertThat(base.resolve(name)).exists();
        process.destroyForcibly().waitFor();
        assertThat(RunFiles.removeLeftovers(List.of(base, base))).contains(name);
        assertThat(base).isEmptyDirectory();
    }

    @Test
    void whatIsNotNamedByARunStaysAndLinksAreNotFollowed() throws IOException {
        final Path kept = Files.writeString(Files.createDirectory(base.resolve("kept")).resolve("file"), "");
        Files.createDirectory(base.resolve("quire-bench-results"));
        Files.createDirectory(base.resolve("quire-bench-1"));
        Files.createSymbolicLink(Files.createDirectory(base.resolve("quire-bench-" + ProcessHandle.current().pid() + "-1-a")).resolve("link"),
            base.resolve("kept"));
        RunFiles.removeLeftovers(List.of(base, base.resolve("missing")));
        assertThat(kept).exists();
        assertThat(base.toFile().list()).containsExactlyInAnyOrder("kept", "quire-bench-results", "quire-bench-1");
    }
}
