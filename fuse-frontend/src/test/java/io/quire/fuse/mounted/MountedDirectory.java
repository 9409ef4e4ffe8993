package io.quire.fuse.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A directory mounted by the real launcher, and programs run on it: every command has a time limit, which is meant for a quiet machine
 * and multiplied for a busy one.
 */
public final class MountedDirectory implements AutoCloseable {
    private static final int PATIENCE = 5;
    private static final Path LAUNCHER = launcher();
    /** The jar that the build has just made; without it the launcher makes its own. */
    private static final String JAR = System.getProperty("quire.jar");

    private final Path work;
    private final List<String> options;

    private MountedDirectory(final Path work, final List<String> options) {
        this.work = work;
        this.options = options;
    }

    /** Mounts a new directory below {@code parent}. */
    public static MountedDirectory mount(final String parent, final String... options) throws IOException {
        final Path work = Files.createTempDirectory(Path.of(parent), "quire-it");
        Files.createDirectories(work.resolve("source"));
        Files.createDirectories(work.resolve("mount"));
        final MountedDirectory mounted = new MountedDirectory(work, List.of(options));
        mounted.mountAgain();
        return mounted;
    }

    public Path source() {
        return work.resolve("source");
    }

    public Path mount() {
        return work.resolve("mount");
    }

    Path work() {
        return work;
    }

    /** The daemon runs with few descriptors, so that one kept for every file would be noticed. */
    void mountAgain() throws IOException {
        final StringBuilder command = new StringBuilder("ulimit -n 4096; exec '" + LAUNCHER + "' mount");
        options.forEach(option -> command.append(" '").append(option).append('\''));
        command.append(" '").append(source()).append("' '").append(mount()).append('\'');
        run(command.toString(), 90);
        assertThat(isMounted()).as("%s is a mount", mount()).isTrue();
    }

    void umount() throws IOException {
        run("'" + LAUNCHER + "' umount '" + mount() + "'", 60);
        assertThat(isMounted()).as("%s is still a mount", mount()).isFalse();
    }

    String stats(final String... arguments) throws IOException {
        return run("'" + LAUNCHER + "' stats " + String.join(" ", arguments) + " '" + mount() + "'", 30);
    }

    private boolean isMounted() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + mount() + " ");
    }

    /** The daemon's process id. */
    long daemon() throws IOException {
        final List<Long> found = new ArrayList<>();
        try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
            processes.filter(p -> p.info().commandLine().filter(line -> line.contains("java")
                && line.contains(mount().toString()) && line.contains(" mount ")).isPresent())
                .forEach(p -> found.add(p.pid()));
        }
        assertThat(found).as("daemons of %s", mount()).hasSize(1);
        return found.get(0);
    }

    /** Runs a bash command in the work directory with SRC and MNT set; fails unless it exits with 0. */
    String run(final String command, final int seconds) throws IOException {
        final Result result = attempt(command, seconds);
        assertThat(result.status()).as("exit status of: %s%n%s", command, result.output()).isZero();
        return result.output();
    }

    /** What a command did. */
    record Result(int status, String output) {
    }

    Result attempt(final String command, final int seconds) throws IOException {
        final File output = Files.createTempFile("quire-it", ".out").toFile();
        try {
            final ProcessBuilder builder = new ProcessBuilder("bash", "-c", "set -o pipefail; " + command);
            builder.environment().put("SRC", source().toString());
            builder.environment().put("MNT", mount().toString());
            builder.environment().put("LC_ALL", "C.UTF-8");
            if (JAR != null) {
                builder.environment().put("QUIRE_JAR", JAR);
            }
            final Process process = builder.directory(work.toFile()).redirectErrorStream(true).redirectOutput(output)
                .redirectInput(new File("/dev/null")).start();
            if (!ended(process, PATIENCE * seconds)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError("no end after " + PATIENCE * seconds + " s: " + command + "\n"
                    + Files.readString(output.toPath()));
            }
            return new Result(process.exitValue(), Files.readString(output.toPath()));
        } finally {
            Files.delete(output.toPath());
        }
    }

    private static boolean ended(final Process process, final int seconds) throws IOException {
        try {
            return process.waitFor(seconds, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a command ran");
        }
    }

    @Override
    public void close() throws IOException {
        if (isMounted()) {
            final Result result = attempt("'" + LAUNCHER + "' umount '" + mount() + "'", 60);
            if (isMounted()) {
                attempt("fusermount -u -z '" + mount() + "'", 30);
                throw new AssertionError("umount failed: " + result);
            }
        }
        try (Stream<Path> files = Files.walk(work)) {
            for (final Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    private static Path launcher() {
        final String given = System.getProperty("quire.launcher");
        return Path.of(given != null ? given : "../scripts/quire").toAbsolutePath().normalize();
    }
}
