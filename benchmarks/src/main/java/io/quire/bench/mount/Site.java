package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A source with every server mounted over it, in a directory that goes when it is closed. */
final class Site implements AutoCloseable {
    private static final int REMOVE_SECONDS = 300;

    private final Path work;
    private final List<Target> targets = new ArrayList<>();
    private final Map<Server, String> failed = new LinkedHashMap<>();
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
     */
    static Site open(final Place place, final List<Server> servers, final Server delay) throws IOException, InterruptedException {
        final Site site = new Site(WorkDirectory.create(place.base()));
        try {
            site.mount(place.kind(), servers, delay);
            return site;
        } catch (final IOException | InterruptedException | RuntimeException e) {
            site.close();
            throw e;
        }
    }

    private void mount(final Place.Kind kind, final List<Server> servers, final Server delay) throws IOException, InterruptedException {
        final Path source = Files.createDirectory(work.resolve("source"));
        Path shown = source;
        Files.createDirectory(work.resolve("shared"));
        Command.of("mkdir", "-m", "700", work.resolve("states").toString()).succeed();
        if (delay != null) {
            slow = new Mounted(delay, source, work);
            slow.start();
            slow.await();
            shown = slow.point();
        }
        for (final Server server : servers) {
            Files.createDirectory(source.resolve(server.name()));
            final Target target = new Target(server, new Mounted(server, shown, work), source, kind);
            targets.add(target);
            target.mounted().start();
        }
        for (final Target target : List.copyOf(targets)) {
            await(target);
        }
    }

    private Optional<String> await(final Target target) throws IOException, InterruptedException {
        try {
            target.mounted().await();
            return Optional.empty();
        } catch (final IOException e) {
            failed.put(target.server(), e.getMessage());
            targets.remove(target);
            target.mounted().stop();
            return Optional.of(e.getMessage());
        }
    }

    /** Those that serve. */
    List<Target> targets() {
        return List.copyOf(targets);
    }

    /** Those that do not, with the reason. */
    Map<Server, String> failed() {
        return Collections.unmodifiableMap(failed);
    }

    /** Copies for all servers are kept here. */
    Path shared() {
        return work.resolve("shared");
    }

    /** A reason without the names of this machine's directories. */
    String withoutPaths(final String reason) {
        return reason.replace(work + "/", "").replace(work.toString(), "");
    }

    /** Ends a server that hangs or is gone, and mounts it again; the reason when that fails. */
    Optional<String> restart(final Target target) throws IOException, InterruptedException {
        target.mounted().clear();
        target.mounted().start();
        return await(target).map(reason -> {
            failed.put(target.server(), "not mounted again: " + reason);
            return failed.get(target.server());
        });
    }

    /** Ends a server that is of no use, and does without it. */
    void giveUp(final Target target, final String reason) throws IOException {
        failed.put(target.server(), reason);
        targets.remove(target);
        target.mounted().clear();
    }

    @Override
    public void close() throws IOException {
        final List<String> left = new ArrayList<>();
        if (slow != null && !slow.answers()) {
            // Whatever waits for the source would not end before it is told that there is none.
            slow.clear();
        }
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
