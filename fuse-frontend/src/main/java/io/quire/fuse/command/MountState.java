package io.quire.fuse.command;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * What a daemon leaves about one mount for the other commands: a directory named by a hash of the mount point, with
 *
 * <table>
 * <caption>files of a mount</caption>
 * <tr><td>{@code lock}</td><td>locked by the daemon for as long as it lives, whatever ends it</td></tr>
 * <tr><td>{@code trial}</td><td>locked by a process that tries write policies, for as long as it lives</td></tr>
 * <tr><td>{@code properties}</td><td>one {@code key=value} per line, bytes outside printable ASCII as %XX</td></tr>
 * <tr><td>{@code counters}</td><td>see {@link CountersFile}</td></tr>
 * <tr><td>{@code control}</td><td>see {@link ControlSocket}</td></tr>
 * <tr><td>{@code log}</td><td>what the daemon and libfuse print</td></tr>
 * </table>
 *
 * <p>Directories are claimed and removed under one lock for all mounts of the user, so that "is it alive" and what
 * follows from the answer are one step. Locks are fcntl's and so belong to the process: a file that this process has
 * locked must not be opened a second time by it.
 */
final class MountState {
    static final String SOURCE = "source";
    static final String MOUNT_POINT = "mount-point";
    static final String PID = "pid";
    /** The directory in memory that is removed with the mount; absent for other sources. */
    static final String MEMORY_DIRECTORY = "memory-directory";
    static final String WRITE_POLICY = "write-policy";
    static final String CACHE_SIZE = "cache-size";
    /** Whether write policies that are known to deadlock are allowed. */
    static final String LAB = "lab";

    private static final long POLL_MILLIS = 10;

    private final Path base;
    private final Path directory;
    private final String mountPoint;
    /** Held by the daemon only. */
    private final FileChannel claim;

    private MountState(final Path base, final Path directory, final String mountPoint, final FileChannel claim) {
        this.base = base;
        this.directory = directory;
        this.mountPoint = mountPoint;
        this.claim = claim;
    }

