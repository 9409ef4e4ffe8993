package io.quire.bench.mount;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program to run, with a time limit: whatever touches a mount may hang. What does not end in its time is killed, with its children.
 */
final class Command {
    /** What the names of all begin with that a run leaves for a while. */
    static final String NAME = "quire-compare-" + ProcessHandle.current().pid() + "-";
    private static final int KILL_SECONDS = 5;

    private final List<String> words = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private File input = new File("/dev/null");
    private Path directory;
    private int seconds = 60;

    /**
     * What a command did.
     *
     * @param status exit status
     * @param output standard output
     * @param error  standard error
     * @param nanos  from its start to its end
     */
    record Result(int status, String output, String error, long nanos) {
        /** The last line that is not empty, for a message. */
        String reason() {
            return (output + "\n" + error).lines().filter(line -> !line.isBlank()).reduce((first, last) -> last)
                .orElse("exit status " + status).strip();
        }
    }

    static Command of(final String... words) {
        return new Command().add(List.of(words));
    }

    Command add(final List<String> more) {
        words.addAll(more);
        return this;
    }

    Command add(final String... more) {
        return add(List.of(more));
    }

    Command with(final String name, final String value) {
        environment.put(name, value);
        return this;
    }

    Command in(final Path where) {
        directory = where;
        return this;
    }

    Command input(final Path file) {
        input = file.toFile();
        return this;
    }

    Command seconds(final int limit) {
        seconds = limit;
        return this;
    }

    /** Runs the command and fails unless it exits with 0. */
    Result succeed() throws IOException, InterruptedException {
        final Result result = run();
        if (result.status() != 0) {
            throw new IOException(name() + ": " + result.reason());
        }
        return result;
    }

    /** Runs the command. */
    Result run() throws IOException, InterruptedException {
        final Path output = Files.createTempFile(NAME, ".out");
        final Path error = Files.createTempFile(NAME, ".err");
        try {
            final ProcessBuilder builder = new ProcessBuilder(words).redirectInput(input)
                .redirectOutput(output.toFile()).redirectError(error.toFile());
            builder.environment().putAll(environment);
            builder.environment().put("LC_ALL", "C.UTF-8");
            if (directory != null) {
                builder.directory(directory.toFile());
            }
            final long start = System.nanoTime();
            final Process process = builder.start();
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    throw new HungException(name() + ": no end after " + seconds + " s");
                }
            } finally {
                if (process.isAlive()) {
                    kill(process);
                }
            }
            final long nanos = System.nanoTime() - start;
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1),
                Files.readString(error, StandardCharsets.ISO_8859_1), nanos);
        } finally {
            Files.deleteIfExists(output);
            Files.deleteIfExists(error);
        }
    }

    /** Kills a process that we started and what it started. One that waits for a mount ends once that mount is cleared. */
    static void kill(final Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        await(process, KILL_SECONDS);
    }

    /** Waits for the end of a process, however often we are interrupted; false when it did not come. */
    static boolean await(final Process process, final int seconds) {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Runs a command of a clean-up, which an interruption does not stop; whether it succeeded, which may show elsewhere, too. */
    static boolean cleanUp(final int seconds, final String... words) {
        try {
            final Process process = new ProcessBuilder(words).redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            if (await(process, seconds)) {
                return process.exitValue() == 0;
            }
            kill(process);
            return false;
        } catch (final IOException e) {
            throw new UncheckedIOException(words[0] + " cannot be run", e);
        }
    }

    /** The program, without what only decides where it runs. */
    private String name() {
        return "taskset".equals(words.getFirst()) && words.size() > 3 && !"-p".equals(words.get(3)) ? words.get(3)
            : words.getFirst();
    }
}
