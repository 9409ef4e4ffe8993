package io.quire.bench.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** The processor time that a process has used until a moment, by its threads: the kernel's sum for the process counts in ticks of 10 ms. */
final class ProcessorTime {
    private final Map<String, Long> threads;

    private ProcessorTime(final Map<String, Long> threads) {
        this.threads = threads;
    }

    /**
     * Until now.
     *
     * @param pid a process that runs; none has used nothing
     */
    static ProcessorTime of(final OptionalLong pid) throws IOException {
        final Map<String, Long> threads = new HashMap<>();
        if (pid.isPresent()) {
            try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid.getAsLong()), "task"))) {
                for (final Path task : tasks) {
                    read(task).ifPresent(nanos -> threads.put(task.getFileName().toString(), nanos));
                }
            }
        }
        return new ProcessorTime(threads);
    }

    private static OptionalLong read(final Path task) throws IOException {
        try {
            return OptionalLong.of(nanos(Files.readString(task.resolve("schedstat"), StandardCharsets.ISO_8859_1)));
        } catch (final NoSuchFileException e) {
            return OptionalLong.empty();
        }
    }

    /** The first word of {@code /proc/PID/task/TID/schedstat}. */
    static long nanos(final String schedstat) {
        return Long.parseLong(schedstat.strip().split(" ")[0]);
    }

    /** Nanoseconds since an earlier moment. What a thread did that has ended meanwhile is not known. */
    long since(final ProcessorTime earlier) {
        return threads.entrySet().stream().mapToLong(each -> each.getValue() - earlier.threads.getOrDefault(each.getKey(), 0L)).sum();
    }
}
