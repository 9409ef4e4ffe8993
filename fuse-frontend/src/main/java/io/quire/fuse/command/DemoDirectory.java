package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The demo's temporary directory and all that is mounted in it. Removing it unmounts what is still mounted and removes
 * the directory, also after an interruption; removing again does nothing.
 */
final class DemoDirectory implements AutoCloseable {
    /** Parts of a JDK that make a varied tree: small and large files, executables, links. */
    private static final List<String> PARTS = List.of("bin", "conf", "include", "legal", "lib/server", "lib/security");

    /** How the JDK shows that SIGINT ended a process. */
    private static final int ENDED_BY_INTERRUPT = 128 + 2;

    private final Path path;
    private final List<Mounted> mounts = new ArrayList<>();

    private DemoDirectory(final Path path) {
        this.path = path;
    }

    /**
     * A mount of the demo.
     *
     * @param source the directory behind it
     * @param point  where it is mounted
     */
    record Mounted(Path source, Path point) {
    }

    static DemoDirectory create() throws IOException {
        // Canonical, as the mount table will have it.
        return new DemoDirectory(Files.createTempDirectory("quire-demo-").toRealPath());
    }

    Path path() {
        return path;
    }

    /** A tree of real files, copied together from the JDK that runs this. */
    Path original() throws IOException, InterruptedException {
        final Path tree = Files.createDirectory(path.resolve("original"));
        final Path jdk = Path.of(System.getProperty("java.home"));
        for (final String part : PARTS) {
            if (Files.isDirectory(jdk.resolve(part), LinkOption.NOFOLLOW_LINKS)) {
                run("cp", "-a", jdk.resolve(part).toString(), tree.resolve(part.replace('/', '-')).toString());
            }
        }
        return tree;
    }

    /** Mounts a new directory as a user would, through the launcher. */
    Mounted mount(final String name, final String... options) throws IOException, InterruptedException {
        final Mounted mounted = new Mounted(Files.createDirectory(path.resolve(name + "-source")),
            Files.createDirectory(path.resolve(name + "-mount")));
        mounts.add(mounted);
        final String launcher = System.getProperty("quire.launcher");
        if (launcher == null) {
            throw CommandException.failed("the demo mounts through the launcher; start it as scripts/quire demo");
        }
        final List<String> command = new ArrayList<>(List.of(launcher, "mount"));
        command.addAll(Arrays.asList(options));
        command.add(mounted.source().toString());
        command.add(mounted.point().toString());
        run(command.toArray(String[]::new));
        return mounted;
    }

    void unmount(final Mounted mounted) {
        UmountCommand.unmount(mounted.point().toString(), false);
        mounts.remove(mounted);
    }

    /** Runs a program to its end; a failure becomes one line with what the program said. */
    void run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            final int status = process.waitFor();
            if (status == ENDED_BY_INTERRUPT) {
                // Ctrl-C reaches all processes of the terminal, and the other one was faster.
                throw new InterruptedException(command[0]);
            }
            if (status != 0) {
                throw CommandException.failed("the demo could not run " + String.join(" ", command) + ": "
                    + said.strip());
            }
        } finally {
            process.destroy();
        }
    }

    @Override
    public void close() throws IOException {
        remove();
    }

    /** On a thread of its own: an interruption may come at any moment, and must not cut the clean-up's waits short. */
    void remove() throws IOException {
        final FutureTask<Void> removal = new FutureTask<>(() -> {
            removeNow();
            return null;
        });
        Thread.ofPlatform().name("quire-clean-up").start(removal);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    removal.get();
                    return;
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (final ExecutionException e) {
            throw new IOException(CommandException.reason(e.getCause()), e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void removeNow() throws IOException {
        for (final Mounted mounted : mounts.reversed()) {
            if (isKnown(mounted)) {
                UmountCommand.unmount(mounted.point().toString(), true);
            }
        }
        mounts.clear();
        if (MountTable.read().quire().stream().noneMatch(mount -> mount.point().startsWith(path + "/"))) {
            MountState.deleteTree(path);
        }
    }

    /** Whether it is mounted or a daemon is about to. */
    private static boolean isKnown(final Mounted mounted) {
        final String point = mounted.point().toString();
        return MountTable.read().at(point).isPresent() || MountState.find(point).isPresent();
    }
}
