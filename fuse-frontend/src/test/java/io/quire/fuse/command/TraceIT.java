package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.quire.fuse.trace.TraceException;
import io.quire.fuse.trace.TraceKind;
import io.quire.fuse.trace.TraceReader;

/** Recording on real mounts, and replaying; the invariants are those of traces.md. */
@Timeout(300)
class TraceIT {
    private static final int PAGE = 4096;

    private Path work;
    private Path source;
    private Path mountPoint;
    private Path trace;
    private Launcher launcher;

    @BeforeEach
    void makeDirectories() throws IOException {
        work = Files.createTempDirectory("quire trace-").toRealPath();
        source = Files.createDirectory(work.resolve("source"));
        mountPoint = Files.createDirectory(work.resolve("mount"));
        trace = work.resolve("a trace");
        launcher = new Launcher(work);
    }

    @AfterEach
    void clear() throws Exception {
        launcher.shell("quire umount --lazy " + quoted(mountPoint));
        launcher.shell("umount -l " + quoted(work.resolve("small")));
        launcher.shell("rm -rf --one-file-system " + quoted(source));
        MountState.deleteTree(work);
    }

    @Test
    void whatProgramsDoIsRecordedAndReplayed() throws Exception {
        mounted("--direct-io");
        work(100);
        unmount();
        final TraceReader reader = TraceReader.open(trace);
        assertThat(reader.hasNoEnd()).isFalse();
        assertThat(reader.missing()).isZero();
        assertThat(Files.size(trace)).isEqualTo(4096 + 64 * reader.records());
        final Map<TraceKind, Long> counts = counts(reader);
        assertThat(counts.get(TraceKind.CREATE)).isEqualTo(1);
        // Each read and write of the program, whatever the kernel has.
        assertThat(counts.get(TraceKind.WRITE)).isEqualTo(100);
        assertThat(counts.get(TraceKind.READ)).isGreaterThanOrEqualTo(200);
        final Launcher.Result replayed = launcher.shell("quire replay --json " + quoted(trace));
        assertThat(replayed.error()).isEmpty();
        assertThat(replayed.status()).isZero();
        assertThat(replayed.output()).contains("\"workingSetPages\":100,", "\"missing\":0,", "\"hitRatio\":1.000000",
            "\"hits\":200,", "\"store_writes\":100,");
        assertThat(launcher.shell("gzip -k " + quoted(trace) + " && quire replay " + quoted(work.resolve("a trace.gz")))
            .output()).contains("100 pages (400k) of 1 files", "hit ratio      100.00 %", "p99.9 us");
    }

    @Test
    void aKilledDaemonLeavesATraceWithAllThatWasAnswered() throws Exception {
        mounted("--direct-io");
        work(50);
        final ProcessHandle daemon = daemon();
        launcher.shell("kill -9 " + daemon.pid());
        daemon.onExit().join();
        final TraceReader reader = TraceReader.open(trace);
        assertThat(reader.hasNoEnd()).isTrue();
        assertThat(counts(reader).get(TraceKind.WRITE)).isEqualTo(50);
        final Launcher.Result replayed = launcher.shell("quire replay " + quoted(trace));
        assertThat(replayed.status()).isZero();
        assertThat(replayed.output()).contains("incomplete     no end, as its daemon was killed", "working set    50 pages");
    }

    @Test
    void aFullDiskEndsTheRecordingWithOneLineAndTheMountGoesOn() throws Exception {
        final Path small = Files.createDirectory(work.resolve("small"));
        assertThat(launcher.shell("mount -t tmpfs -o size=2560k none " + quoted(small)).status()).isZero();
        trace = small.resolve("trace");
        mounted("--direct-io");
        final int writes = 40_000;
        assertThat(launcher.shell("exec dd if=/dev/zero of=" + quoted(mountPoint.resolve("file")) + " bs=512 count=" + writes
            + " 2>/dev/null").status()).isZero();
        // Nobody may take what is measured now for what recording costs.
        assertThat(told("record on")).isEqualTo("error the recording has ended early, the log says why");
        final String log = log();
        unmount();
        assertThat(Files.size(source.resolve("file"))).isEqualTo(512L * writes);
        assertThat(log.lines().filter(line -> line.contains("ERROR"))).hasSize(1).first().asString()
            .contains("recording into " + trace + " ended", "No space left on device", "the mount goes on");
        final TraceReader reader = TraceReader.open(trace);
        assertThat(reader.endedEarly()).isTrue();
        // Two chunks of a mebibyte, of which the header takes a page.
        assertThat(reader.records()).isEqualTo((2 * (1 << 20) - PAGE) / 64);
        assertThat(launcher.shell("quire replay " + quoted(trace)).output()).contains("incomplete     ended before the mount");
    }

