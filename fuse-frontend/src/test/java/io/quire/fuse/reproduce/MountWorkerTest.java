package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The process that writes, on an ordinary directory: it goes with who tells it what to do (D11 of deadlock.md). */
@Timeout(300)
class MountWorkerTest {
    @TempDir
    private Path directory;

    @Test
    @DisplayName("D11: when its input ends in the middle of a run, the process ends at once and its files are gone")
    void endsWithItsInput() throws Exception {
        try (Watchdog worker = Watchdog.overMountWorker(directory.toString().getBytes(StandardCharsets.UTF_8), 60_000)) {
            assertThat(worker.first()).isEqualTo("ready");
            worker.tell("run 1");
            assertThat(worker.next()).isEqualTo("drop");
            worker.tell("dropped");
            assertThat(worker.next()).startsWith("end 0 ");
            assertThat(worker.end()).isTrue();
            assertThatThrownBy(() -> {
                while (true) {
                    assertThat(worker.next()).as("a whole run").startsWith("end ");
                }
            }).isInstanceOf(IOException.class).hasMessageContaining("ended with status " + MountWorker.ABANDONED);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    @DisplayName("D11: when its input ends while the files are made, none keeps its name")
    void leavesNoName() throws Exception {
        try (Watchdog worker = Watchdog.overMountWorker(directory.toString().getBytes(StandardCharsets.UTF_8), 60_000)) {
            assertThat(worker.end()).isTrue();
        }
        assertThat(directory).isEmptyDirectory();
    }
}
