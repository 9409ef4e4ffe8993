package io.quire.bench.mount;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Programs on the search path. */
final class Programs {
    private Programs() {
    }

    static boolean has(final String name) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(File.pathSeparator))
            .anyMatch(directory -> !directory.isEmpty() && Files.isExecutable(Path.of(directory, name)));
    }
}
