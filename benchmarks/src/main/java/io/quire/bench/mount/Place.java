package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where the source is.
 *
 * @param kind what it is called
 * @param base a directory that exists
 * @param type the file system's type
 */
record Place(Kind kind, Path base, String type) {
    /** What a mount's cache may hold by default. */
    private static final long CACHE_BYTES = 512L << 20;
    private static final long JVM_BYTES = 128L << 20;
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

    /**
     * What is lacking for these servers to be measured here: space, or memory where that is the same.
     *
     * @return what there is and what is needed; empty when it suffices
     */
    Optional<String> lack(final List<Server> servers, final Scale scale) throws IOException {
        final long each = scale.bytesPerServer(kind);
        final long needed = each * servers.size() + scale.sharedBytes(kind);
        final long free = Files.getFileStore(base).getUsableSpace();
        if (free < needed) {
            return Optional.of(String.format(Locale.ROOT, "too little space in %s, %d MiB where %d MiB are needed; make some, or choose fewer"
                + " --servers", base, free >> 20, needed >> 20));
        }
        // A daemon has its cache besides, which holds no more than it is given to read.
        final long daemons = servers.stream().filter(server -> server.role() != Server.Role.PEER).count();
        final long memory = (kind == Kind.DISK ? 0 : needed) + daemons * (Math.min(each, CACHE_BYTES) + JVM_BYTES);
        final long available = Machine.availableBytes();
        return available >= memory ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
            "too little memory, %d MiB where %d MiB are needed; choose fewer --servers", available >> 20, memory >> 20));
    }

    private static List<Path> candidates(final boolean memory) {
        return memory ? List.of(Path.of("/dev/shm"), Path.of("/tmp"), Path.of("/run"))
            : List.of(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/var/tmp"), Path.of(System.getProperty("user.home")));
    }

    /** Where a place could be, and so where directories of runs are. */
    static Set<Path> candidates() {
        return Stream.of(true, false).flatMap(memory -> candidates(memory).stream()).collect(Collectors.toSet());
    }

    /** A place of a kind on this machine, if there is one. */
    static Optional<Place> find(final Kind kind) throws IOException {
        final boolean memory = kind != Kind.DISK;
        for (final Path candidate : candidates(memory)) {
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
