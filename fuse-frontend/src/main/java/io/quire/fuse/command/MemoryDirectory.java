package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The directory behind {@code mem:}: on tmpfs, made for one mount and removed with it. The outer directory is closed to
 * all others; the inner one is the root of the filesystem and has the modes that users see.
 */
final class MemoryDirectory {
    private static final Path TMPFS = Path.of("/dev/shm");

    private MemoryDirectory() {
    }

    /** The outer directory of the mount; its name follows from the mount, so that it is found after a crash. */
    static Path of(final MountState state) {
        return TMPFS.resolve("quire-" + StateBase.user() + "-" + MountState.key(state.mountPoint()));
    }

    /** Makes it, empty, and returns the inner directory. */
    static String create(final MountState state) {
        final Path outer = of(state);
        try {
            // Of a daemon that crashed: the claim on the mount point says that it is gone.
            remove(outer);
            Files.createDirectory(outer, PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
            final Path inner = Files.createDirectory(outer.resolve("root"));
            Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("rwxr-xr-x"));
            return inner.toString();
        } catch (final IOException e) {
            throw CommandException.failed("cannot make a filesystem in memory at " + outer + ": "
                + CommandException.reason(e)
                + "; name a directory as the source", e);
        }
    }

    /** Removes it when it is there and one's own. */
    static void remove(final Path outer) throws IOException {
        if (Files.isDirectory(outer, LinkOption.NOFOLLOW_LINKS)
            && (Integer) Files.getAttribute(outer, "unix:uid", LinkOption.NOFOLLOW_LINKS) == StateBase.user()) {
            MountState.deleteTree(outer);
        }
    }
}
