package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

import picocli.CommandLine.Command;

/** {@code quire demo}: shows a real mount at work in less than a minute, and leaves nothing behind. */
@Command(name = "demo", mixinStandardHelpOptions = true,
    description = "Mount a temporary directory, copy a real tree in and out, compare one-page with multi-page writes, "
        + "and remove everything again.")
final class DemoCommand implements Runnable {
    private static final int WARM_UP_RUNS = 12;
    private static final int RUNS = 7;
    private static final long ANSWER_SECONDS = 20;

    @Override
    public void run() {
        final Thread worker = Thread.currentThread();
        // Ctrl-C: the work is interrupted where it stands, and its own clean-up is what the JVM waits for.
        final AtomicBoolean signalled = new AtomicBoolean();
        final Thread signal = new Thread(() -> {
            signalled.set(true);
            worker.interrupt();
            try {
                worker.join(ANSWER_SECONDS * 1000);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "quire-signal");
        Runtime.getRuntime().addShutdownHook(signal);
        try (Progress progress = new Progress(); DemoDirectory directory = DemoDirectory.create()) {
            final String copied = copyTree(progress, directory);
            final String compared = comparePolicies(progress, directory);
            progress.say("removing what the demo made");
            directory.remove();
            progress.end();
            Main.say(copied + "\n" + compared);
        } catch (final IOException e) {
            if (signalled.get()) {
                throw interrupted(e);
            }
            throw CommandException.failed("the demo failed: " + CommandException.reason(e), e);
        } catch (final CommandException e) {
            // Whatever was cut short by the signal complains in its own words.
            throw signalled.get() ? interrupted(e) : e;
        } catch (final InterruptedException e) {
            throw interrupted(e);
        } finally {
            if (!signalled.get()) {
                removeHook(signal);
            }
        }
    }

    private static CommandException interrupted(final Exception cause) {
        return CommandException.failed("the demo was interrupted; what it made is "
            + (cause.getSuppressed().length == 0 ? "removed" : "not all removed: "
                + CommandException.reason(cause.getSuppressed()[0])), cause);
    }

    private static String copyTree(final Progress progress, final DemoDirectory directory)
        throws IOException, InterruptedException {
        progress.say("choosing a tree of files");
        final Path original = directory.original();
        final TreeComparison comparison = TreeComparison.against(original);
        progress.say("mounting " + directory.path());
        final DemoDirectory.Mounted mounted = directory.mount("copy", "--cache-size", "64m");
        final long size = comparison.bytes() >> 20;
        progress.say("copying " + comparison.files() + " files, " + size + " MiB, onto the mount");
        final long in = System.nanoTime();
        directory.run("cp", "-a", original.toString(), mounted.point().resolve("tree").toString());
        final double inSeconds = (System.nanoTime() - in) / 1e9;
        progress.say("comparing the copy on the mount");
        same("the copy on the mount", comparison.difference(mounted.point().resolve("tree")));
        progress.say("copying the files back from the mount");
        final Path back = directory.path().resolve("back");
        final long out = System.nanoTime();
        directory.run("cp", "-a", mounted.point().resolve("tree").toString(), back.toString());
        final double outSeconds = (System.nanoTime() - out) / 1e9;
        progress.say("comparing what came back");
        same("the copy back from the mount", comparison.difference(back));
        directory.unmount(mounted);
        same("the source directory after unmounting", comparison.difference(mounted.source().resolve("tree")));
        return String.format(Locale.ROOT, "Copied %d files, %d MiB, onto a mount with a 64 MiB cache in %.1f s and "
            + "back in %.1f s:%ncontents, modes, owners, times and links are identical, in the source directory too.%n",
            comparison.files(), size, inSeconds, outSeconds);
    }

    private static void same(final String what, final String difference) {
        if (difference != null) {
            throw CommandException.failed(what + " differs: " + difference + "; please report it");
        }
    }

    /**
     * Two mounts that differ only in their policy, measured in turns. Writer and daemons share one processor: with two,
     * waking the other one up would be most of what is measured.
     */
    private static String comparePolicies(final Progress progress, final DemoDirectory directory)
        throws IOException, InterruptedException {
        progress.say("mounting once with each write policy");
        NativeCalls.pinToProcessor(lastProcessor());
        final String[] policies = {"one-page", "multi-page"};
        final StringBuilder table = new StringBuilder(String.format(Locale.ROOT, "%-28s %14s %14s %8s%n",
            "Writes of 64 KiB, MiB/s", policies[0], policies[1], "ratio"));
        final DemoDirectory.Mounted one = directory.mount(policies[0], "--write-policy", policies[0]);
        final DemoDirectory.Mounted multi = directory.mount(policies[1], "--write-policy", policies[1]);
        try (WriteMeasurement onePage = new WriteMeasurement(one.point().resolve("file"));
            WriteMeasurement multiPage = new WriteMeasurement(multi.point().resolve("file"))) {
            for (final WriteMeasurement.Order order : WriteMeasurement.Order.values()) {
                final String name = order.name().toLowerCase(Locale.ROOT);
                for (int run = 0; run < WARM_UP_RUNS + RUNS; run++) {
                    if (run == WARM_UP_RUNS) {
                        onePage.takeMedian();
                        multiPage.takeMedian();
                    }
                    progress.say("measuring " + name + " writes", run < WARM_UP_RUNS ? ", warming up"
                        : ", run " + (run - WARM_UP_RUNS + 1) + " of " + RUNS);
                    onePage.run(order, run);
                    multiPage.run(order, run);
                }
                final double slow = onePage.takeMedian();
                final double fast = multiPage.takeMedian();
                table.append(String.format(Locale.ROOT, "%-28s %14.0f %14.0f %6.1f x%n", name, slow, fast,
                    fast / slow));
            }
        }
        directory.unmount(one);
        directory.unmount(multi);
        return table + String.format(Locale.ROOT, "Medians of %d runs of 32 MiB on one processor.%n", RUNS);
    }

    private static int lastProcessor() throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("Cpus_allowed_list:")) {
                return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip().replaceAll(".*[,-]", ""));
            }
        }
        return 0;
    }

    private static void removeHook(final Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException ending) {
            System.getLogger(DemoCommand.class.getName()).log(System.Logger.Level.DEBUG, "ended by a signal", ending);
        }
    }
}
