package io.quire.fuse.command;

import java.nio.charset.StandardCharsets;

/**
 * How a daemon tells the launcher, which waits in the foreground, how its start ended: the exit status and the process
 * id in decimal on a descriptor, which is then closed; of a mount also the trace that it records, between a space and " .", for a
 * launcher that was interrupted to take it away. The launcher reads up to the end of file, so a daemon that dies
 * without a word is noticed at once.
 */
final class LauncherStatus {
    private static final int NONE = -1;

    private int descriptor;

    private LauncherStatus(final int descriptor) {
        this.descriptor = descriptor;
    }

    /** The launcher names the descriptor in the system property {@code quire.status.descriptor}. */
    static LauncherStatus fromSystemProperty() {
        return new LauncherStatus(Integer.getInteger("quire.status.descriptor", NONE));
    }

    static LauncherStatus none() {
        return new LauncherStatus(NONE);
    }

    /** Whether a launcher waits. */
    boolean isWaiting() {
        return descriptor != NONE;
    }

    /** Reports once; later calls do nothing. Returns false when the launcher has gone away meanwhile. */
    boolean report(final int status) {
        return report(status, "");
    }

    /** As {@link #report}, of a mount that answers and records a trace, or none when that is null. */
    boolean mounted(final String trace) {
        return report(0, trace == null ? "" : " " + trace + " .");
    }

    private boolean report(final int status, final String more) {
        if (descriptor == NONE) {
            return true;
        }
        final int reporting = descriptor;
        descriptor = NONE;
        final String line = status + " " + ProcessHandle.current().pid() + more + "\n";
        final boolean told = NativeCalls.write(reporting, line.getBytes(StandardCharsets.UTF_8)) > 0;
        return NativeCalls.close(reporting) == 0 && told;
    }
}
