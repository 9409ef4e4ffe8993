package io.quire.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where results go, tried before anything is measured: a run that cannot keep what it found is worth nothing. Thread-safe, as nothing is kept. */
public final class OutputDirectory {
    /** Tables and charts, and as much again while they are replaced. */
    static final long SPACE = 16L << 20;

    private OutputDirectory() {
    }

    /**
     * Makes the directory when it is not there, and a file in it for a moment.
     *
     * @param directory where results are to go
     * @return why they cannot, as a sentence; empty when they can
     */
    public static Optional<String> obstacle(final Path directory) {
        if (directory.toString().isEmpty()) {
            return Optional.of("the directory of the results has an empty name; name another with --output");
        }
        try {
            Files.createDirectories(directory);
            Files.delete(Files.createTempFile(directory, ".quire-", ".try"));
            final long free = Files.getFileStore(directory).getUsableSpace();
            return free >= SPACE ? Optional.empty() : Optional.of("results need " + (SPACE >> 20) + " MiB in " + directory + " and "
                + (free >> 10) + " KiB are free; make room there, or choose another directory with --output");
        } catch (final IOException e) {
            return Optional.of("results cannot be written to " + directory + " (" + e.getClass().getSimpleName()
                + "); choose another directory with --output");
        }
    }
}
