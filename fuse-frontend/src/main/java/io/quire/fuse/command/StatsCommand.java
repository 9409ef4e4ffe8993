package io.quire.fuse.command;

import java.io.IOException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code quire stats}: shows the counters of a live mount. */
@Command(name = "stats", mixinStandardHelpOptions = true,
    description = "Show the statistics of a live mount, without disturbing it.")
final class StatsCommand implements Runnable {
    private static final long WATCH_MILLIS = 1000;

    @Option(names = "--json", description = "one JSON object")
    private boolean json;

    @Option(names = "--watch", description = "show again each second, with rates, until interrupted or unmounted")
    private boolean watch;

    @Parameters(index = "0", paramLabel = "MOUNTPOINT")
    private String mountPoint;

    @Override
    public void run() {
        final LiveMount mount = LiveMount.at(mountPoint);
        final CountersFile counters;
        try {
            counters = CountersFile.open(mount.state().countersFile());
        } catch (final IOException e) {
            throw CommandException.failed("the statistics of " + mount.mountPoint() + " cannot be read: "
                + CommandException.reason(e), e);
        }
        try (counters) {
            final StatsReport report = new StatsReport(mount.mountPoint(), mount.state().properties());
            StatsReport.Sample sample = StatsReport.Sample.of(counters);
            Main.say(json ? report.json(sample) : report.text(sample, null));
            while (watch && mount.state().isAlive()) {
                Thread.sleep(WATCH_MILLIS);
                final StatsReport.Sample before = sample;
                sample = StatsReport.Sample.of(counters);
                Main.say(json ? report.json(sample) : "\n" + report.text(sample, before));
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
