package io.quire.bench.mount;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Something that shows a source directory at a mount point, or the source itself. */
interface Server {
    /** What it takes part for. */
    enum Role {
        /** Compared in every row. */
        PEER,
        /** Quire as it is by default; compared in every row. */
        SUBJECT,
        /** Quire with another write policy: only in rows for which that matters. */
        POLICY,
        /** Quire as it is by default, recording what it does: only to see what that costs. */
        RECORDING
    }

    /** Short, for the table and as a directory's name: letters, digits, {@code -} and {@code _}. */
    String name();

    /** What it is, with its version, and the options that matter. */
    String description();

    /** Why it cannot take part, with what to do about it; empty when it can. */
    Optional<String> missing();

    /** What serves in the foreground until it is unmounted; empty for the source itself. */
    List<String> command(Path source, Path mountPoint);

    /**
     * How many files it can show in one directory while as many new ones are made in another: few when it keeps a descriptor for each file that the
     * kernel knows.
     */
    default int mostFiles() {
        return Integer.MAX_VALUE;
    }

    /** What it takes part for. */
    default Role role() {
        return Role.PEER;
    }
}
