package io.quire.bench.replacement;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.engine.evict.ReplacementPolicies;

/** The command {@code scripts/bench --replacement}: what it says of bad input, and of the recorded traces. */
class ReplacementTest {
    private static final Path TRACES = Path.of("traces");

    @TempDir
    private Path directory;

    private record Answer(int status, String error) { }

    private static Answer run(final String... arguments) {
        final PrintStream before = System.err;
        final ByteArrayOutputStream error = new ByteArrayOutputStream();
        System.setErr(new PrintStream(error, true, StandardCharsets.UTF_8));
        try {
            return new Answer(Replacement.run(arguments), error.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(before);
        }
    }

    private static void refused(final int status, final String said, final String... arguments) {
        final Answer answer = run(arguments);
        assertThat(answer.error()).startsWith("bench: ").contains(said).hasLineCount(1);
        assertThat(answer.status()).isEqualTo(status);
    }

    @Test
    @DisplayName("bad input is told in one sentence, before any time is spent, and leaves nothing behind")
    void badInput() throws IOException {
        final Path results = directory.resolve("results");
        refused(2, "there is no option --fast", "--fast");
        refused(2, "--traces needs a value", "--traces");
        refused(2, "there is no directory " + directory.resolve("absent"), "--traces", directory.resolve("absent").toString());
        refused(2, "there is no trace in " + directory, "--traces", directory.toString());
        final Path absent = directory.resolve("absent.trace");
        refused(1, "does not exist", "--directory", results.toString(), absent.toString());
        final Path garbage = Files.write(directory.resolve("garbage.trace"), new byte[9000]);
        refused(1, "garbage.trace", "--directory", results.toString(), garbage.toString());
        refused(2, "two strings would be named garbage", garbage.toString(), directory.resolve("garbage.trace.gz").toString());
        assertThat(results).doesNotExist();
    }

    @Test
    @DisplayName("results that cannot be written are told in one sentence")
    void unwritable() throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        final Answer answer = run("--quick", "--traces", TRACES.toString(), "--directory", file.toString());
        assertThat(answer.status()).isEqualTo(1);
        assertThat(answer.error().lines().reduce((first, second) -> second).orElseThrow())
            .startsWith("bench: cannot write the results to " + file);
    }

    @Test
    @DisplayName("the recorded traces have tables, JSON and charts, and the default policy is not behind LRU or CLOCK at any size")
    void recordedTraces() throws IOException {
        assertThat(run("--quick", "--traces", TRACES.toString(), "--directory", directory.toString()).status()).isZero();
        final String table = Files.readString(directory.resolve("replacement.md"));
        for (final String name : new String[] {"git", "sqlite", "build", "scan-mix"}) {
            assertThat(table).contains("## " + name);
            assertThat(directory.resolve("replacement-" + name + ".png")).isNotEmptyFile();
        }
        assertThat(table).contains("| lead | +").doesNotContain("**");
        assertThat(table.lines().filter(line -> line.startsWith("Of 12 sizes 0 are behind; the least lead is "))).as("four strings simulated, three by the engine")
            .hasSize(7);
        assertThat(Files.readString(directory.resolve("replacement.json"))).contains("\"name\": \"git\"", "\"optimum\": [",
            "\"" + ReplacementPolicies.DEFAULT.name() + "\": [");
    }
}
