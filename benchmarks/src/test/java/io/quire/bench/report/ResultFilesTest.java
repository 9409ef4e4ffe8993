package io.quire.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables and charts are of one run, whatever happens while they are written. */
class ResultFilesTest {
    private static final Map<String, byte[]> NEW = new TreeMap<>(Map.of("a.md", "new".getBytes(), "b.png", "drawn".getBytes()));

    @TempDir
    private Path directory;

    private final ResultFiles files = new ResultFiles();

    @BeforeEach
    void ofAnEarlierRun() throws IOException {
        Files.writeString(directory.resolve("a.md"), "old");
    }

    @Test
    void filesReplaceThoseThatWereThereAndLeaveNothingElse() throws IOException {
        assertThat(files.place(directory, NEW)).isTrue();
        assertThat(directory.resolve("a.md")).hasContent("new");
        assertThat(directory.resolve("b.png")).hasContent("drawn");
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("a.md", "b.png");
        assertThat(files.stop()).isTrue();
    }

    @Test
    void aSignalThatCameFirstLeavesAllAsItWas() throws IOException {
        assertThat(files.stop()).isFalse();
        assertThat(files.place(directory, NEW)).isFalse();
        untouched();
    }

    @Test
    void oneThatCannotBeWrittenLeavesAllAsItWas() throws IOException {
        final Map<String, byte[]> odd = new TreeMap<>(NEW);
        odd.put("c/d.png", new byte[0]);
        assertThatIOException().isThrownBy(() -> files.place(directory, odd));
        untouched();
    }

    @Test
    void oneWhoseNameIsTakenByADirectoryLeavesAllAsItWas() throws IOException {
        Files.createDirectory(directory.resolve("b.png"));
        assertThatIOException().isThrownBy(() -> files.place(directory, NEW)).withMessageEndingWith("b.png is a directory; remove it");
        Files.delete(directory.resolve("b.png"));
        untouched();
    }

    private void untouched() {
        assertThat(directory.resolve("a.md")).hasContent("old");
        assertThat(directory.toFile().list()).containsExactly("a.md");
    }
}
