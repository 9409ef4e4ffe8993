package io.quire.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/** The files of results. */
final class Results {
    private Results() {
    }

    /**
     * Writes them all, each under another name first: what was there before is whole until its successor is.
     *
     * @param files their contents by name
     */
    static void write(final Path directory, final Map<String, byte[]> files) throws IOException {
        Files.createDirectories(directory);
        try {
            for (final Map.Entry<String, byte[]> file : files.entrySet()) {
                Files.write(directory.resolve("." + file.getKey() + ".next"), file.getValue());
            }
            for (final String name : files.keySet()) {
                Files.move(directory.resolve("." + name + ".next"), directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            for (final String name : files.keySet()) {
                Files.deleteIfExists(directory.resolve("." + name + ".next"));
            }
        }
    }
}
