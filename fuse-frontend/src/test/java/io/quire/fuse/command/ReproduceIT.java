package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.write.WritePolicies;

/** {@code quire reproduce} as a user starts it, in the engine and on real mounts (deadlock.md, D1 to D12). */
@Timeout(300)
class ReproduceIT {
    private static final String LOCKED = "multi-page-locked";

    private Path work;
    private Path source;
    private Path mountPoint;
    private Launcher launcher;

    @BeforeEach
    void makeDirectories() throws IOException {
        work = Files.createTempDirectory("quire it-").toRealPath();
        source = Files.createDirectory(work.resolve("source"));
        mountPoint = Files.createDirectory(work.resolve("mount"));
        launcher = new Launcher(work);
    }

    @AfterEach
    void clear() throws Exception {
        if (MountTable.read().at(mountPoint.toString()).isPresent()) {
            launcher.shell("quire umount --lazy " + quoted(mountPoint));
        }
        MountState.deleteTree(work);
    }

    @Test
    @DisplayName("D1, D2: in the engine every policy passes, and multi-page-locked is reported instead of hanging")
    void inTheEngine() throws Exception {
        final Launcher.Result result = launcher.shell("quire reproduce --engine --runs 2");
        assertThat(result.error()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.output()).contains("one-page", "multi-page-read-head", "one thread, 33 page boundaries, cold",
            "truncated meanwhile, warm").doesNotContain("WRONG", "FAILED", "HUNG", "refused");
    }

    @Test
    @DisplayName("D2, D3: the report is printed once, in lockdep's layout, and counted each time")
    void theReport() throws Exception {
        final Launcher.Result result = launcher.shell("quire reproduce --engine --runs 3 --policy " + LOCKED);
        assertThat(result.error()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.output()).containsOnlyOnce("WARNING: possible recursive locking detected").containsSubsequence(
            "is trying to acquire lock:\nPAGE (", "but task is already holding lock:\nPAGE (",
            "the existing dependency chain (in reverse order) is:", "-> #1 (PAGE", "-> #0 (PAGE", "*** DEADLOCK ***",
            "locks held by", "stack backtrace:", "reported ");
    }

