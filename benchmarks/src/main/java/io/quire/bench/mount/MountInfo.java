package io.quire.bench.mount;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A line of the kernel's mount table. Reading it touches no mount, so a hung one cannot take us along.
 *
 * @param point  where it is mounted; octal escapes of blanks are left as they are
 * @param device major and minor number, {@code 0:52}
 * @param type   such as {@code fuse.quire}
 */
record MountInfo(String point, String device, String type) {
    /** The mounts of this process. */
    static List<MountInfo> all() throws IOException {
        // Not by a channel, which would refuse while we are being interrupted.
        try (FileInputStream in = new FileInputStream("/proc/self/mountinfo")) {
            return parse(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
        }
    }

    /** Reads {@code /proc/PID/mountinfo}. */
    static List<MountInfo> parse(final String text) {
        return text.lines().map(line -> line.split(" ")).filter(words -> words.length > 6).map(words -> {
            int dash = 6;
            while (dash < words.length - 2 && !"-".equals(words[dash])) {
                dash++;
            }
            return new MountInfo(words[4], words[2], words[dash + 1]);
        }).toList();
    }

    /** What is mounted exactly there, the uppermost. */
    static Optional<MountInfo> at(final Path point) throws IOException {
        return all().stream().filter(mount -> mount.point().equals(point.toString())).reduce((under, over) -> over);
    }

    /** The mount that a path lies on, by its name. */
    static MountInfo of(final Path path) throws IOException {
        return all().stream().filter(mount -> path.startsWith(mount.point()))
            .max(Comparator.comparingInt(mount -> mount.point().length())).orElseThrow();
    }

    /** What the kernel gives for ending a FUSE connection whose daemon does not answer; may not be there. */
    Path abortFile() {
        return Path.of("/sys/fs/fuse/connections", device.substring(device.indexOf(':') + 1), "abort");
    }
}
