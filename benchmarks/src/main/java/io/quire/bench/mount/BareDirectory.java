package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The source itself, without a mount: the limit. */
final class BareDirectory implements Server {
    static final String NAME = "bare";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "the source directory itself, the limit";
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
