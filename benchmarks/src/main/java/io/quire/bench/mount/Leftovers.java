package io.quire.bench.mount;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What other runs have on this machine: those that still go on, and what is left of those that were killed, which goes. */
final class Leftovers {
    private static final Pattern NAME = Pattern.compile("quire-compare-(\\d+)-.*");
    private static final int REMOVE_SECONDS = 300;
    private static final int END_SECONDS = 5;

    private final Set<Long> running = new TreeSet<>();
    private final List<Path> dead = new ArrayList<>();

    private Leftovers() {
    }

    /**
     * Looks for them.
     *
     * @param bases where runs make their directories
     */
    static Leftovers in(final Collection<Path> bases) throws IOException {
        final Leftovers found = new Leftovers();
        final Map<Long, List<Path>> others = new TreeMap<>();
        for (final Path base : Set.copyOf(bases)) {
            if (Files.isDirectory(base) && Files.isReadable(base)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(base.toRealPath(), "quire-compare-*")) {
                    for (final Path file : files) {
                        final Matcher name = NAME.matcher(file.getFileName().toString());
                        if (name.matches() && !file.getFileName().toString().startsWith(Command.NAME) && isOurs(file)) {
                            others.computeIfAbsent(Long.valueOf(name.group(1)), pid -> new ArrayList<>()).add(file);
                        }
                    }
                }
            }
        }
        for (final Map.Entry<Long, List<Path>> run : others.entrySet()) {
            if (goesOn(run.getKey(), run.getValue())) {
                found.running.add(run.getKey());
            } else {
                found.dead.addAll(run.getValue());
            }
        }
        return found;
    }

    /** A lock that nobody holds says that a run is over. Before there is one only its process can tell. */
    private static boolean goesOn(final long pid, final List<Path> files) throws IOException {
        boolean locks = false;
        for (final Path file : files) {
            if (WorkDirectory.isUsed(file)) {
                return true;
            }
            locks |= WorkDirectory.hasLock(file);
        }
        return !locks && ProcessHandle.of(pid).isPresent();
    }

    private static boolean isOurs(final Path file) throws IOException {
        try {
            return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(Path.of("/proc/self")));
        } catch (final NoSuchFileException e) {
            return false;
        }
    }

    /** Process ids of the runs that go on. */
    Set<Long> running() {
        return running;
    }

    /**
     * Removes what is left: ends connections, detaches mounts, waits for the servers to end, removes files.
     *
     * @return what it was, as a sentence; empty when there was nothing
     */
    String remove() throws IOException {
        int mounts = 0;
        int processes = 0;
        for (final Path file : dead) {
            final List<MountInfo> mounted = below(file);
            for (final MountInfo mount : mounted.reversed()) {
                detach(mount);
            }
            mounts += mounted.size();
            processes += end(file);
            if (!below(file).isEmpty() || !Command.cleanUp(REMOVE_SECONDS, "rm", "-rf", "--one-file-system", file.toString())) {
                throw new IOException("what a killed run left cannot be removed: " + file);
            }
        }
        return dead.isEmpty() ? "" : "removed what a run left that was killed: " + dead.size() + " files and directories, " + mounts
            + " mounts, " + processes + " processes";
    }

    private static List<MountInfo> below(final Path directory) throws IOException {
        return MountInfo.all().stream().filter(mount -> mount.point().startsWith(directory + "/")).toList();
    }

    private static void detach(final MountInfo mount) throws IOException {
        if (Files.isWritable(mount.abortFile())) {
            try (FileOutputStream out = new FileOutputStream(mount.abortFile().toFile())) {
                out.write('1');
            }
        }
        Command.cleanUp(END_SECONDS, "sh", "-c", "umount -l \"$1\" || fusermount -u -z \"$1\" || fusermount3 -u -z \"$1\"", "sh", mount.point());
    }

    /** Servers and clients of that run name its directory on their command lines; most end with the mount. */
    private static int end(final Path directory) {
        final List<ProcessHandle> processes = ProcessHandle.allProcesses().filter(process -> names(process, directory)).toList();
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        for (final ProcessHandle process : processes) {
            while (process.isAlive() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            process.destroyForcibly();
        }
        return processes.size();
    }

    private static boolean names(final ProcessHandle process, final Path directory) {
        try {
            return process.pid() != ProcessHandle.current().pid() && Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"),
                StandardCharsets.ISO_8859_1).contains(directory + "/");
        } catch (final IOException e) {
            // It has ended, or is not ours.
            return false;
        }
    }
}
