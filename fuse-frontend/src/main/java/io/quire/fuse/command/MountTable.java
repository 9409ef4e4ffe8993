package io.quire.fuse.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The kernel's mount table as this process sees it, read from {@code /proc/self/mountinfo}. Reading it touches no
 * mounted filesystem, so it is safe beside a mount whose daemon is gone or stuck. Immutable.
 */
final class MountTable {
    /** What the kernel shows as the filesystem type of our mounts. */
    static final String TYPE = "fuse.quire";

    private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

    private final List<Mount> mounts;

    private MountTable(final List<Mount> mounts) {
        this.mounts = mounts;
    }

    /**
     * One mount.
     *
     * @param device  {@code major:minor}
     * @param point   the mount point, see {@link NativeNames}
     * @param type    filesystem type with subtype
     * @param source  what is mounted
     * @param options the mount's options and the filesystem's, comma-separated
     */
    record Mount(String device, String point, String type, String source, String options) {
        boolean isQuire() {
            return TYPE.equals(type);
        }

        /** Names the FUSE connection under {@code /sys/fs/fuse/connections}. */
        String deviceMinor() {
            return device.substring(device.indexOf(':') + 1);
        }
    }

    static MountTable read() {
        try {
            return parse(Files.readAllBytes(MOUNTINFO));
        } catch (final IOException e) {
            throw CommandException.failed("cannot read " + MOUNTINFO + ": is /proc mounted?", e);
        }
    }

    static MountTable parse(final byte[] mountinfo) {
        final List<Mount> mounts = new ArrayList<>();
        for (final String line : NativeNames.decode(mountinfo).split("\n")) {
            final String[] fields = line.split(" ");
            int separator = 6;
            while (separator < fields.length && !"-".equals(fields[separator])) {
                separator++;
            }
            if (separator + 3 < fields.length) {
                mounts.add(new Mount(fields[2], unescape(fields[4]), unescape(fields[separator + 1]),
                    unescape(fields[separator + 2]), fields[5] + "," + fields[separator + 3]));
            }
        }
        return new MountTable(List.copyOf(mounts));
    }

    /** The mount that a user of {@code point} gets: of several stacked there, the last one mounted. */
    Optional<Mount> at(final String point) {
        return mounts.reversed().stream().filter(mount -> mount.point().equals(point)).findFirst();
    }

    List<Mount> quire() {
        return mounts.stream().filter(Mount::isQuire).toList();
    }

    /** The kernel writes blank, tab, newline and backslash as a backslash and three octal digits. */
    private static String unescape(final String field) {
        if (field.indexOf('\\') < 0) {
            return field;
        }
        final byte[] in = NativeNames.encode(field);
        final ByteArrayOutputStream out = new ByteArrayOutputStream(in.length);
        for (int i = 0; i < in.length; i++) {
            if (in[i] == '\\' && i + 3 < in.length) {
                out.write((in[i + 1] - '0') << 6 | (in[i + 2] - '0') << 3 | in[i + 3] - '0');
                i += 3;
            } else {
                out.write(in[i]);
            }
        }
        return NativeNames.decode(out.toByteArray());
    }
}
