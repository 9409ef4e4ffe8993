package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Compares two trees of files: names, types, contents, link targets, modes, owners and times of modification (those of
 * links aside, as cp cannot always set them).
 */
final class TreeComparison {
    private static final String COMPARED = "unix:mode,uid,gid,lastModifiedTime";

    private final SortedMap<Path, BasicFileAttributes> expected;
    private final Path expectedRoot;

    private TreeComparison(final Path expectedRoot) throws IOException {
        this.expectedRoot = expectedRoot;
        this.expected = list(expectedRoot);
    }

    static TreeComparison against(final Path tree) throws IOException {
        return new TreeComparison(tree);
    }

    long files() {
        return expected.size();
    }

    long bytes() {
        return expected.values().stream().filter(BasicFileAttributes::isRegularFile)
            .mapToLong(BasicFileAttributes::size).sum();
    }

    /** The first difference in words, or null when {@code actualRoot} is the same. */
    String difference(final Path actualRoot) throws IOException {
        final SortedMap<Path, BasicFileAttributes> actual = list(actualRoot);
        for (final Path name : actual.keySet()) {
            if (!expected.containsKey(name)) {
                return name + " is one too many";
            }
        }
        for (final Map.Entry<Path, BasicFileAttributes> entry : expected.entrySet()) {
            final Path name = entry.getKey();
            final BasicFileAttributes found = actual.get(name);
            if (found == null) {
                return name + " is missing";
            }
            final String difference = difference(expectedRoot.resolve(name), entry.getValue(),
                actualRoot.resolve(name), found);
            if (difference != null) {
                return name + difference;
            }
        }
        return null;
    }

    private static String difference(final Path left, final BasicFileAttributes leftAttributes, final Path right,
        final BasicFileAttributes rightAttributes) throws IOException {
        if (leftAttributes.isSymbolicLink() && rightAttributes.isSymbolicLink()) {
            return Files.readSymbolicLink(left).equals(Files.readSymbolicLink(right)) ? null
                : " leads somewhere else";
        }
        final Map<String, Object> was = Files.readAttributes(left, COMPARED, LinkOption.NOFOLLOW_LINKS);
        final Map<String, Object> is = Files.readAttributes(right, COMPARED, LinkOption.NOFOLLOW_LINKS);
        if (!was.equals(is)) {
            return " has the attributes " + is + " instead of " + was;
        }
        if (leftAttributes.isRegularFile() && Files.mismatch(left, right) >= 0) {
            return " differs from byte " + Files.mismatch(left, right) + " on";
        }
        return null;
    }

    private static SortedMap<Path, BasicFileAttributes> list(final Path root) throws IOException {
        final SortedMap<Path, BasicFileAttributes> files = new TreeMap<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(final Path directory, final BasicFileAttributes attributes) {
                files.put(root.relativize(directory), attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes) {
                files.put(root.relativize(file), attributes);
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }
}
