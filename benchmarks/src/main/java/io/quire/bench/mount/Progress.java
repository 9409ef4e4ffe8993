package io.quire.bench.mount;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Tells what is going on, and how long it will take: first by experience, then by how this machine compares with it. */
final class Progress {
    /** Mounting, warming up and unmounting in a place, for each JVM and for each other server. */
    private static final double START_SECONDS_JVM = 5;
    private static final double START_SECONDS = 2;
    /** The estimate is not corrected before so much of it is done. */
    private static final double SIGNIFICANT = 0.05;

    private final Consumer<String> out;
    private final long start = System.nanoTime();
    private double expected;
    private double done;

    Progress(final Consumer<String> out) {
        this.out = out;
    }

    void say(final String line) {
        out.accept(line);
    }

    /** More is to be done that takes about so long. */
    void expect(final double seconds) {
        expected += seconds;
    }

    /** So much of what was expected is done, or will not be done. */
    void done(final double seconds) {
        done += seconds;
    }

    /** What mounting and warming up takes. */
    static double startSeconds(final List<Server> servers, final Scale scale) {
        final long daemons = servers.stream().filter(server -> server.role() != Server.Role.PEER).count();
        // Three kinds of requests, two servers at a time.
        return daemons * (START_SECONDS_JVM + 3 * scale.warmUpMillis() / 2e3) + (servers.size() - daemons) * START_SECONDS;
    }

    void begin(final int steps, final int servers) {
        say(String.format(Locale.ROOT, "%d groups of rows on %d servers, %s on a quiet machine", steps, servers, minutes(expected)));
    }

    void step(final String label) {
        final double gone = gone();
        final double pace = done > SIGNIFICANT * expected ? gone / done : 1;
        say(String.format(Locale.ROOT, "%s %s (%s left)", clock(gone).strip(), label,
            minutes(Math.max(0, expected - done) * pace)));
    }

    double gone() {
        return (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    /** Minutes and seconds. */
    static String clock(final double seconds) {
        final long whole = Math.round(seconds);
        return String.format(Locale.ROOT, "%2d:%02d", whole / 60, whole % 60);
    }

    private static String minutes(final double seconds) {
        final long minutes = Math.round(seconds / 60);
        return seconds < 60 ? "less than a minute" : "about " + (minutes == 1 ? "a minute" : minutes + " minutes");
    }
}
