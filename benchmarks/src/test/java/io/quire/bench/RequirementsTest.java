package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.bench.report.OutputDirectory;

/** What is looked at before anything is measured. */
class RequirementsTest {
    @Test
    void tooLittleMemoryIsSaidWithHowMuchIsNeeded() {
        assertThat(Requirements.memory("MemTotal: 9999999 kB\nMemAvailable:    1048576 kB\n")).hasValueSatisfying(sentence ->
            assertThat(sentence).contains("need 2048 MiB of memory").contains("1024 MiB are available"));
        assertThat(Requirements.memory("MemAvailable:    2097152 kB\n")).isEmpty();
    }

    @Test
    void tooLittleDiskIsSaidWithWhere() {
        assertThat(Requirements.space(Path.of("/var/tmp"), Requirements.SPACE - 1)).hasValueSatisfying(sentence ->
            assertThat(sentence).contains("need 512 MiB in /var/tmp"));
        assertThat(Requirements.space(Path.of("/var/tmp"), Requirements.SPACE)).isEmpty();
    }

    @Test
    void resultsCannotGoIntoAFile(@TempDir final Path directory) throws IOException {
        final Path file = Files.writeString(directory.resolve("file"), "");
        assertThat(OutputDirectory.obstacle(file.resolve("below"))).get().asString().startsWith("results cannot be written to " + file);
        assertThat(OutputDirectory.obstacle(Path.of("/proc/nothing-can-be-made-here"))).isPresent();
        assertThat(OutputDirectory.obstacle(Path.of(""))).get().asString().contains("an empty name");
        assertThat(OutputDirectory.obstacle(directory.resolve("new").resolve("newer"))).isEmpty();
        assertThat(directory.resolve("new").resolve("newer")).isEmptyDirectory();
    }
}
