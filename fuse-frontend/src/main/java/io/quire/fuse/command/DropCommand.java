package io.quire.fuse.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code quire drop}: empties the cache of a live mount; for measurements. */
@Command(name = "drop", hidden = true, mixinStandardHelpOptions = true,
    description = "Drop all cached pages of a live mount.")
final class DropCommand implements Runnable {
    @Parameters(index = "0", paramLabel = "MOUNTPOINT")
    private String mountPoint;

    @Override
    public void run() {
        Main.say(LiveMount.at(mountPoint).control("drop") + "\n");
    }
}
