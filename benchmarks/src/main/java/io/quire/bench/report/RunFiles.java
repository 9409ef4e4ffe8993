package io.quire.bench.report;

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
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files and directories that a run of the benchmarks has for a while. Their names tell the process that made them and when that began, in the kernel's
 * ticks: so what a killed run left can be told from what is in use, though the number of its process be another's by now. Thread-safe, as nothing is kept.
 */
public final class RunFiles {
    /** What names of stores and other files of a run begin with. */
    public static final String NAME = "quire-bench-";
    /** The same where a user would see them. */
    static final String HIDDEN = ".quire-bench-";

    private static final Pattern OWNED = Pattern.compile("\\.?" + NAME + "(\\d{1,9})-(\\d{1,18})[-.].*");
    /** Behind the name of the program, which may hold blanks and brackets itself. */
    private static final int START_FIELD = 19;

    private RunFiles() {
    }

    /** What the names of this process begin with. */
    private static String own(final String beginning) throws IOException {
        final long pid = ProcessHandle.current().pid();
        return beginning + pid + "-" + started(pid).orElseThrow(() -> new IOException("/proc does not show this process")) + "-";
    }

    /**
     * Makes a directory.
     *
     * @param base where
     * @return its name
     * @throws IOException when it cannot be made
     */
    public static Path directory(final Path base) throws IOException {
        return directory(base, NAME);
    }

    static Path directory(final Path base, final String beginning) throws IOException {
        return Files.createTempDirectory(base, own(beginning));
    }

    /**
     * Makes a file.
     *
     * @param base where
     * @return its name
     * @throws IOException when it cannot be made
     */
    public static Path file(final Path base) throws IOException {
        return Files.createTempFile(base, own(NAME), null);
    }

    /** When a process began, in ticks since the system did; empty when there is none. */
    static Optional<String> started(final long pid) throws IOException {
        try {
            final String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
            return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[START_FIELD]);
        } catch (final NoSuchFileException e) {
            return Optional.empty();
        } catch (final IOException e) {
            // It ended between the opening and the reading.
            if (Files.exists(Path.of("/proc", Long.toString(pid)))) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /**
     * Removes what runs left that are over.
     *
     * @param bases where runs have files
     * @return what it was, as a sentence; empty when there was nothing
     * @throws IOException when something of ours cannot be looked at or removed
     */
    public static String removeLeftovers(final Collection<Path> bases) throws IOException {
        final Set<Path> removed = new TreeSet<>();
        for (final Path base : bases) {
            if (Files.isDirectory(base) && Files.isReadable(base)) {
                for (final Path file : left(base.toRealPath())) {
                    remove(file);
                    removed.add(file);
                }
            }
        }
        return removed.isEmpty() ? "" : "removed what a run left that was killed: " + String.join(", ", removed.stream().map(Path::toString).toList());
    }

    private static List<Path> left(final Path base) throws IOException {
        final List<Path> left = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(base, "{,.}" + NAME + "*")) {
            for (final Path file : files) {
                final Matcher name = OWNED.matcher(file.getFileName().toString());
                if (name.matches() && isOurs(file) && !started(Long.parseLong(name.group(1))).equals(Optional.of(name.group(2)))) {
                    left.add(file);
                }
            }
        }
        return left;
    }

    private static boolean isOurs(final Path file) throws IOException {
        try {
            return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(Path.of("/proc/self")));
        } catch (final NoSuchFileException e) {
            return false;
        }
    }

    /**
     * Removes a file, or a directory with all in it; links are not followed. Another may remove it at the same time.
     *
     * @param file which
     * @throws IOException when something of it cannot be removed
     */
    public static void remove(final Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> inside = Files.list(file)) {
                for (final Path each : inside.toList()) {
                    remove(each);
                }
            } catch (final NoSuchFileException e) {
                return;
            }
        }
        Files.deleteIfExists(file);
    }
}
