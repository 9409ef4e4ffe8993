package io.quire.fuse.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code quire policy}: switches the write policy of a live mount. */
@Command(name = "policy", mixinStandardHelpOptions = true,
    description = "Switch the write policy of a live mount. The size of the kernel's requests stays as it was mounted.")
final class PolicyCommand implements Runnable {
    @Parameters(index = "0", paramLabel = "MOUNTPOINT")
    private String mountPoint;

    @Parameters(index = "1", paramLabel = "POLICY",
        description = "one-page, multi-page, multi-page-read-head or range; multi-page-locked on a mount made with --lab")
    private String policy;

    @Override
    public void run() {
        Main.say(LiveMount.at(mountPoint).control("policy " + policy) + "\n");
    }
}
