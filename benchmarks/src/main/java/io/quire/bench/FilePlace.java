package io.quire.bench;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** On what files of a benchmark lie. */
public enum FilePlace {
    /** A file system in memory. */
    memory,
    /** A file system on a disk. */
    disk;

    /** Names a directory on a disk, when the usual ones are none. */
    static final String DISK_PROPERTY = "quire.bench.disk";

    private static final Set<String> MEMORY = Set.of("tmpfs", "ramfs");

    /**
     * Finds a directory that can be written.
     *
     * @throws IOException when this machine has none of that kind, saying where was looked
     */
    Path directory() throws IOException {
        final List<Path> candidates = this == memory ? List.of(Path.of("/dev/shm"), Path.of("/run"))
            : List.of(Path.of(System.getProperty(DISK_PROPERTY, System.getProperty("java.io.tmpdir"))), Path.of("/var/tmp"));
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
