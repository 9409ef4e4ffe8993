package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A source with every server mounted over it, in a directory that goes when it is closed. */
final class Site implements AutoCloseable {
    private static final int REMOVE_SECONDS = 300;

    private final Path work;
    private final List<Target> targets = new ArrayList<>();
    private final Map<String, String> failed = new LinkedHashMap<>();
    private Mounted slow;

    private Site(final Path work) {
        this.work = work;
    }

    /**
     * Mounts all servers.
     *
     * @param place   where
     * @param servers those that can take part
     * @param delay   a server that makes the source slow, or null
     * @param bytes   what a server needs of space
     */
    static Site open(final Place place, final List<Server> servers, final Server delay, final long bytes)
        throws IOException, InterruptedException {
        final long needed = bytes * servers.size();
        final long free = Files.getFileStore(place.base()).getUsableSpace();
        if (free < needed) {
            throw new IOException(String.format(Locale.ROOT, "too little space, %d MiB of %d; make some, or choose fewer --servers", free >> 20,
                needed >> 20));
        }
        final Site site = new Site(Files.createTempDirectory(place.base(), Command.NAME));
        try {
            site.mount(servers, delay);
            return site;
        } catch (final IOException | InterruptedException | RuntimeException e) {
            site.close();
            throw e;
        }
    }

    private void mount(final List<Server> servers, final Server delay) throws IOException, InterruptedException {
        Path source = Files.createDirectory(work.resolve("source"));
        Files.createDirectory(work.resolve("shared"));
        Command.of("mkdir", "-m", "700", work.resolve("states").toString()).succeed();
        if (delay != null) {
            slow = new Mounted(delay, source, work);
            slow.start();
            slow.await();
            source = slow.point();
        }
        for (final Server server : servers) {
            Command.of("mkdir", source.resolve(server.name()).toString()).seconds(20).succeed();
            final Target target = new Target(server, new Mounted(server, source, work), source);
            targets.add(target);
            target.mounted().start();
        }
        for (final Target target : List.copyOf(targets)) {
            await(target);
        }
    }

    private void await(final Target target) throws IOException, InterruptedException {
        try {
            target.mounted().await();
        } catch (final IOException e) {
            failed.put(target.name(), e.getMessage());
            targets.remove(target);
            target.mounted().stop();
        }
    }

    /** Those that serve. */
    List<Target> targets() {
        return List.copyOf(targets);
    }

    /** Those that do not, with the reason. */
    Map<String, String> failed() {
        return failed;
    }

    /** Copies for all servers are kept here. */
    Path shared() {
        return work.resolve("shared");
    }

    /** A reason without the names of this machine's directories. */
    String withoutPaths(final String reason) {
        return reason.replace(work + "/", "").replace(work.toString(), "");
    }

    /** Ends a server that hangs or is gone, and mounts it again. */
    void restart(final Target target) throws IOException, InterruptedException {
        target.mounted().clear();
        target.mounted().start();
        await(target);
    }

    /** Ends a server that is of no use, and does without it. */
    void giveUp(final Target target, final String reason) throws IOException {
        failed.put(target.name(), reason);
        targets.remove(target);
        target.mounted().clear();
    }

    @Override
    public void close() throws IOException {
        final List<String> left = new ArrayList<>();
        for (final Target target : targets) {
            stop(target.mounted(), left);
        }
        if (slow != null) {
            stop(slow, left);
        }
        // Never through a mount that is left: its source may be somebody's.
        if (left.isEmpty()) {
            Command.cleanUp(REMOVE_SECONDS, "rm", "-rf", "--one-file-system", work.toString());
        }
        if (!left.isEmpty() || Files.exists(work)) {
            throw new IOException("not everything could be removed, " + work + " is left: " + String.join("; ", left));
        }
    }

    private static void stop(final Mounted mounted, final List<String> left) {
        try {
            mounted.stop();
        } catch (final IOException e) {
            left.add(e.getMessage());
        }
    }
}