    @Test
    void aDiskWithoutRoomForATraceRefusesTheMount() throws Exception {
        final Path small = Files.createDirectory(work.resolve("small"));
        assertThat(launcher.shell("mount -t tmpfs -o size=512k none " + quoted(small)).status()).isZero();
        trace = small.resolve("trace");
        final Launcher.Result result = mount("");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.error().lines()).hasSize(1);
        assertThat(result.error()).startsWith("quire: cannot record into " + trace).contains("No space left on device");
        assertThat(trace).doesNotExist();
        assertThat(MountTable.read().at(mountPoint.toString())).isEmpty();
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void aMountThatFailsAfterItsTraceWasMadeLeavesNoTrace() throws Exception {
        final Path small = Files.createDirectory(work.resolve("small"));
        int failed = 0;
        int status = 1;
        // Whatever the file of its state that finds no room: the control socket is made last, when the mount is there.
        for (int inodes = 3; status != 0; inodes++) {
            assertThat(launcher.shell("mount -t tmpfs -o mode=0700,nr_inodes=" + inodes + " none " + quoted(small)).status()).isZero();
            final Launcher.Result result = launcher.shell("QUIRE_STATE_DIRECTORY=" + quoted(small) + "; export QUIRE_STATE_DIRECTORY; "
                + "quire mount --cache-size 16m --record " + quoted(trace) + " " + quoted(source) + " " + quoted(mountPoint));
            status = result.status();
            if (status != 0) {
                assertThat(result.error().lines()).as("%d inodes", inodes).hasSize(1).first().asString().startsWith("quire: ");
                assertThat(trace).as("%d inodes: %s", inodes, result.error()).doesNotExist();
                assertThat(MountTable.read().at(mountPoint.toString())).isEmpty();
                failed++;
            } else {
                assertThat(launcher.shell("QUIRE_STATE_DIRECTORY=" + quoted(small) + "; export QUIRE_STATE_DIRECTORY; quire umount "
                    + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
                assertThat(trace).exists();
            }
            // The daemon, which works there, may not have ended quite.
            assertThat(launcher.shell("umount -l " + quoted(small)).status()).isZero();
        }
        assertThat(failed).isGreaterThan(1);
    }

    @Test
    void anInterruptedMountLeavesNeitherMountNorTrace() throws Exception {
        final Path output = work.resolve("output");
        final Path error = work.resolve("error");
        int status = 0;
        // The signal is to come between the making of the trace and the answer of the mount; where it comes too late, again.
        while (status == 0) {
            final Process launched = launcher.start("exec " + quoted(Launcher.script()) + " mount --cache-size 16m --record " + quoted(trace)
                + " " + quoted(source) + " " + quoted(mountPoint), output, error);
            while (!Files.exists(trace) && launched.isAlive()) {
                Thread.sleep(1);
            }
            launched.destroy();
            status = launched.waitFor();
            if (status == 0) {
                unmount();
                Files.delete(trace);
            }
        }
        assertThat(status).isEqualTo(1);
        assertThat(Files.readString(error)).isEqualTo("quire: interrupted; nothing is mounted\n");
        assertThat(MountTable.read().at(mountPoint.toString())).isEmpty();
        assertThat(trace).doesNotExist();
        assertThat(launcher.states()).isEmpty();
    }

    @Test
    void filesThatBypassTheKernelsCacheCanStillBeMappedBySeveralPrograms() throws Exception {
        mounted("--direct-io");
        Files.writeString(mountPoint.resolve("file"), "a".repeat(2 * PAGE));
        assertThat(launcher.shell("python3 -c \"import mmap, os, sys; f = os.open(sys.argv[1], os.O_RDWR); "
            + "m = mmap.mmap(f, 0); m[5000] = 98; m.flush(); print(m[4999:5002].decode())\" "
            + quoted(mountPoint.resolve("file"))).output()).isEqualTo("aba\n");
        unmount();
        assertThat(Files.readString(source.resolve("file")).substring(4999, 5002)).isEqualTo("aba");
    }

    /** Writes so many pages of a file, one at a time, and reads each of them twice. */
    private void work(final int pages) throws Exception {
        final String file = quoted(mountPoint.resolve("file"));
        assertThat(launcher.shell("dd if=/dev/zero of=" + file + " bs=4096 count=" + pages + " 2>/dev/null && for i in 1 2; do "
            + "dd if=" + file + " of=/dev/null bs=4096 2>/dev/null || exit 1; done").status()).isZero();
    }

    private static Map<TraceKind, Long> counts(final TraceReader reader) throws TraceException {
        final Map<TraceKind, Long> counts = new EnumMap<>(TraceKind.class);
        reader.forEach(record -> counts.merge(record.kind(), 1L, Long::sum));
        return counts;
    }

    private Launcher.Result mount(final String options) throws Exception {
        return launcher.shell("quire mount --cache-size 16m --record " + quoted(trace) + " " + options + " " + quoted(source) + " "
            + quoted(mountPoint));
    }

    private void mounted(final String options) throws Exception {
        assertThat(mount(options)).isEqualTo(new Launcher.Result(0, "", ""));
    }

    private void unmount() throws Exception {
        assertThat(launcher.shell("quire umount " + quoted(mountPoint))).isEqualTo(new Launcher.Result(0, "", ""));
    }

    private Path state() {
        return work.resolve("states").resolve(MountState.key(mountPoint.toString()));
    }

    private String log() throws IOException {
        return Files.readString(state().resolve("log"));
    }

    private String told(final String line) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(state().resolve("control")))) {
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    private ProcessHandle daemon() throws IOException {
        final String wanted = MountState.PID + "=";
        final String pid = Files.readAllLines(state().resolve("properties"), StandardCharsets.US_ASCII).stream()
            .filter(line -> line.startsWith(wanted)).findFirst().orElseThrow().substring(wanted.length());
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    private static String quoted(final Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }
}
