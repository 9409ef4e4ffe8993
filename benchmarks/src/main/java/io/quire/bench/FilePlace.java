package io.quire.bench;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.quire.bench.report.RunFiles;

/** On what files of a benchmark lie. */
public enum FilePlace {
    /** A file system in memory. */
    memory,
    /** A file system on a disk. */
    disk;

    /** Names a directory on a disk, when the usual ones are none. */
    static final String DISK_PROPERTY = "quire.bench.disk";

    private static final Set<String> MEMORY = Set.of("tmpfs", "ramfs");

    private List<Path> candidates() {
        return this == memory ? List.of(Path.of("/dev/shm"), Path.of("/run"))
            : List.of(Path.of(System.getProperty(DISK_PROPERTY, System.getProperty("java.io.tmpdir"))), Path.of("/var/tmp"));
    }

    /** Where files of a run may be, those of the script included, which has a directory of its own in that for temporary files. */
    static Set<Path> everywhere() {
        final Set<Path> all = new LinkedHashSet<>();
        for (final FilePlace place : values()) {
            all.addAll(place.candidates());
        }
        final Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
        all.add(temporary);
        if (temporary.getParent() != null && temporary.getFileName().toString().startsWith(RunFiles.NAME)) {
            all.add(temporary.getParent());
        }
        return all;
    }

    /**
     * Finds a directory that can be written.
     *
     * @throws IOException when this machine has none of that kind, saying where was looked
     */
    Path directory() throws IOException {
        final List<Path> candidates = candidates();
        for (final Path candidate : candidates) {
            if (Files.isWritable(candidate)) {
                final FileStore store = Files.getFileStore(candidate);
                if (MEMORY.contains(store.type()) == (this == memory)) {
                    return candidate;
                }
            }
        }
        throw new IOException("no directory that can be written lies " + (this == memory ? "in memory" : "on a disk") + " among "
            + candidates);
    }
}
