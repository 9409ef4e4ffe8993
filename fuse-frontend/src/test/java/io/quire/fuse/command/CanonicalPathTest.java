package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Canonical paths are found without touching a mount of ours (command.md, C3). */
class CanonicalPathTest {
    private static final MountTable NOTHING = MountTable.parse(new byte[0]);

    @TempDir
    private Path temporary;
    private Path root;

    @BeforeEach
    void makeTree() throws IOException {
        root = temporary.toRealPath();
        Files.createDirectories(root.resolve("a/b"));
        Files.createSymbolicLink(root.resolve("absolute"), root.resolve("a"));
        Files.createSymbolicLink(root.resolve("relative"), Path.of("a/../absolute/b"));
    }

    @Test
    void linksAreFollowed() {
        assertThat(CanonicalPath.of(root + "/relative", NOTHING)).isEqualTo(root + "/a/b");
    }

    @Test
    void dotsAndEmptyComponentsGo() {
        assertThat(CanonicalPath.of(root + "//a/./b/../../a/", NOTHING)).isEqualTo(root + "/a");
    }

    @Test
    void aRelativeNameStartsAtTheWorkingDirectory() throws IOException {
        assertThat(CanonicalPath.of("x", NOTHING)).isEqualTo(Path.of(".").toRealPath() + "/x");
    }

    @Test
    void theRootIsItself() {
        assertThat(CanonicalPath.of("/../", NOTHING)).isEqualTo("/");
    }

    @Test
    void whatDoesNotExistIsTakenAsItIsWritten() {
        assertThat(CanonicalPath.of(root + "/absolute/none/x", NOTHING)).isEqualTo(root + "/a/none/x");
    }

    @Test
    void belowAMountOfOursNothingIsLookedAt() throws IOException {
        // The link stands for what a dead mount could not even be asked for.
        Files.createSymbolicLink(root.resolve("a/b/link"), Path.of("/"));
        final MountTable table = MountTable.parse(("60 27 0:51 / " + root + "/a rw - fuse.quire /data rw\n")
            .getBytes(StandardCharsets.UTF_8));
        assertThat(CanonicalPath.of(root + "/absolute/b/link", table)).isEqualTo(root + "/a/b/link");
    }

    @Test
    void aCircleOfLinksIsReported() throws IOException {
        Files.createSymbolicLink(root.resolve("circle"), Path.of("circle"));
        assertThatThrownBy(() -> CanonicalPath.of(root + "/circle", NOTHING)).hasMessageContaining("symbolic links");
    }

    @Test
    void withinMeansBelowOrEqualByComponents() {
        assertThat(CanonicalPath.isWithin("/a/b", "/a")).isTrue();
        assertThat(CanonicalPath.isWithin("/a", "/a")).isTrue();
        assertThat(CanonicalPath.isWithin("/ab", "/a")).isFalse();
        assertThat(CanonicalPath.isWithin("/a", "/")).isTrue();
    }
}
