package io.quire.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import io.quire.bench.report.OutputDirectory;

/** What a run needs of the machine, looked at before it begins. */
final class Requirements {
    /** The cache, its store and the JVM, or the largest peer. */
    static final long MEMORY = 2L << 30;
    /** The largest file of a peer, and as much again. */
    static final long SPACE = 512L << 20;

    private Requirements() {
    }

    /** What is missing on this machine, as a sentence. */
    static Optional<String> missing(final Path output) throws IOException {
        final Optional<String> memory = memory(Files.readString(Path.of("/proc/meminfo")));
        if (memory.isPresent()) {
            return memory;
        }
        for (final FilePlace place : FilePlace.values()) {
            final Path directory;
            try {
                directory = place.directory();
            } catch (final IOException e) {
                return Optional.of(e.getMessage());
            }
            final Optional<String> space = space(directory, Files.getFileStore(directory).getUsableSpace());
            if (space.isPresent()) {
                return space;
            }
        }
        return OutputDirectory.obstacle(output);
    }

    static Optional<String> memory(final String meminfo) {
        final long available = meminfo.lines().filter(line -> line.startsWith("MemAvailable:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElse(MEMORY);
        return available >= MEMORY ? Optional.empty() : Optional.of("the benchmarks need " + (MEMORY >> 20)
            + " MiB of memory and " + (available >> 20) + " MiB are available; end something else");
    }

    static Optional<String> space(final Path directory, final long usable) {
        return usable >= SPACE ? Optional.empty() : Optional.of("the benchmarks need " + (SPACE >> 20) + " MiB in " + directory + " and "
            + (usable >> 20) + " MiB are free; make room there");
    }
}