    @Test
    @DisplayName("D7, D11: every allowed policy passes on a mount; the laboratory's is refused; nothing is left or changed")
    void onAMount() throws Exception {
        Files.writeString(source.resolve("a file of the user"), "as it was");
        mounted("--write-policy one-page");
        final Launcher.Result result = reproduce("--runs 2");
        assertThat(result.error()).isEmpty();
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(result.output()).contains("refused").doesNotContain("WRONG", "FAILED", "HUNG", "reported");
        for (final WritePolicy policy : WritePolicies.all()) {
            assertThat(result.output()).contains(policy.name());
        }
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).as("the policy is put back")
            .contains("write policy one-page");
        assertOnlyTheUsersFileIsThere();
        unmount();
    }

    @Test
    @DisplayName("D12: the laboratory's policy is refused on a mount that was not made for it, by every command")
    void theLaboratoryIsRefused() throws Exception {
        assertComplaint(launcher.shell("quire mount --write-policy " + LOCKED + " " + quoted(source) + " "
            + quoted(mountPoint)), LOCKED, "can deadlock", "--lab");
        assertThat(MountTable.read().at(mountPoint.toString())).isEmpty();
        mounted("");
        assertComplaint(launcher.shell("quire policy " + quoted(mountPoint) + " " + LOCKED), LOCKED, "can deadlock", "--lab");
        assertComplaint(reproduce("--policy " + LOCKED), LOCKED, "can deadlock", "--lab");
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy multi-page\n");
        unmount();
    }

    @Test
    @DisplayName("D12: on a mount for the laboratory its policy is tried too, with the validator on")
    void inTheLaboratory() throws Exception {
        mounted("--lab --write-policy " + LOCKED);
        final Launcher.Result result = reproduce("");
        assertThat(result.error()).isEmpty();
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(result.output()).contains(LOCKED).doesNotContain("refused", "WRONG", "FAILED", "HUNG");
        assertThat(Files.readString(Path.of("/proc/" + daemon().pid() + "/cmdline"))).contains("-Dquire.lock.order=true");
        assertThat(launcher.shell("quire policy " + quoted(mountPoint) + " range && quire policy " + quoted(mountPoint) + " "
            + LOCKED).status()).isZero();
        unmount();
    }

    @Test
    @DisplayName("Bad input: a mount that is read-only, dead, or another filesystem's gets one clear line")
    void mountsThatCannotBeUsed() throws Exception {
        mounted("--read-only");
        assertComplaint(reproduce(""), mountPoint.toString(), "mounted read-only", "--read-only");
        unmount();
        mounted("");
        final ProcessHandle daemon = daemon();
        daemon.destroyForcibly();
        daemon.onExit().join();
        assertComplaint(reproduce(""), "the daemon of " + mountPoint + " is gone", "quire umount");
        unmount();
        assertComplaint(reproduce(""), mountPoint + " is not a Quire mount");
        assertComplaint(launcher.shell("quire reproduce /proc"), "/proc is not a Quire mount");
    }

    @Test
    @DisplayName("Bad input: a file that cannot be made is told with its error, and the policy is put back")
    void aMountThatCannotBeWritten() throws Exception {
        mounted("--write-policy one-page");
        // Not even root writes to an immutable directory; where that cannot be had, a full size limit serves.
        final Launcher.Result result = launcher.shell("ulimit -f 1; trap '' XFSZ; quire reproduce --policy range "
            + quoted(mountPoint));
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.error().lines()).hasSize(1);
        assertThat(result.error()).contains("EFBIG");
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy one-page");
        unmount();
    }

    @Test
    @DisplayName("D9: a daemon that stops answering is told as hung within the limit, with how to clear it, which works")
    void aDaemonThatStops() throws Exception {
        Files.writeString(source.resolve("a file of the user"), "as it was");
        mounted("");
        final Path output = work.resolve("reproduce.out");
        final Path error = work.resolve("reproduce.err");
        final Process reproducer = launcher.start("exec '" + Launcher.script() + "' reproduce --runs 1000000 --limit 8 "
            + quoted(mountPoint), output, error);
        try {
            final ProcessHandle worker = worker(reproducer.toHandle());
            awaitWrites(reproducer);
            final ProcessHandle daemon = daemon();
            launcher.shell("kill -STOP " + daemon.pid());
            assertThat(reproducer.waitFor(Duration.ofSeconds(200))).as("it ends although the daemon does not").isTrue();
            assertThat(reproducer.exitValue()).isEqualTo(1);
            assertThat(Files.readString(output)).contains("HUNG 1", "hung: nothing for 8.0 s", "thread quire-case-");
            assertThat(Files.readString(error).lines()).hasSize(1);
            // As the output says, when the process could not be ended.
            unmount();
            worker.onExit().join();
            assertThat(daemon.isAlive()).isFalse();
        } finally {
            reproducer.destroyForcibly().waitFor();
        }
        assertOnlyTheUsersFileIsThere();
    }

    @Test
    @DisplayName("D9: a daemon that does not answer from the start is told at once; it is not written to")
    void aDaemonThatIsStopped() throws Exception {
        mounted("");
        launcher.shell("kill -STOP " + daemon().pid());
        assertComplaint(reproduce(""), "the daemon of " + mountPoint + " does not answer", "quire umount");
        unmount();
        assertThat(source).isEmptyDirectory();
    }

    @Test
    @DisplayName("Bad input: a QUIRE_JAR named from here is found by the process that writes, too, which runs elsewhere")
    void aJarNamedFromHere() throws Exception {
        mounted("");
        final Launcher.Result result = launcher.shell("ln -s \"${QUIRE_JAR%/*}\" jars && QUIRE_JAR=jars/quire.jar quire "
            + "reproduce --policy range " + quoted(mountPoint));
        assertThat(result.error()).isEmpty();
        assertThat(result.status()).isZero();
        unmount();
    }

    @Test
    @DisplayName("D11: Ctrl-C puts the policy back, ends the process that writes and leaves no file")
    void interrupted() throws Exception {
        Files.writeString(source.resolve("a file of the user"), "as it was");
        mounted("--write-policy one-page");
        final Process reproducer = launcher.start("exec '" + Launcher.script() + "' reproduce --runs 1000000 --policy range "
            + quoted(mountPoint), work.resolve("reproduce.out"), work.resolve("reproduce.err"));
        try {
            final ProcessHandle worker = worker(reproducer.toHandle());
            awaitWrites(reproducer);
            launcher.shell("kill -TERM " + reproducer.pid());
            assertThat(reproducer.waitFor(Duration.ofSeconds(200))).isTrue();
            worker.onExit().join();
        } finally {
            reproducer.destroyForcibly().waitFor();
        }
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy one-page");
        assertOnlyTheUsersFileIsThere();
        unmount();
    }

    @Test
    @DisplayName("D11: SIGKILL, too, puts the policy back, ends the process that writes and leaves no file")
    void killed() throws Exception {
        Files.writeString(source.resolve("a file of the user"), "as it was");
        mounted("--write-policy one-page");
        final Process reproducer = launcher.start("exec '" + Launcher.script() + "' reproduce --runs 1000000 --policy range "
            + quoted(mountPoint), work.resolve("reproduce.out"), work.resolve("reproduce.err"));
        final ProcessHandle worker = worker(reproducer.toHandle());
        awaitWrites(reproducer);
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy range\n");
        reproducer.destroyForcibly().waitFor();
        worker.onExit().join();
        while (!launcher.shell("quire stats " + quoted(mountPoint)).output().contains("write policy one-page\n")) {
            Thread.onSpinWait();
        }
        assertOnlyTheUsersFileIsThere();
        unmount();
    }

    @Test
    @DisplayName("D11: a second reproducer on the same mount is refused, so that each puts back what it found")
    void oneAtATime() throws Exception {
        mounted("--write-policy one-page");
        final Process first = launcher.start("exec '" + Launcher.script() + "' reproduce --runs 1000000 --policy range "
            + quoted(mountPoint), work.resolve("reproduce.out"), work.resolve("reproduce.err"));
        try {
            awaitWrites(first);
            assertComplaint(reproduce("--policy multi-page"), "another quire reproduce is at work on " + mountPoint, "wait");
        } finally {
            first.destroy();
            first.waitFor();
        }
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy one-page\n");
        unmount();
    }

    @Test
    @DisplayName("Bad input: a result that cannot be printed is a failure in one line, and everything is put back")
    void noPlaceForTheResult() throws Exception {
        mounted("");
        for (final String where : new String[] {">/dev/full", ">&-"}) {
            assertComplaint(launcher.shell("quire reproduce --policy range " + quoted(mountPoint) + " " + where),
                "cannot write the output: ");
        }
        assertThat(launcher.shell("quire reproduce --engine --policy range >&- 2>&-").status()).isEqualTo(1);
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("write policy multi-page\n");
        unmount();
    }

    private void assertOnlyTheUsersFileIsThere() throws IOException {
        try (Stream<Path> names = Files.list(source)) {
            assertThat(names).containsExactly(source.resolve("a file of the user"));
        }
        assertThat(Files.readString(source.resolve("a file of the user"))).isEqualTo("as it was");
    }

    /** Waits until the process that writes has started. */
    private static ProcessHandle worker(final ProcessHandle reproducer) throws InterruptedException {
        while (true) {
            assertThat(reproducer.isAlive()).as("the reproducer is still at work").isTrue();
            final Optional<ProcessHandle> worker = reproducer.children().filter(child -> child.info().commandLine()
                .orElse("").contains("MountWorker")).findFirst();
            if (worker.isPresent()) {
                return worker.get();
            }
            Thread.sleep(1);
        }
    }

    /** Waits until the first run is well under way: the policies are switched after the files were made. */
    private void awaitWrites(final Process reproducer) throws Exception {
        while (!launcher.shell("quire stats --json " + quoted(mountPoint)).output().matches(
            "(?s).*\"store_writes\":[1-9]\\d{2,}.*")) {
            assertThat(reproducer.isAlive()).as("the reproducer is still at work").isTrue();
        }
    }

    private Launcher.Result reproduce(final String options) throws Exception {
        return launcher.shell("quire reproduce " + options + " " + quoted(mountPoint));
    }

    private void mounted(final String options) throws Exception {
        assertThat(launcher.shell("quire mount --cache-size 64m " + options + " " + quoted(source) + " "
            + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
    }

    private void unmount() throws Exception {
        assertThat(launcher.shell("quire umount " + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
        assertThat(MountTable.read().at(mountPoint.toString())).isEmpty();
    }

    private ProcessHandle daemon() throws IOException {
        final String wanted = MountState.PID + "=";
        final Path properties = work.resolve("states").resolve(MountState.key(mountPoint.toString())).resolve("properties");
        final String pid = Files.readAllLines(properties, StandardCharsets.US_ASCII).stream()
            .filter(line -> line.startsWith(wanted)).findFirst().orElseThrow().substring(wanted.length());
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    private static void assertComplaint(final Launcher.Result result, final String... parts) {
        assertThat(result.error().lines()).as("standard error: " + result.error()).hasSize(1);
        assertThat(result.error()).startsWith("quire: ").contains(parts);
        assertThat(result.output()).isEmpty();
        assertThat(result.status()).isBetween(1, 2);
    }

    private static String quoted(final Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }
}
