package io.quire.bench.report;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * Tables and charts that take the place of those of an earlier run together: a table whose charts are of another run says what nobody measured. They are
 * written into a directory beside first, and a signal either comes before they are put in place, and then none of them is, or waits. Thread-safe.
 */
public final class ResultFiles {
    private boolean stopped;
    private boolean placed;

    /** Nothing is placed and nothing forbidden. */
    public ResultFiles() {
        stopped = false;
    }

    /**
     * Puts files in place, all or none.
     *
     * @param directory where; made when it is not there
     * @param files     their contents by name
     * @return whether they were; false when {@link #stop} came first
     * @throws IOException when they cannot be written; what was there before is there still
     */
    public synchronized boolean place(final Path directory, final Map<String, byte[]> files) throws IOException {
        if (stopped) {
            return false;
        }
        Files.createDirectories(directory);
        for (final String name : files.keySet()) {
            if (Files.isDirectory(directory.resolve(name))) {
                throw new IOException(directory.resolve(name) + " is a directory; remove it");
            }
        }
        final Path beside = RunFiles.directory(directory, RunFiles.HIDDEN);
        try {
            for (final Map.Entry<String, byte[]> file : files.entrySet()) {
                Files.write(beside.resolve(file.getKey()), file.getValue());
            }
            for (final String name : files.keySet()) {
                replace(beside.resolve(name), directory.resolve(name));
            }
            placed = true;
        } finally {
            RunFiles.remove(beside);
        }
        return true;
    }

    private static void replace(final Path from, final Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (final AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * From now on nothing is placed. Waits for the end of a {@link #place} that goes on.
     *
     * @return whether something had been placed before
     */
    public synchronized boolean stop() {
        stopped = true;
        return placed;
    }
}
