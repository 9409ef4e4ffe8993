package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the process under it does, the watchdog goes on and says what it is (D9, D10 of deadlock.md). */
@Timeout(300)
class WatchdogTest {
    private static final long LONG = 50_000;

    @TempDir
    private Path directory;

    @Test
    @DisplayName("D9: a process that waits in the kernel is told as hung within the limit, with where it is, and is ended")
    void aStuckProcessIsHung() throws Exception {
        assertThat(shell("mkfifo '" + directory.resolve("fifo") + "'").waitFor()).isZero();
        final Process stuck = shell("echo doing reading a fifo; read x <'" + directory.resolve("fifo") + "'");
        while (stuck.getInputStream().available() == 0) {
            Thread.sleep(1);
        }
        awaitState(stuck, 'S');
        try (Watchdog watchdog = new Watchdog(stuck, "sh", 1500)) {
            assertThat(watchdog.next()).isNull();
            assertThat(watchdog.whereItHangs()).contains("hung: nothing for 1.5 s", "while reading a fifo",
                "thread sh (pid " + stuck.pid() + "), state S");
            assertThat(watchdog.end()).isTrue();
        }
        assertThat(stuck.isAlive()).isFalse();
    }

    @Test
    @DisplayName("D9: a process that is stopped, and so says nothing, is told as hung and ended")
    void aStoppedProcessIsHung() throws Exception {
        final Process stopped = shell("kill -STOP $$");
        awaitState(stopped, 'T');
        try (Watchdog watchdog = new Watchdog(stopped, "sh", 1000)) {
            assertThat(watchdog.next()).isNull();
            assertThat(watchdog.whereItHangs()).contains("state T");
        }
        assertThat(stopped.isAlive()).isFalse();
    }

    @Test
    @DisplayName("D9: a silence shorter than the limit is none: each line has the limit to itself")
    void linesAreHandedOn() throws Exception {
        try (Watchdog watchdog = new Watchdog(shell("echo doing this; echo one; read x; echo $x; exit 0"), "sh", LONG)) {
            assertThat(watchdog.next()).isEqualTo("one");
            watchdog.tell("two");
            assertThat(watchdog.next()).isEqualTo("two");
        }
    }

    @Test
    @DisplayName("D10: a process that ends is told with its status, what it was doing and what it said")
    void anEndedProcessIsTold() throws Exception {
        try (Watchdog watchdog = new Watchdog(shell("echo doing the dishes; echo broken >&2; exit 7"), "sh", LONG)) {
            assertThatThrownBy(watchdog::next).isInstanceOf(IOException.class)
                .hasMessageContaining("ended with status 7 while the dishes").hasMessageEndingWith("broken");
        }
    }

    @Test
    @DisplayName("D10: what the process could not do is told in its own words")
    void aFailureIsToldInItsOwnWords() throws Exception {
        try (Watchdog watchdog = new Watchdog(shell("echo failed cannot create a file: EACCES"), "sh", LONG)) {
            assertThatThrownBy(watchdog::next).isInstanceOf(IOException.class)
                .hasMessage("cannot create a file: EACCES");
        }
    }

    @Test
    @DisplayName("D10: telling something to a process that has ended is an error, not a signal")
    void tellingTheDeadFails() throws Exception {
        final Process process = shell("exit 0");
        process.waitFor();
        try (Watchdog watchdog = new Watchdog(process, "sh", LONG)) {
            assertThatThrownBy(() -> watchdog.tell("hello")).isInstanceOf(IOException.class);
        }
    }

    /** The limit is for a process that is stuck, not for one that a busy machine has not let get there yet. */
    private static void awaitState(final Process process, final char state) throws Exception {
        while (!Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat")).contains(") " + state)) {
            Thread.sleep(1);
        }
    }

    private static Process shell(final String script) throws IOException {
        return new ProcessBuilder("sh", "-c", script).start();
    }
}
