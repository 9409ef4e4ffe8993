package io.quire.bench.mount;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server that serves, or the bare directory. It is started as our child, so that it is ended by its process and no other. What touches
 * the mount point is a program with a time limit.
 */
final class Mounted {
    private static final int START_SECONDS = 60;
    private static final int STOP_SECONDS = 20;
    private static final int ANSWER_SECONDS = 5;
    /** More than the line that a daemon answers. */
    private static final int ANSWER_BYTES = 4096;
    /** Without its mount a server has nothing left to do. */
    private static final int END_SECONDS = 5;

    private final Server server;
    private final Path source;
    private final Path point;
    private final Path log;
    private final Path states;
    private Process process;

    /**
     * @param work where its log, its mount point and what it keeps go
     */
    Mounted(final Server server, final Path source, final Path work) throws IOException {
        this.server = server;
        this.source = source;
        this.log = work.resolve(server.name() + ".log");
        this.states = work.resolve("states");
        this.point = isBare(server) ? source : Files.createDirectories(work.resolve("mnt").resolve(server.name()));
    }

    private static boolean isBare(final Server server) {
        return server.command(Path.of("/"), Path.of("/")).isEmpty();
    }

    /** Where clients see the source. */
    Path point() {
        return point;
    }

    /** The server's process; none for the bare directory. */
    OptionalLong pid() {
        return process == null ? OptionalLong.empty() : OptionalLong.of(process.pid());
    }

    /** Starts the server, which is not ready then. */
    void start() throws IOException {
        final List<String> command = server.command(source, point);
        if (command.isEmpty()) {
            return;
        }
        final List<String> words = new ArrayList<>(Descriptors.RAISING);
        words.addAll(command);
        final ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile()).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("QUIRE_STATE_DIRECTORY", states.toString());
        process = builder.start();
    }

    /** Waits until the mount answers. */
    void await() throws IOException, InterruptedException {
        if (process == null) {
            return;
        }
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (MountInfo.at(point).isEmpty()) {
            if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                throw new IOException("did not mount: " + lastOfLog());
            }
            if (System.nanoTime() > end) {
                throw new HungException("did not mount within " + START_SECONDS + " s");
            }
        }
        Command.of("stat", "-f", point.toString()).seconds(STOP_SECONDS).succeed();
    }

    /** Says a line to the daemon of a mount of ours, where its state is, and waits until it was carried out. */
    void tell(final String line) throws IOException {
        final String pid = "pid=" + process.pid();
        try (Stream<Path> all = Files.list(states)) {
            for (final Path state : all.filter(Files::isDirectory).toList()) {
                if (Files.readAllLines(state.resolve("properties"), StandardCharsets.ISO_8859_1).contains(pid)) {
                    tell(state.resolve("control"), line, STOP_SECONDS);
                    return;
                }
            }
        }
        throw new IOException("no state of " + server.name() + " was found");
    }

    /**
     * Says a line to a control socket. Its daemon is a server like others and may hang.
     *
     * @throws HungException when there is no answer in time
     * @throws IOException   when the answer is a refusal
     */
    static void tell(final Path socket, final String line, final int seconds) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket)); Selector ready = Selector.open()) {
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII)));
            channel.configureBlocking(false).register(ready, SelectionKey.OP_READ);
            final ByteBuffer bytes = ByteBuffer.allocate(ANSWER_BYTES);
            do {
                if (ready.select(TimeUnit.SECONDS.toMillis(seconds)) == 0) {
                    throw Thread.currentThread().isInterrupted() ? new InterruptedIOException(line + ": interrupted")
                        : new HungException(line + ": no answer after " + seconds + " s");
                }
                ready.selectedKeys().clear();
            } while (channel.read(bytes) >= 0 && bytes.hasRemaining());
            final String answer = new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1).strip();
            if (!answer.startsWith("ok ")) {
                throw new IOException(line + ": " + answer);
            }
        }
    }

    private String lastOfLog() throws IOException {
        return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream().filter(line -> !line.isBlank())
            .reduce((first, last) -> last).orElse("no reason given");
    }

    void move(final Affinity affinity, final Regime regime) throws IOException, InterruptedException {
        if (process != null && process.isAlive()) {
            affinity.move(process.pid(), regime);
        }
    }

    /** Whether it serves, as far as can be told without touching the mount. */
    boolean serves() throws IOException {
        return process == null || process.isAlive() && MountInfo.at(point).isPresent();
    }

    /** Whether it answers in time; for a clean-up, which an interruption does not stop. */
    boolean answers() throws IOException {
        return process == null || serves() && Command.cleanUp(ANSWER_SECONDS, "stat", "-f", point.toString());
    }

    /**
     * Cuts the connection of a server that does not answer, so that whoever waits for it gets an error; and ends it.
     */
    void clear() throws IOException {
        final Optional<MountInfo> mount = MountInfo.at(point);
        if (process == null || mount.isEmpty()) {
            endProcess();
            return;
        }
        final Path abort = mount.get().abortFile();
        if (Files.isWritable(abort)) {
            // A channel would refuse while we are being interrupted.
            try (FileOutputStream out = new FileOutputStream(abort.toFile())) {
                out.write('1');
            }
        }
        detach();
        endProcess();
    }

    /** Unmounts; when that does not work, clears. Nothing is mounted and nothing runs afterwards. */
    void stop() throws IOException {
        if (process == null) {
            return;
        }
        if (process.isAlive() && MountInfo.at(point).isPresent()) {
            // fusermount for those who may not umount.
            Command.cleanUp(STOP_SECONDS, "sh", "-c", "umount \"$1\" || fusermount -u \"$1\" || fusermount3 -u \"$1\"", "sh",
                point.toString());
            Command.await(process, STOP_SECONDS);
        }
        clear();
        if (MountInfo.at(point).isPresent()) {
            throw new IOException(server.name() + " is still mounted at " + point);
        }
    }

    private void detach() {
        Command.cleanUp(STOP_SECONDS, "sh", "-c", "fusermount -u -z \"$1\" || fusermount3 -u -z \"$1\" || umount -l \"$1\"", "sh",
            point.toString());
    }

    private void endProcess() {
        if (process != null && !Command.await(process, 1)) {
            process.destroy();
            if (!Command.await(process, END_SECONDS)) {
                Command.kill(process);
            }
        }
    }
}
