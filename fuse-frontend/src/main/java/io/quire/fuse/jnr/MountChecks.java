package io.quire.fuse.jnr;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;

import io.quire.engine.store.Errno;

/**
 * Finds out, before libfuse is asked to mount, what would make it fail: libfuse only prints its reasons. Each problem
 * is one sentence with its remedy.
 */
final class MountChecks {
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final Path CONFIGURATION = Path.of("/etc/fuse.conf");
    private static final int LOWEST_VERSION = 29;

    private MountChecks() {
    }

    /**
     * Loads libfuse.
     *
     * @return its functions
     * @throws MountException when it is missing or too old
     */
    static Libfuse.Functions library() throws MountException {
        final Libfuse.Functions libfuse;
        try {
            libfuse = Libfuse.load();
        } catch (final UnsatisfiedLinkError e) {
            throw new MountException("libfuse 2 is not installed: install it, on Debian and Ubuntu with"
                + " 'apt-get install libfuse2 fuse'", e);
        }
        if (libfuse.fuse_version() < LOWEST_VERSION) {
            throw new MountException("libfuse " + libfuse.fuse_version() / 10 + "." + libfuse.fuse_version() % 10
                + " is too old: install version 2.9");
        }
        return libfuse;
    }

    /**
     * Checks the kernel's device and the permission to mount.
     *
     * @param allowOther whether other users are let in
     * @throws MountException when it cannot work
     */
    static void device(final boolean allowOther) throws MountException {
        final boolean root = SystemCalls.LIBC.geteuid() == 0;
        if (!Files.exists(DEVICE)) {
            throw new MountException("/dev/fuse does not exist: load the module with 'modprobe fuse', or give the"
                + " container --device /dev/fuse");
        }
        try (Scratch path = Scratch.string(DEVICE.toString())) {
            final int descriptor = SystemCalls.LIBC.open(path.address(),
                SystemCalls.O_RDWR | SystemCalls.O_CLOEXEC, 0);
            if (descriptor >= 0) {
                SystemCalls.LIBC.close(descriptor);
            } else {
                final int errno = SystemCalls.errno();
                final boolean denied = errno == Errno.EACCES || errno == Errno.EPERM;
                if (!denied) {
                    throw new MountException("/dev/fuse cannot be opened (" + Errno.name(errno)
                        + "): load the module with 'modprobe fuse'");
                }
                throw new MountException("not permitted to open /dev/fuse: run as root, or be given read and write"
                    + " permission to it");
            }
        }
        if (!root && !fusermountInstalled()) {
            throw new MountException("fusermount is not installed, which users other than root need for mounting:"
                + " install it, on Debian and Ubuntu with 'apt-get install fuse'");
        }
        if (!root && allowOther && !usersMayAllowOthers()) {
            throw new MountException("users other than root may not let others in: put 'user_allow_other' into"
                + " /etc/fuse.conf, or mount without --allow-other");
        }
    }

    /**
     * Checks the mount point.
     *
     * @param mountPoint where to mount
     * @param nonEmpty   whether it may have entries
     * @return its absolute path without symbolic links
     * @throws MountException when nothing can be mounted there
     */
    static Path mountPoint(final Path mountPoint, final boolean nonEmpty) throws MountException {
        try {
            // Neither the last component nor what may be mounted on it is touched before the table was read: a mount
            // whose server died answers ENOTCONN, and one whose server hangs does not answer at all.
            final Path absolute = mountPoint.toAbsolutePath().normalize();
            final Path parent = absolute.getParent();
            Path real = parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
            refuseOurs(real);
            if (Files.isSymbolicLink(real)) {
                real = real.toRealPath();
                refuseOurs(real);
            }
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(real)) {
                if (!nonEmpty && entries.iterator().hasNext()) {
                    throw new MountException("the mount point " + mountPoint
                        + " is not empty: choose an empty directory, or hide its contents with -o nonempty");
                }
            }
            return real;
        } catch (final NoSuchFileException e) {
            throw new MountException("the mount point " + mountPoint + " does not exist: create it with 'mkdir "
                + mountPoint + "'", e);
        } catch (final NotDirectoryException e) {
            throw new MountException("the mount point " + mountPoint + " is not a directory: choose a directory", e);
        } catch (final AccessDeniedException e) {
            throw new MountException("not permitted to use the mount point " + mountPoint
                + ": choose a directory of your own", e);
        } catch (final IOException e) {
            throw new MountException("the mount point " + mountPoint + " cannot be used (" + reason(e)
                + "): if another file system is mounted there, unmount it first with 'fusermount -u " + mountPoint
                + "' or 'umount'", e);
        }
    }

    private static void refuseOurs(final Path path) throws IOException, MountException {
        final MountTable.Mount mount = MountTable.at(path);
        if (mount != null && mount.isQuire()) {
            throw new MountException(path + " is already a Quire mount, or was one whose server died: unmount it"
                + " first with 'quire umount " + path + "'");
        }
    }

    /**
     * Turns what libfuse printed into one sentence.
     *
     * @param mountPoint where it was to mount
     * @param printed    what it printed, may be empty
     * @return a sentence with a remedy
     */
    static String explain(final Path mountPoint, final String printed) {
        final String text = String.join("; ", printed.lines().map(String::strip)
            .filter(line -> !line.isEmpty()).toList());
        if (text.contains("not permitted") || text.contains("Permission denied")) {
            return "not permitted to mount on " + mountPoint + ": run as root, or give the container"
                + " --cap-add SYS_ADMIN --device /dev/fuse" + (text.isEmpty() ? "" : " (" + text + ")");
        }
        return "mounting on " + mountPoint + " failed: " + (text.isEmpty()
            ? "libfuse gives no reason, 'dmesg' may" : text);
    }

    private static String reason(final IOException e) {
        return e instanceof final java.nio.file.FileSystemException f && f.getReason() != null ? f.getReason()
            : String.valueOf(e.getMessage());
    }

    private static boolean fusermountInstalled() {
        final String path = System.getenv("PATH");
        for (final String directory : (path == null ? "/usr/bin:/bin" : path + ":/usr/bin:/bin").split(":")) {
            if (Files.isExecutable(Path.of(directory, "fusermount"))) {
                return true;
            }
        }
        return false;
    }

    private static boolean usersMayAllowOthers() {
        try {
            final List<String> lines = Files.readAllLines(CONFIGURATION);
            return lines.stream().anyMatch(line -> line.strip().equals("user_allow_other"));
        } catch (final IOException e) {
            // Not there or not readable: fusermount itself decides, and says so.
            return !Files.notExists(CONFIGURATION);
        }
    }
}
