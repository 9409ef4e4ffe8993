package io.quire.fuse.jnr;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A mount in a temporary directory, for one test. Closing it leaves nothing behind, whatever the test did. */
final class Mounted implements AutoCloseable {
    final Path directory;
    final JnrTransport transport;

    Mounted(final TreeFileSystem files) throws MountException {
        this(files, TransportOptions.defaults());
    }

    Mounted(final TreeFileSystem files, final TransportOptions options) throws MountException {
        directory = temporary();
        transport = JnrTransport.mount(files, directory, options);
    }

    static Path temporary() {
        try {
            return Files.createTempDirectory("quire-mount").toRealPath();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path(final String name) {
        return directory.resolve(name);
    }

    /** What a command printed, both streams, as Latin-1 text. */
    record Output(int status, String text) {
    }

    /** Runs a shell command in the mount. */
    Output shell(final String command) {
        return run(directory, "sh", "-c", command);
    }

    static Output run(final Path workingDirectory, final String... command) {
        try {
            final Process process = new ProcessBuilder(command).directory(workingDirectory.toFile())
                .redirectErrorStream(true).start();
            process.getOutputStream().close();
            final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            if (!process.waitFor(200, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(String.join(" ", command) + " hangs");
            }
            return new Output(process.exitValue(), text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            transport.close();
        } finally {
            if (mountLine() != null) {
                run(Path.of("/"), "fusermount", "-u", "-z", directory.toString());
            }
            directory.toFile().delete();
        }
    }

    /** The mount's line in the mount table, or null. */
    String mountLine() {
        try {
            return Files.readAllLines(Path.of("/proc/mounts")).stream()
                .filter(line -> line.contains(" " + directory + " ")).findFirst().orElse(null);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