    /**
     * Claims the directory for a new daemon: what a dead one left is removed, and the lock is held until the process
     * ends or {@link #remove} is called.
     */
    static MountState claim(final String mountPoint) {
        final Path base = StateBase.create();
        final Path directory = base.resolve(key(mountPoint));
        try (FileChannel _ = lockAll(base)) {
            if (isLocked(directory.resolve("lock"))) {
                throw CommandException.failed(mountPoint + " is already being mounted or unmounted by Quire (daemon "
                    + read(directory).getOrDefault(PID, "just starting") + "); wait, or see quire stats");
            }
            deleteTree(directory);
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
            final FileChannel claim = FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE);
            if (claim.tryLock() == null) {
                claim.close();
                throw CommandException.failed("cannot lock " + directory.resolve("lock"));
            }
            return new MountState(base, directory, mountPoint, claim);
        } catch (final IOException e) {
            throw CommandException.failed("cannot write the state of the mount to " + base + ": "
                + CommandException.reason(e), e);
        }
    }

    /** What is left of or known about the mount at {@code mountPoint}, if anything. */
    static Optional<MountState> find(final String mountPoint) {
        for (final Path base : StateBase.candidates(mountPoint)) {
            final Path directory = base.resolve(key(mountPoint));
            if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                return Optional.of(new MountState(base, directory, mountPoint, null));
            }
        }
        return Optional.empty();
    }

    Path countersFile() {
        return directory.resolve("counters");
    }

    Path controlSocket() {
        return directory.resolve("control");
    }

    Path log() {
        return directory.resolve("log");
    }

    /** Where the daemon works: not in the user's directory, which it would keep busy. */
    Path workingDirectory() {
        return base;
    }

    /** Whether the daemon lives. */
    boolean isAlive() {
        try (FileChannel _ = lockAll(base)) {
            return isLocked(directory.resolve("lock"));
        } catch (final NoSuchFileException gone) {
            return false;
        } catch (final IOException e) {
            throw unreadable(e);
        }
    }

    /** Held by one process that tries write policies, until it is closed or the process ends. */
    FileChannel claimTrial() {
        try {
            final FileChannel trial = FileChannel.open(directory.resolve("trial"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
            if (trial.tryLock() != null) {
                return trial;
            }
            trial.close();
        } catch (final IOException e) {
            throw unreadable(e);
        }
        throw CommandException.failed("another quire reproduce is at work on " + mountPoint + "; wait until it has ended");
    }

    /** Whether a process that tries write policies lives. */
    boolean isTried() {
        try {
            return isLocked(directory.resolve("trial"));
        } catch (final IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * Waits until the daemon has ended; whether it did within {@code limit}. Its lock goes first, its process a moment
     * later; the process is waited for, but what decides is the lock.
     */
    boolean awaitEnd(final Duration limit) {
        final String pid = properties().get(PID);
        final ProcessHandle daemon = pid == null || !isAlive() ? null
            : ProcessHandle.of(Long.parseLong(pid)).orElse(null);
        return await(this::isAlive, limit) && (daemon == null || await(daemon::isAlive, limit));
    }

    /** Whether it is over within the limit. */
    static boolean await(final BooleanSupplier lasts, final Duration limit) {
        final long deadline = System.nanoTime() + limit.toNanos();
        while (lasts.getAsBoolean()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** Replaces the properties as a whole: a reader sees the old ones or the new ones. */
    void write(final Map<String, String> properties) throws IOException {
        final StringBuilder text = new StringBuilder();
        properties.forEach((key, value) -> text.append(key).append('=').append(escape(value)).append('\n'));
        final Path next = directory.resolve("properties.new");
        Files.writeString(next, text, StandardCharsets.US_ASCII);
        Files.move(next, directory.resolve("properties"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** The properties; empty when none were written. */
    Map<String, String> properties() {
        try {
            return read(directory);
        } catch (final IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * Removes the directory, unless another daemon has claimed it meanwhile. The daemon calls this last; {@code umount}
     * calls it for a daemon that is gone.
     */
    void remove() throws IOException {
        try (FileChannel _ = lockAll(base)) {
            if (claim != null) {
                deleteTree(directory);
                claim.close();
            } else if (!isLocked(directory.resolve("lock"))) {
                deleteTree(directory);
            }
        }
    }

    String mountPoint() {
        return mountPoint;
    }

    /** Deletes a tree without following links; one that does not exist is no error. */
    static void deleteTree(final Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        final List<Path> paths;
        try (Stream<Path> walk = Files.walk(tree)) {
            paths = new ArrayList<>(walk.toList());
        }
        for (final Path path : paths.reversed()) {
            Files.deleteIfExists(path);
        }
    }

    /** 64-bit FNV-1a: names need not resist attack, the directory is the user's own and 0700. */
    static String key(final String mountPoint) {
        long hash = 0xCBF29CE484222325L;
        for (final byte b : NativeNames.encode(mountPoint)) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        return String.format("%016x", hash);
    }

    private static FileChannel lockAll(final Path base) throws IOException {
        final FileChannel all = FileChannel.open(base.resolve("lock"), StandardOpenOption.CREATE,
            StandardOpenOption.WRITE);
        try {
            all.lock();
            return all;
        } catch (final IOException | RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private static boolean isLocked(final Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock()) {
            return lock == null;
        } catch (final NoSuchFileException none) {
            return false;
        } catch (final OverlappingFileLockException ownProcess) {
            return true;
        }
    }

    private static Map<String, String> read(final Path directory) throws IOException {
        final Map<String, String> properties = new LinkedHashMap<>();
        final Path file = directory.resolve("properties");
        if (Files.exists(file)) {
            for (final String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
                final int equals = line.indexOf('=');
                if (equals > 0) {
                    properties.put(line.substring(0, equals), unescape(line.substring(equals + 1)));
                }
            }
        }
        return properties;
    }

    private CommandException unreadable(final IOException e) {
        return CommandException.failed("cannot read the state of " + mountPoint + " in " + directory + ": "
            + CommandException.reason(e), e);
    }

    private static String escape(final String value) {
        final StringBuilder out = new StringBuilder();
        for (final byte b : NativeNames.encode(value)) {
            if (b >= ' ' && b < 0x7F && b != '%') {
                out.append((char) b);
            } else {
                out.append(String.format("%%%02X", b & 0xFF));
            }
        }
        return out.toString();
    }

    private static String unescape(final String value) {
        final byte[] out = new byte[value.length()];
        int length = 0;
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) == '%' && i + 2 < value.length()) {
                out[length++] = (byte) Integer.parseInt(value, i + 1, i + 3, 16);
                i += 2;
            } else {
                out[length++] = (byte) value.charAt(i);
            }
        }
        return NativeNames.decode(Arrays.copyOf(out, length));
    }
}
