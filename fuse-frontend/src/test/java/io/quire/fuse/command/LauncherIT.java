package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The launcher, the daemon and the commands on real mounts; the invariants are those of command.md. */
@Timeout(300)
class LauncherIT {
    private static final String READS = "(?s).*\"read\":\\{\"count\":[1-9].*";

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
        for (final MountTable.Mount mount : MountTable.read().quire()) {
            if (CanonicalPath.isWithin(mount.point(), work.toString())) {
                launcher.shell("fusermount -u -z -- \"$(printf '%b' '" + NativeNames.printfEscaped(mount.point())
                    + "')\"");
            }
        }
        // Java's own tools do not see every name that the tests make.
        launcher.shell("rm -rf --one-file-system " + quoted(source) + " " + quoted(mountPoint));
        MountState.deleteTree(work);
    }

    @Test
    void aMountReturnsWhenItAnswersAndPrintsNothing() throws Exception {
        Files.writeString(source.resolve("file"), "through the cache");
        final Launcher.Result result = mount("");
        assertThat(result).isEqualTo(new Launcher.Result(0, "", ""));
        assertThat(Files.readString(mountPoint.resolve("file"))).isEqualTo("through the cache");
        unmount();
    }

    @Test
    void unmountingEndsTheDaemonAndLeavesNoState() throws Exception {
        mounted("");
        final ProcessHandle daemon = daemon();
        unmount();
        assertThat(daemon.isAlive()).isFalse();
        assertThat(isMounted()).isFalse();
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void aKilledDaemonsMountIsClearedByUmountAndCanBeMountedAgain() throws Exception {
        mounted("");
        kill("KILL");
        assertComplaint(launcher.shell("quire stats " + quoted(mountPoint)), "gone", "quire umount");
        assertComplaint(mount(""), "daemon is gone", "quire umount");
        unmount();
        assertThat(launcher.states()).isEmpty();
        mounted("");
        unmount();
    }

    @Test
    void umountWorksOnADeadMountFromADirectoryInsideIt() throws Exception {
        Files.createDirectory(source.resolve("inside"));
        mounted("");
        assertThat(launcher.shell("cd " + quoted(mountPoint.resolve("inside")) + " && kill -9 " + daemon().pid()
            + " && quire umount ..")).isEqualTo(new Launcher.Result(0, "", ""));
        assertThat(isMounted()).isFalse();
    }

    @Test
    void aStoppedDaemonThatAProgramWaitsForIsClearedByUmount() throws Exception {
        Files.writeString(source.resolve("held"), "x");
        mounted("");
        final ProcessHandle daemon = daemon();
        kill("STOP");
        final Process user = launcher.start("exec cat " + quoted(mountPoint.resolve("held")),
            work.resolve("user.out"), work.resolve("user.err"));
        try {
            unmount();
            // The program's wait ended with the connection.
            assertThat(user.waitFor()).isNotZero();
        } finally {
            user.destroyForcibly().waitFor();
        }
        assertThat(daemon.isAlive()).isFalse();
        assertThat(launcher.states()).isEmpty();
    }

    /** The source is another mount, whose daemon is stopped: whoever asks it waits until that goes on. */
    @Test
    void aSignalEndsADaemonWhoseSourceDoesNotAnswer() throws Exception {
        Files.writeString(source.resolve("held"), "x");
        final Path below = Files.createDirectory(work.resolve("below"));
        final Path point = mountPoint;
        mountPoint = below;
        mounted("");
        final ProcessHandle stopped = daemon();
        mountPoint = point;
        final Path real = source;
        source = below;
        try {
            mounted("");
            launcher.shell("kill -STOP " + stopped.pid());
            final Process user = launcher.start("exec cat " + quoted(mountPoint.resolve("held")), work.resolve("user.out"),
                work.resolve("user.err"));
            kill("TERM");
            // Its wait ended with the connection.
            assertThat(user.waitFor()).isNotZero();
            assertThat(isMounted()).isFalse();
            assertThat(launcher.states()).containsExactly(MountState.key(below.toString()));
        } finally {
            launcher.shell("kill -CONT " + stopped.pid());
            mountPoint = below;
            source = real;
            unmount();
        }
    }

    @Test
    void termAndInterruptUnmountCleanly() throws Exception {
        for (final String signal : new String[] {"TERM", "INT", "HUP"}) {
            mounted("");
            kill(signal);
            assertThat(isMounted()).as("mounted after %s", signal).isFalse();
            assertThat(launcher.states()).as("states after %s", signal).isEmpty();
        }
    }

    @Test
    void aBusyMountNamesItsUserAndIsDetachedWhenAsked() throws Exception {
        mounted("");
        final Process user = launcher.start("cd " + quoted(mountPoint) + " && echo here >"
            + quoted(work.resolve("there")) + " && exec tail -f /dev/null", work.resolve("user.out"), work.resolve("user.err"));
        try {
            awaitFile(work.resolve("there"), user);
            assertComplaint(launcher.shell("quire umount " + quoted(mountPoint)), "is busy",
                "(pid " + user.pid() + ")", "--lazy");
            assertThat(isMounted()).isTrue();
            assertThat(launcher.shell("quire umount --lazy " + quoted(mountPoint)).status()).isZero();
            assertThat(isMounted()).isFalse();
        } finally {
            user.destroyForcibly().waitFor();
        }
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void aMountPointThatIsMountedIsRefusedAndTheMountStays() throws Exception {
        mounted("");
        assertComplaint(mount(""), "already a Quire mount", "quire umount");
        Files.writeString(mountPoint.resolve("file"), "still there");
        assertThat(Files.readString(source.resolve("file"))).isEqualTo("still there");
        unmount();
    }

    @Test
    void aMountThatFailsLeavesNothingBehind() throws Exception {
        assertComplaint(launcher.shell("quire mount --cache-size 1m " + quoted(source) + " " + quoted(mountPoint)),
            "--cache-size 1m", "4m");
        assertComplaint(launcher.shell("quire mount " + quoted(work.resolve("none")) + " " + quoted(mountPoint)),
            "does not exist");
        assertThat(isMounted()).isFalse();
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void namesWithBlanksAndBytesOutsideUtf8Work() throws Exception {
        final String prepare = "s=$(printf 'sou rce\\344'); m=$(printf 'mo\\tunt\\303\\274\\n.'); m=${m%.}; ";
        final Launcher.Result result = launcher.shell(prepare + "mkdir \"$s\" \"$m\" && echo inside >\"$s/file\" && "
            + "quire mount \"$s\" \"$m\" && cat \"$m/file\" && quire stats --json \"$m\" >/dev/null && "
            + "quire umount \"$m\" && test ! -e \"$m/file\"; status=$?; rm -rf --one-file-system \"$s\"; rmdir \"$m\"; exit $status");
        assertThat(result).isEqualTo(new Launcher.Result(0, "inside\n", ""));
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void namesWithLineBreaksWork() throws Exception {
        launcher.shell("mkdir 'a\nb' 'c\nd' && echo here > 'a\nb/file'");
        assertThat(launcher.shell("quire mount 'a\nb' 'c\nd' && cat 'c\nd/file' && quire policy 'c\nd' range && "
            + "quire umount 'c\nd'")).isEqualTo(new Launcher.Result(0, "here\n" + work + "/c\nd now writes range\n", ""));
    }

    @Test
    void theLauncherWorksThroughALinkFromAnyDirectory() throws Exception {
        final Path link = Files.createSymbolicLink(work.resolve("a link"), Launcher.script());
        assertThat(launcher.shell("cd / && " + quoted(link) + " mount " + quoted(source) + " " + quoted(mountPoint)
            + " && " + quoted(link) + " umount " + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
    }

    @Test
    void aFilesystemInMemoryGoesWithItsMount() throws Exception {
        assertThat(launcher.shell("quire mount mem: " + quoted(mountPoint)).status()).isZero();
        Files.writeString(mountPoint.resolve("file"), "in memory");
        final Path directory = memoryDirectory();
        assertThat(Files.readString(directory.resolve("root/file"))).isEqualTo("in memory");
        unmount();
        assertThat(directory).doesNotExist();
    }

    @Test
    void aFilesystemInMemoryWhoseDaemonWasKilledIsRemovedByUmount() throws Exception {
        assertThat(launcher.shell("quire mount mem: " + quoted(mountPoint)).status()).isZero();
        final Path directory = memoryDirectory();
        kill("KILL");
        assertThat(directory).isDirectory();
        unmount();
        assertThat(directory).doesNotExist();
    }

    @Test
    void statisticsCountWhatIsDone() throws Exception {
        mounted("--cache-size 16m");
        Files.write(mountPoint.resolve("file"), new byte[1 << 20]);
        unmount();
        mounted("--cache-size 16m");
        Files.readAllBytes(mountPoint.resolve("file"));
        // A request is counted once it has been answered: whoever has the answer may be first.
        while (!launcher.shell("quire stats --json " + quoted(mountPoint)).output().matches(READS)) {
            assertThat(daemon().isAlive()).isTrue();
        }
        final ProcessHandle daemon = daemon();
        kill("STOP");
        // The daemon cannot help: reading statistics is the reader's work alone.
        final Launcher.Result stats = launcher.shell("quire stats --json " + quoted(mountPoint));
        launcher.shell("kill -CONT " + daemon.pid());
        assertThat(stats.status()).isZero();
        assertThat(stats.output()).contains("\"capacity_bytes\":16777216", "\"latencies\":{").matches(READS);
        assertThat(launcher.shell("quire stats " + quoted(mountPoint)).output()).contains("hits", "p99 us", "read");
        unmount();
    }

    @Test
    void theWritePolicyIsSwitchedAtRunTime() throws Exception {
        mounted("");
        assertThat(launcher.shell("quire policy " + quoted(mountPoint) + " one-page").output()).contains("one-page");
        assertThat(launcher.shell("quire stats --json " + quoted(mountPoint)).output())
            .contains("\"writePolicy\":\"one-page\"");
        assertComplaint(launcher.shell("quire policy " + quoted(mountPoint) + " two-page"), "two-page", "multi-page");
        unmount();
    }

    @Test
    void inTheForegroundTheDaemonEndsWithItsTerminal() throws Exception {
        final Process foreground = launcher.start("exec " + quoted(Launcher.script()) + " mount --foreground "
            + quoted(source) + " " + quoted(mountPoint), work.resolve("f.out"), work.resolve("f.err"));
        Files.writeString(source.resolve("file"), "x");
        awaitFile(mountPoint.resolve("file"), foreground);
        assertThat(foreground.isAlive()).isTrue();
        launcher.shell("kill -INT " + foreground.pid());
        foreground.waitFor();
        assertThat(isMounted()).isFalse();
        assertThat(launcher.states()).isEmpty();
    }

    private Launcher.Result mount(final String options) throws Exception {
        return launcher.shell("quire mount " + options + " " + quoted(source) + " " + quoted(mountPoint));
    }

    private void mounted(final String options) throws Exception {
        assertThat(mount(options)).isEqualTo(new Launcher.Result(0, "", ""));
        assertThat(isMounted()).isTrue();
    }

    private void unmount() throws Exception {
        assertThat(launcher.shell("quire umount " + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
        assertThat(isMounted()).isFalse();
    }

    private boolean isMounted() {
        return MountTable.read().at(mountPoint.toString()).isPresent();
    }

    private Path memoryDirectory() {
        return Path.of("/dev/shm/quire-" + StateBase.user() + "-" + MountState.key(mountPoint.toString()));
    }

    private ProcessHandle daemon() throws IOException {
        final String wanted = MountState.PID + "=";
        final Path properties = work.resolve("states").resolve(MountState.key(mountPoint.toString()))
            .resolve("properties");
        final String pid = Files.readAllLines(properties, StandardCharsets.US_ASCII).stream()
            .filter(line -> line.startsWith(wanted)).findFirst().orElseThrow().substring(wanted.length());
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    /** Sends a signal to the daemon and, when it is one that ends it, waits for its end. */
    private void kill(final String signal) throws Exception {
        final ProcessHandle daemon = daemon();
        launcher.shell("kill -" + signal + " " + daemon.pid());
        if (!"STOP".equals(signal)) {
            daemon.onExit().join();
        }
    }

    private static void awaitFile(final Path file, final Process maker) throws InterruptedException {
        while (!Files.exists(file)) {
            assertThat(maker.isAlive()).as("who is to make %s is at work", file).isTrue();
            Thread.sleep(1);
        }
    }

    private static void assertComplaint(final Launcher.Result result, final String... parts) {
        assertThat(result.error().lines()).as("standard error").hasSize(1);
        assertThat(result.error()).startsWith("quire: ").contains(parts);
        assertThat(result.output()).isEmpty();
        assertThat(result.status()).isBetween(1, 2);
    }

    private static String quoted(final Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }
}
