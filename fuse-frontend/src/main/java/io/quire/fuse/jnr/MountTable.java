package io.quire.fuse.jnr;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads the kernel's mount table, without touching any mounted file system. */
final class MountTable {
    private static final Path TABLE = Path.of("/proc/self/mountinfo");
    private static final int DEVICE_FIELD = 2;
    private static final int MOUNT_POINT_FIELD = 4;
    private static final int OCTAL_DIGITS = 3;
    private static final int OCTAL_RADIX = 8;

    private MountTable() {
    }

    /**
     * One mount.
     *
     * @param device its device number as {@code major:minor}
     * @param type   file system type with subtype, such as {@code fuse.quire}
     */
    record Mount(String device, String type) {
        /**
         * Whether it is one of ours.
         *
         * @return whether the type is {@code fuse.quire}
         */
        boolean isQuire() {
            return type.equals("fuse." + TransportOptions.SUBTYPE);
        }

        /**
         * The number under which {@code /sys/fs/fuse/connections} lists it.
         *
         * @return the minor number, in decimal
         */
        String connection() {
            return device.substring(device.indexOf(':') + 1);
        }
    }

    /**
     * What is mounted on a directory, the uppermost of several.
     *
     * @param mountPoint absolute path without symbolic links
     * @return the mount, or null when nothing is mounted exactly there
     * @throws IOException when the table cannot be read
     */
    static Mount at(final Path mountPoint) throws IOException {
        final byte[] wanted = mountPoint.toString().getBytes(Scratch.nativeCharset());
        Mount found = null;
        for (final String line : Files.readAllLines(TABLE, StandardCharsets.ISO_8859_1)) {
            final String[] fields = line.split(" ");
            final int separator = Arrays.asList(fields).indexOf("-");
            if (separator > MOUNT_POINT_FIELD && separator + 1 < fields.length
                && Arrays.equals(unescape(fields[MOUNT_POINT_FIELD]), wanted)) {
                found = new Mount(fields[DEVICE_FIELD], fields[separator + 1]);
            }
        }
        return found;
    }

    private static byte[] unescape(final String field) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream(field.length());
        int i = 0;
        while (i < field.length()) {
            final char c = field.charAt(i);
            if (c == '\\' && i + OCTAL_DIGITS < field.length()) {
                bytes.write(Integer.parseInt(field.substring(i + 1, i + 1 + OCTAL_DIGITS), OCTAL_RADIX));
                i += 1 + OCTAL_DIGITS;
            } else {
                bytes.write(c);
                i++;
            }
        }
        return bytes.toByteArray();
    }
}
