package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the states of a user's mounts are: {@code /run/quire} for root, {@code $XDG_RUNTIME_DIR/quire} for others and
 * {@code /tmp/quire-UID} where there is no such directory; {@code $QUIRE_STATE_DIRECTORY} overrides all. Mode 0700.
 */
final class StateBase {
    private static final Pattern USER_ID = Pattern.compile("(?:^|,)user_id=(\\d+)(?:,|$)");

    private StateBase() {
    }

    /** The numeric user of this process. */
    static int user() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (final IOException e) {
            throw CommandException.failed("cannot read /proc/self: is /proc mounted?", e);
        }
    }

    /** The user's own directory, made when missing; refused when someone else could have made it. */
    static Path create() {
        final int user = user();
        final Path base = own(user);
        try {
            try {
                Files.createDirectory(base, PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------")));
            } catch (final FileAlreadyExistsException exists) {
                final boolean safe = Files.isDirectory(base, LinkOption.NOFOLLOW_LINKS)
                    && (Integer) Files.getAttribute(base, "unix:uid", LinkOption.NOFOLLOW_LINKS) == user
                    && PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(base, LinkOption.NOFOLLOW_LINKS)).equals("rwx------");
                if (!safe) {
                    throw CommandException.failed(base + " must be a directory of yours with mode 0700: remove it, or "
                        + "set QUIRE_STATE_DIRECTORY to another");
                }
            }
        } catch (final IOException e) {
            throw CommandException.failed("cannot make " + base + " for the state of the mount: "
                + CommandException.reason(e)
                + "; set QUIRE_STATE_DIRECTORY to a directory of yours", e);
        }
        return base;
    }

    /** Where the state of a mount may be: one's own directory and, for root, those of the mount's user. */
    static List<Path> candidates(final String mountPoint) {
        final int user = user();
        final List<Path> candidates = new ArrayList<>();
        candidates.add(own(user));
        if (user == 0) {
            MountTable.read().at(mountPoint).filter(MountTable.Mount::isQuire).ifPresent(mount -> {
                final Matcher owner = USER_ID.matcher(mount.options());
                if (owner.find() && !"0".equals(owner.group(1))) {
                    candidates.add(Path.of("/run/user", owner.group(1), "quire"));
                    candidates.add(Path.of("/tmp", "quire-" + owner.group(1)));
                }
            });
        }
        return candidates;
    }

    private static Path own(final int user) {
        final String chosen = System.getenv("QUIRE_STATE_DIRECTORY");
        if (chosen != null && !chosen.isEmpty()) {
            return Path.of(chosen).toAbsolutePath();
        }
        if (user == 0 && Files.isWritable(Path.of("/run"))) {
            return Path.of("/run/quire");
        }
        final String runtime = System.getenv("XDG_RUNTIME_DIR");
        if (user != 0 && runtime != null && !runtime.isEmpty() && Files.isWritable(Path.of(runtime))) {
            return Path.of(runtime, "quire");
        }
        return Path.of("/tmp", "quire-" + user);
    }
}
