package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the source is.
 *
 * @param kind what it is called
 * @param base a directory that exists
 * @param type the file system's type
 */
record Place(Kind kind, Path base, String type) {
    private static final List<String> MEMORY = List.of("tmpfs", "ramfs");

    /** What the source lies on. */
    enum Kind {
        /** In memory. */
        TMPFS("tmpfs"),
        /** On a disk, whose pages the kernel caches as it does for everybody. */
        DISK("disk"),
        /** In memory, behind a file system that delays each read and that the kernel does not cache. */
        SLOW("slow source");

        private final String title;

        Kind(final String title) {
            this.title = title;
        }

        String title() {
            return title;
        }

        String slug() {
            return title.replace(' ', '-');
        }
    }

    /** A place of a kind on this machine, if there is one. */
    static Optional<Place> find(final Kind kind) throws IOException {
        final boolean memory = kind != Kind.DISK;
        final List<Path> candidates = memory ? List.of(Path.of("/dev/shm"), Path.of("/tmp"), Path.of("/run"))
            : List.of(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/var/tmp"), Path.of(System.getProperty("user.home")));
        for (final Path candidate : candidates) {
            if (Files.isDirectory(candidate) && Files.isWritable(candidate)) {
                final Path real = candidate.toRealPath();
                final String type = MountInfo.of(real).type();
                if (MEMORY.contains(type) == memory && !type.startsWith("fuse")) {
                    return Optional.of(new Place(kind, real, type));
                }
            }
        }
        return Optional.empty();
    }
}
