package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who uses a mount: processes with a working directory, a root or an open file there. Reads /proc only. */
final class BusyProcesses {
    private static final int NAMED = 5;

    private BusyProcesses() {
    }

    /** For example {@code "bash (pid 12), vi (pid 14)"}; empty when none is visible to this user. */
    static String of(final String mountPoint) {
        final List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (final Path process : processes) {
                if (uses(process, mountPoint)) {
                    found.add(name(process) + " (pid " + process.getFileName() + ")");
                }
            }
        } catch (final IOException e) {
            throw CommandException.failed("cannot read /proc: " + CommandException.reason(e), e);
        }
        final String named = String.join(", ", found.subList(0, Math.min(NAMED, found.size())));
        return found.size() > NAMED ? named + " and " + (found.size() - NAMED) + " more" : named;
    }

    private static boolean uses(final Path process, final String mountPoint) {
        if (within(process.resolve("cwd"), mountPoint) || within(process.resolve("root"), mountPoint)
            || within(process.resolve("exe"), mountPoint)) {
            return true;
        }
        for (final String links : List.of("fd", "map_files")) {
            try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve(links))) {
                for (final Path link : open) {
                    if (within(link, mountPoint)) {
                        return true;
                    }
                }
            } catch (final IOException | DirectoryIteratorException goneOrNotOurs) {
                // The process has ended or belongs to another user: it cannot be told, so it is not named.
                continue;
            }
        }
        return false;
    }

    /** Reading such a link asks the kernel for the path it keeps, never the filesystem. */
    private static boolean within(final Path link, final String mountPoint) {
        final String target = NativeCalls.readlink(link.toString());
        return target != null && CanonicalPath.isWithin(target, mountPoint);
    }

    private static String name(final Path process) {
        try {
            return Files.readString(process.resolve("comm"), StandardCharsets.ISO_8859_1).strip();
        } catch (final IOException ended) {
            return "a process that has ended";
        }
    }
}
