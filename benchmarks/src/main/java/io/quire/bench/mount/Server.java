package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Something that shows a source directory at a mount point, or the source itself. */
interface Server {
    /** Short, for the table and as a directory's name: letters, digits, {@code -} and {@code _}. */
    String name();

    /** What it is, with its version, and the options that matter. */
    String description();

    /** Why it cannot take part, with what to do about it; empty when it can. */
    Optional<String> missing();

    /** What serves in the foreground until it is unmounted; empty for the source itself. */
    List<String> command(Path source, Path mountPoint);
}
