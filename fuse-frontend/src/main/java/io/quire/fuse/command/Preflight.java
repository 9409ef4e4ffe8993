package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Everything that can be found out before anything is started: each obstacle gets the line that says what to do. */
final class Preflight {
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final Path CONFIGURATION = Path.of("/etc/fuse.conf");

    private Preflight() {
    }

    static void check(final MountOptions options) {
        // Before anything is touched: a mount point of ours may be dead.
        final MountTable table = MountTable.read();
        checkNotOurs(table, options.mountPoint());
        if (!options.inMemory()) {
            checkSource(table, options);
        }
        checkMountPoint(options);
        checkSystem(options);
        if (options.record() != null) {
            RecordedTrace.check(options);
        }
    }

    private static void checkNotOurs(final MountTable table, final String mountPoint) {
        for (final MountTable.Mount mount : table.quire()) {
            if (CanonicalPath.isWithin(mountPoint, mount.point())) {
                final boolean same = mountPoint.equals(mount.point());
                if (MountState.find(mount.point()).filter(MountState::isAlive).isEmpty()) {
                    throw CommandException.failed(mountPoint + (same ? " is" : " lies on")
                        + " a Quire mount whose daemon is gone; clear it with quire umount " + mount.point());
                }
                if (same) {
                    throw CommandException.failed(mountPoint + " is already a Quire mount of " + mount.source()
                        + "; unmount it first with quire umount " + mountPoint);
                }
            }
        }
    }

    private static void checkSource(final MountTable table, final MountOptions options) {
        final String source = options.source();
        final String mountPoint = options.mountPoint();
        checkLive(table, source);
        final Path path = existing(source, "the source " + source + " does not exist; create it or name another");
        if (!Files.isDirectory(path)) {
            throw CommandException.failed("the source " + source + " is not a directory; name a directory, or mem:");
        }
        if (source.equals(mountPoint) || isSame(source, mountPoint)) {
            throw CommandException.failed("the source " + source
                + " is the mount point itself; mount it somewhere else");
        }
        if (CanonicalPath.isWithin(source, mountPoint) || isBelow(source, mountPoint)) {
            throw CommandException.failed("the source " + source + " lies inside the mount point " + mountPoint
                + ", which would hide it; mount it somewhere else");
        }
        if (CanonicalPath.isWithin(mountPoint, source) || isBelow(mountPoint, source)) {
            throw CommandException.failed("the mount point " + mountPoint + " lies inside the source " + source
                + ", so the mount would contain itself without end; mount it somewhere else");
        }
        if (!Files.isReadable(path) || !Files.isExecutable(path)) {
            throw CommandException.failed("not permitted to read the source " + source
                + "; change its permissions or mount as another user");
        }
    }

    /** Whether an ancestor of {@code path} is {@code directory} by whatever name, a bind mount's for example. */
    static boolean isBelow(final String path, final String directory) {
        for (int end = path.lastIndexOf('/'); end >= 0; end = end == 0 ? -1 : path.lastIndexOf('/', end - 1)) {
            if (isSame(end == 0 ? "/" : path.substring(0, end), directory)) {
                return true;
            }
        }
        return false;
    }

    /** Whether both exist and are the same directory. */
    private static boolean isSame(final String one, final String other) {
        try {
            return Files.isSameFile(NativeNames.path(one), NativeNames.path(other));
        } catch (final IOException | SecurityException unreachable) {
            // One that does not exist or may not be looked at is found out by the other checks.
            return false;
        }
    }

    private static void checkLive(final MountTable table, final String source) {
        for (final MountTable.Mount mount : table.quire()) {
            if (CanonicalPath.isWithin(source, mount.point())
                && MountState.find(mount.point()).filter(MountState::isAlive).isEmpty()) {
                throw CommandException.failed("the source " + source + " lies on a Quire mount whose daemon is gone; "
                    + "clear it with quire umount " + mount.point());
            }
        }
    }

    private static void checkMountPoint(final MountOptions options) {
        final String mountPoint = options.mountPoint();
        if (!NativeNames.isUtf8(mountPoint)) {
            throw CommandException.failed("the name of the mount point " + mountPoint
                + " is not UTF-8, which the transport needs; name another (the source may have any name)");
        }
        final Path path = existing(mountPoint, "the mount point " + mountPoint
            + " does not exist; create it with mkdir " + mountPoint);
        if (!Files.isDirectory(path)) {
            throw CommandException.failed("the mount point " + mountPoint + " is not a directory; name a directory");
        }
        if (StateBase.user() != 0 && !Files.isWritable(path)) {
            throw CommandException.failed("not permitted to mount at " + mountPoint
                + "; users other than root mount at directories that they may write to");
        }
        if (options.nonempty()) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            if (entries.iterator().hasNext()) {
                throw CommandException.failed("the mount point " + mountPoint
                    + " is not empty; name an empty directory, or hide what it holds with -o nonempty");
            }
        } catch (final IOException e) {
            throw CommandException.failed("the mount point " + mountPoint + " cannot be read: "
                + CommandException.reason(e)
                + "; name another", e);
        }
    }

    private static void checkSystem(final MountOptions options) {
        final boolean root = StateBase.user() == 0;
        if (!Files.exists(DEVICE)) {
            throw CommandException.failed("there is no " + DEVICE + "; load the kernel module with modprobe fuse, or "
                + "start the container with --device " + DEVICE);
        }
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            throw CommandException.failed("not permitted to use " + DEVICE + "; ask root to chmod 666 it");
        }
        if (!NativeCalls.hasLibrary("libfuse.so.2")) {
            throw CommandException.failed("libfuse 2 is missing; install it (Debian: apt-get install libfuse2 fuse)");
        }
        if (!root && options.allowOther() && !userAllowOther()) {
            throw CommandException.failed("--allow-other is not permitted to users other than root; ask root to write "
                + "user_allow_other into " + CONFIGURATION);
        }
    }

    private static boolean userAllowOther() {
        try {
            return Files.isReadable(CONFIGURATION)
                && Files.readAllLines(CONFIGURATION, StandardCharsets.ISO_8859_1).stream()
                    .anyMatch(line -> "user_allow_other".equals(line.strip()));
        } catch (final IOException e) {
            throw CommandException.failed(CONFIGURATION + " cannot be read: " + CommandException.reason(e), e);
        }
    }

    private static Path existing(final String name, final String otherwise) {
        try {
            final Path path = NativeNames.path(name);
            if (Files.exists(path)) {
                return path;
            }
        } catch (final IOException e) {
            throw CommandException.failed(otherwise, e);
        }
        throw CommandException.failed(otherwise);
    }
}
