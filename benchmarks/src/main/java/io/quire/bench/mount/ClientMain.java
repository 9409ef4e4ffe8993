package io.quire.bench.mount;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;

/** The client's process: a question in each line of standard input, an answer in each of standard output. */
final class ClientMain {
    private ClientMain() {
    }

    /**
     * Answers until the end of its input.
     *
     * @param arguments none
     * @throws IOException when the one who asks is gone
     */
    public static void main(final String[] arguments) throws IOException {
        final BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String question = questions.readLine(); question != null; question = questions.readLine()) {
            System.out.println(answer(question.split("\t")));
        }
    }

    private static String answer(final String[] words) {
        try {
            return switch (words[0]) {
                case "make" -> {
                    create(names(Files.createDirectory(Path.of(words[1])), "", Integer.parseInt(words[2])));
                    yield "ok";
                }
                case "files" -> "ok " + files(Path.of(words[1]), Path.of(words[2]), Integer.parseInt(words[3]));
                default -> "no such question: " + words[0];
            };
        } catch (final IOException | RuntimeException e) {
            return e.toString().replace('\n', ' ');
        }
    }

    private static String files(final Path known, final Path directory, final int count) throws IOException {
        final Path[] old = names(known, "", count);
        final long start = System.nanoTime();
        for (final Path path : old) {
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        }
        final long looked = System.nanoTime();
        list(known, count);
        final long listed = System.nanoTime();
        Files.createDirectory(directory);
        final Path[] first = names(directory, "", count);
        final Path[] second = names(directory, "renamed-", count);
        final long ready = System.nanoTime();
        create(first);
        final long created = System.nanoTime();
        for (int i = 0; i < count; i++) {
            Files.move(first[i], second[i], StandardCopyOption.ATOMIC_MOVE);
        }
        final long renamed = System.nanoTime();
        for (final Path path : second) {
            Files.delete(path);
        }
        final long unlinked = System.nanoTime();
        Files.delete(directory);
        return per(count, looked - start, listed - looked, created - ready, renamed - created, unlinked - renamed);
    }

    private static void list(final Path directory, final int count) throws IOException {
        int found = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (final Path entry : entries) {
                found += entry.getNameCount() > 0 ? 1 : 0;
            }
        }
        if (found != count) {
            throw new IOException("a directory of " + count + " files listed " + found);
        }
    }

    private static void create(final Path[] paths) throws IOException {
        for (final Path path : paths) {
            Files.createFile(path);
        }
    }

    private static Path[] names(final Path directory, final String prefix, final int count) {
        final Path[] names = new Path[count];
        for (int i = 0; i < count; i++) {
            names[i] = directory.resolve(prefix + "file-" + i);
        }
        return names;
    }

    private static String per(final int count, final long... nanos) {
        final StringBuilder text = new StringBuilder();
        for (final long each : nanos) {
            text.append(String.format(Locale.ROOT, "%.1f ", (double) each / count));
        }
        return text.toString().strip();
    }
}
