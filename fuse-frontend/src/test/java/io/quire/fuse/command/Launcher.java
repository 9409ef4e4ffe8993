package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code scripts/quire} and other commands as a user's shell would, each with a time limit. */
final class Launcher {
    private static final int LIMIT_SECONDS = 250;

    private final Path work;
    private final Path states;

    Launcher(final Path work) throws IOException {
        this.work = work;
        this.states = Files.createDirectory(work.resolve("states"),
            PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
    }

    /**
     * What a command did.
     *
     * @param status exit status
     * @param output standard output
     * @param error  standard error
     */
    record Result(int status, String output, String error) {
    }

    static Path script() {
        final String given = System.getProperty("quire.launcher");
        return Path.of(given != null ? given : "../scripts/quire").toAbsolutePath().normalize();
    }

    /** The names in the state directory, without the lock for all. */
    List<String> states() throws IOException {
        try (var entries = Files.list(states)) {
            return entries.map(entry -> entry.getFileName().toString()).filter(name -> !"lock".equals(name)).toList();
        }
    }

    /** Runs a shell command in the work directory; {@code quire} in it is the launcher. */
    Result shell(final String command) throws IOException, InterruptedException {
        final Path output = Files.createTempFile(work, "out", "");
        final Path error = Files.createTempFile(work, "err", "");
        try {
            final Process process = start(command, output, error);
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError("no end after " + LIMIT_SECONDS + " s: " + command + "\n"
                    + Files.readString(error, StandardCharsets.ISO_8859_1));
            }
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1),
                Files.readString(error, StandardCharsets.ISO_8859_1));
        } finally {
            Files.delete(output);
            Files.delete(error);
        }
    }

    /** Starts a shell command and leaves it running. */
    Process start(final String command, final Path output, final Path error) throws IOException {
        // A suite that a shell runs in the background inherits SIGINT ignored, and would hand that on.
        final ProcessBuilder builder = new ProcessBuilder("env", "--default-signal", "sh", "-c",
            "quire() { '" + script() + "' \"$@\"; }; " + command);
        builder.environment().put("QUIRE_STATE_DIRECTORY", states.toString());
        final String jar = System.getProperty("quire.jar");
        if (jar != null) {
            builder.environment().put("QUIRE_JAR", jar);
        }
        return builder.directory(work.toFile()).redirectOutput(output.toFile()).redirectError(error.toFile())
            .redirectInput(Path.of("/dev/null").toFile()).start();
    }
}
