package io.quire.bench.mount;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process of ours that does what would otherwise be one short-lived program for each file; see {@link ClientMain}. It lives over the whole
 * run, so that it is compiled when it counts. A question that is not answered in time ends it; the next one starts another.
 */
final class Client implements AutoCloseable {
    private static final String END = "";

    private final Affinity affinity;
    private Process process;
    private LinkedBlockingQueue<String> answers;

    Client(final Affinity affinity) {
        this.affinity = affinity;
    }

    /**
     * Creates, lists, renames and unlinks files in a directory that it makes, and looks at others.
     *
     * @param known     a directory with {@code count} files that {@link #make} made
     * @param directory does not exist
     * @return nanoseconds for a file: stat, list, create, rename, unlink
     */
    List<Double> files(final Path known, final Path directory, final int count, final Regime regime, final int seconds)
        throws IOException, InterruptedException {
        start();
        affinity.move(process.pid(), regime);
        return Stream.of(ask("files\t" + known + "\t" + directory + "\t" + count, seconds).split(" ")).map(Double::valueOf).toList();
    }

    /** Makes a directory with empty files. */
    void make(final Path directory, final int count, final int seconds) throws IOException, InterruptedException {
        start();
        ask("make\t" + directory + "\t" + count, seconds);
    }

    private void start() throws IOException {
        if (process != null && process.isAlive()) {
            return;
        }
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx128m",
            "-XX:-UsePerfData", "-cp", System.getProperty("java.class.path"), ClientMain.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        final LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>();
        final Process started = process;
        Thread.ofPlatform().daemon().name("quire-client").start(() -> {
            try (BufferedReader reader = started.inputReader(StandardCharsets.UTF_8)) {
                reader.lines().forEach(queue::add);
            } catch (final IOException | UncheckedIOException e) {
                System.getLogger(Client.class.getName()).log(System.Logger.Level.DEBUG, "the client was ended", e);
            } finally {
                queue.add(END);
            }
        });
        answers = queue;
    }

    private String ask(final String question, final int seconds) throws IOException, InterruptedException {
        process.outputWriter(StandardCharsets.UTF_8).append(question).append('\n').flush();
        String answer = null;
        try {
            answer = answers.poll(seconds, TimeUnit.SECONDS);
        } finally {
            if (answer == null) {
                close();
            }
        }
        if (answer == null) {
            throw new HungException("no end after " + seconds + " s");
        }
        if (answer.startsWith("ok")) {
            return answer.substring("ok".length()).strip();
        }
        throw new IOException(answer.equals(END) ? "the client ended" : answer);
    }

    @Override
    public void close() {
        if (process != null) {
            Command.kill(process);
        }
    }
}
