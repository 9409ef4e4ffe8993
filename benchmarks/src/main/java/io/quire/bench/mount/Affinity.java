package io.quire.bench.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The processors that a regime gives to clients and daemons, by way of {@code taskset}. */
final class Affinity {
    private static final String ALLOWED = "Cpus_allowed_list:";

    private final String all;
    private final String last;

    private Affinity(final String all) {
        this.all = all;
        this.last = all.replaceAll(".*[,-]", "");
    }

    /** The processors that this process may use. */
    static Affinity ours() throws IOException {
        return of(Files.readString(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1));
    }

    /** Reads {@code /proc/PID/status}. */
    static Affinity of(final String status) {
        return new Affinity(status.lines().filter(line -> line.startsWith(ALLOWED)).findFirst()
            .map(line -> line.substring(ALLOWED.length()).strip()).orElse("0"));
    }

    /** A list as {@code taskset -c} takes it. */
    String processors(final Regime regime) {
        return regime == Regime.ONE_CORE ? last : all;
    }

    /** What a command is preceded by, so that it runs in the regime. */
    List<String> prefix(final Regime regime) {
        return List.of("taskset", "-c", processors(regime));
    }

    /** Moves every thread of a process; those that it starts later go where the thread is that starts them. */
    void move(final long pid, final Regime regime) throws IOException, InterruptedException {
        Command.of("taskset", "-a", "-c", "-p", processors(regime), Long.toString(pid)).seconds(20).succeed();
    }
}
