package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;

/** How many files a server may have open: more than usual where the system allows it, since some keep a descriptor for each that the kernel knows. */
final class Descriptors {
    /** What a command is preceded by, so that it has the limit. */
    static final List<String> RAISING = List.of("sh", "-c",
        "ulimit -n 1048576 2>/dev/null || ulimit -n \"$(ulimit -Hn)\"; exec \"$@\"", "sh");

    /** Directories, what else is looked at, and what the server itself opens. */
    private static final int OTHERS = 600;

    private Descriptors() {
    }

    /** How many files a server can show that keeps a descriptor for each, see {@link Server#mostFiles}. */
    static int files() throws IOException, InterruptedException {
        final String limit = Command.of().add(RAISING).add("sh", "-c", "ulimit -n").succeed().output().strip();
        return limit.matches("\\d{1,9}") ? Math.max(1, (Integer.parseInt(limit) - OTHERS) / 2) : Integer.MAX_VALUE;
    }
}
