package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import picocli.CommandLine.Command;

/**
 * {@code quire warm-up}: the reproducer in the engine and a short life of a mount, in one process, run by the launcher
 * after a build. The JVM records which classes it uses and keeps them linked in a file (JEP 514), so that later starts
 * take half the time.
 */
@Command(name = "warm-up", hidden = true, description = "Exercise a mount once, for the launcher.")
final class WarmUpCommand implements Runnable {
    private static final int BYTES = 1 << 20;

    @Override
    public void run() {
        Main.run(LauncherStatus.none(), System.err::print, "reproduce", "--engine", "--policy", "multi-page-locked");
        try {
            final Path directory = Files.createTempDirectory("quire-warm-up-").toRealPath();
            try {
                final Path source = Files.createDirectory(directory.resolve("source"));
                final Path point = Files.createDirectory(directory.resolve("mount"));
                exercise(source, point);
                Files.delete(point);
                MountState.deleteTree(source);
            } finally {
                if (MountTable.read().quire().stream().noneMatch(mount -> mount.point().startsWith(directory + "/"))) {
                    MountState.deleteTree(directory);
                }
            }
        } catch (final IOException e) {
            throw CommandException.failed("the warm-up failed: " + CommandException.reason(e), e);
        } catch (final InterruptedException e) {
            throw CommandException.failed("the warm-up was interrupted", e);
        }
    }

    private static void exercise(final Path source, final Path point) throws IOException, InterruptedException {
        final String name = point.toString();
        final Thread daemon = Thread.ofPlatform().name("quire-main").start(() -> Main.run(LauncherStatus.none(),
            System.err::print, "mount", "--foreground", "--cache-size", "4m", source.toString(), name));
        while (daemon.isAlive() && MountTable.read().at(name).isEmpty()) {
            Thread.sleep(10);
        }
        final MountTable.Mount mount = MountTable.read().at(name).orElse(null);
        if (mount != null) {
            try {
                final Path file = point.resolve("directory").resolve("file");
                Files.createDirectory(file.getParent());
                Files.write(file, new byte[BYTES]);
                Files.readAllBytes(file);
                Files.delete(file);
                Main.run(LauncherStatus.none(), System.err::print, "stats", "--json", name);
                Main.run(LauncherStatus.none(), System.err::print, "stats", name);
            } finally {
                UmountCommand.plain(mount);
            }
        }
        daemon.join();
    }
}
