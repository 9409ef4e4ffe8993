package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server with the part of the source that only it uses: what another server changes would be a change from outside. */
final class Target {
    /** Longer than the kernel believes names and attributes. */
    private static final long BELIEVED_NANOS = TimeUnit.MILLISECONDS.toNanos(1150);

    private final Server server;
    private final Mounted mounted;
    private final Path source;
    private final Place.Kind kind;
    private final Map<String, Long> used = new HashMap<>();

    Target(final Server server, final Mounted mounted, final Path source, final Place.Kind kind) {
        this.server = server;
        this.mounted = mounted;
        this.source = source;
        this.kind = kind;
    }

    /** Where the source is. */
    Place.Kind kind() {
        return kind;
    }

    String name() {
        return server.name();
    }

    Server server() {
        return server;
    }

    Mounted mounted() {
        return mounted;
    }

    /** Its directory as clients see it. */
    Path directory() {
        return mounted.point().resolve(server.name());
    }

    /** Its directory in the source, for what is not measured. */
    Path backing() {
        return source.resolve(server.name());
    }

    /** So many files, or as many as the server can show. */
    int files(final int count) {
        return Math.min(count, server.mostFiles());
    }

    /** Waits until the kernel has forgotten the names and attributes that were read under this key. */
    void forget(final String key) throws InterruptedException {
        final Long last = used.get(key);
        if (last != null) {
            final long left = last + BELIEVED_NANOS - System.nanoTime();
            if (left > 0) {
                TimeUnit.NANOSECONDS.sleep(left);
            }
        }
    }

    /** Names and attributes have been read under this key. */
    void used(final String key) {
        used.put(key, System.nanoTime());
    }

    /** Removes something in the source with all that is below. */
    void remove(final String name) throws IOException, InterruptedException {
        Command.of("rm", "-rf", "--one-file-system", backing().resolve(name).toString()).seconds(120).succeed();
    }
}
