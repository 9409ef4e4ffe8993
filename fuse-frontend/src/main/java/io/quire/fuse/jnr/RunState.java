package io.quire.fuse.jnr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * Whether a thread sleeps, as the kernel sees it: one that is stuck in the source does, one that only waits for the processor does not.
 * Thread-safe; see proc_pid_stat(5).
 */
final class RunState implements BooleanSupplier {
    private static final Path PROC = Path.of("/proc");
    private static final char RUNNABLE = 'R';

    private final Path stat;

    private RunState(final Path stat) {
        this.stat = stat;
    }

    /** The calling platform thread's. */
    static RunState ofCurrentThread() {
        try {
            return new RunState(PROC.resolve(Files.readSymbolicLink(PROC.resolve("thread-self"))).resolve("stat"));
        } catch (final IOException e) {
            return new RunState(null);
        }
    }

    /** Whether it sleeps; true when that cannot be known. */
    @Override
    public boolean getAsBoolean() {
        if (stat == null) {
            return true;
        }
        try {
            // The name before the state is in parentheses and may have any character in it.
            final String text = Files.readString(stat, StandardCharsets.ISO_8859_1);
            return text.charAt(text.lastIndexOf(')') + 2) != RUNNABLE;
        } catch (final IOException e) {
            return true;
        }
    }
}
