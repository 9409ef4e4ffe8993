package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A server of which only the name matters. */
record NamedServer(String name) implements Server {
    @Override
    public String description() {
        return "a server";
    }

    @Override
    public Optional<String> missing() {
        return Optional.empty();
    }

    @Override
    public List<String> command(final Path source, final Path mountPoint) {
        return List.of();
    }
}
