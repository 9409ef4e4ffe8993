package io.quire.fuse.command;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

import io.quire.engine.cache.WritePolicy;
import io.quire.fuse.reproduce.Outcome;
import io.quire.fuse.reproduce.ResultTable;
import io.quire.fuse.reproduce.Watchdog;
import io.quire.fuse.reproduce.WriteCase;

/**
 * Has the cases run on a live mount, under each policy in turn. This process touches the mount only through the daemon's
 * control socket; what may hang is done by another process, under a watchdog.
 */
final class MountReproducer {
    private static final System.Logger LOG = System.getLogger(MountReproducer.class.getName());

    private final LiveMount mount;
    private final ResultTable table;
    private final int runs;
    private final long limitMillis;
    private final List<WriteCase> cases = WriteCase.all();
    private volatile Watchdog worker;
    /** Guarded by this: the policy is not the one that the mount had. */
    private boolean switched;
    /** Guarded by this: a signal ends the command. */
    private boolean signalled;

    private MountReproducer(final LiveMount mount, final ResultTable table, final int runs, final long limitMillis) {
        this.mount = mount;
        this.table = table;
        this.runs = runs;
        this.limitMillis = limitMillis;
    }

    static void run(final String name, final List<WritePolicy> policies, final int runs, final int limitSeconds,
        final ResultTable table) {
        final LiveMount mount = LiveMount.at(name);
        final MountTable.Mount entry = MountTable.read().at(mount.mountPoint()).orElseThrow(() ->
            CommandException.failed(mount.mountPoint() + " is being mounted or unmounted; wait and try again"));
        if (Arrays.asList(entry.options().split(",")).contains("ro")) {
            throw CommandException.failed(mount.mountPoint() + " is mounted read-only, and the reproducer has to write; "
                + "mount it without --read-only");
        }
        if (!UmountCommand.answers(mount.state())) {
            throw CommandException.failed("the daemon of " + mount.mountPoint() + " does not answer; see "
                + mount.state().log() + ", or clear the mount with quire umount " + mount.mountPoint());
        }
        try (FileChannel _ = mount.state().claimTrial()) {
            new MountReproducer(mount, table, runs, limitSeconds * 1000L).run(policies);
        } catch (final IOException e) {
            throw CommandException.failed("cannot end the trial of " + mount.mountPoint() + ": "
                + CommandException.reason(e), e);
        }
    }

    private void run(final List<WritePolicy> policies) {
        final boolean lab = Boolean.parseBoolean(mount.state().properties().get(MountState.LAB));
        if (policies.stream().noneMatch(policy -> lab || !policy.isLaboratory())) {
            throw CommandException.failed(Laboratory.refusal(policies.getFirst(), "mount " + mount.mountPoint()
                + " again with --lab to use it"));
        }
        final Thread signal = new Thread(this::endBySignal, "quire-signal");
        Runtime.getRuntime().addShutdownHook(signal);
        try (Progress progress = Progress.onTerminal()) {
            progress.say("starting the process that writes");
            try (Watchdog started = Watchdog.overMountWorker(NativeNames.encode(mount.mountPoint()), limitMillis)) {
                worker = started;
                boolean hung = !isReady(policies.getFirst());
                for (final WritePolicy policy : policies) {
                    if (!lab && policy.isLaboratory()) {
                        cases.forEach(one -> table.add(policy.name(), one, 1, Outcome.refused()));
                    } else {
                        hung = hung || !run(policy, progress);
                    }
                }
            } catch (final IOException e) {
                throw CommandException.failed("cannot write on " + mount.mountPoint() + ": " + CommandException.reason(e), e);
            }
        } finally {
            putBack();
            removeHook(signal);
        }
    }

    private boolean isReady(final WritePolicy first) throws IOException {
        if (worker.first() == null) {
            hung(first, cases.getFirst(), 1, "");
            return false;
        }
        return true;
    }

    /** Whether the worker can go on. */
    private boolean run(final WritePolicy policy, final Progress progress) throws IOException {
        switchTo(policy);
        for (int run = 1; run <= runs; run++) {
            progress.say("writing under " + policy.name(), ", run " + run + " of " + runs);
            worker.tell("run " + run);
            int at = 0;
            for (String line = worker.next(); !"done".equals(line); line = worker.next()) {
                if (line == null) {
                    hung(policy, cases.get(at), run, "");
                    return false;
                }
                if ("drop".equals(line)) {
                    if (!isDropped()) {
                        hung(policy, cases.get(at), run, "The daemon does not answer its control socket either.\n");
                        return false;
                    }
                    worker.tell("dropped");
                } else {
                    at = ended(policy, run, line) + 1;
                }
            }
        }
        return true;
    }

    /** Whether the daemon has dropped its pages, which it does within the limit or not at all. */
    private boolean isDropped() {
        try {
            ControlSocket.send(mount.state().controlSocket(), "drop", limitMillis);
            return true;
        } catch (final IOException silence) {
            return false;
        }
    }

    /** Takes down how a case ended; returns its number. */
    private int ended(final WritePolicy policy, final int run, final String line) throws IOException {
        final String[] fields = line.split(" ", -1);
        if (fields.length != 5 || !"end".equals(fields[0])) {
            throw new IOException("not understood: " + line);
        }
        final int number = Integer.parseInt(fields[1]);
        table.add(policy.name(), cases.get(number), run, new Outcome(Outcome.Kind.valueOf(fields[2]),
            new String(HexFormat.of().parseHex(fields[4]), StandardCharsets.UTF_8), Long.parseLong(fields[3])));
        return number;
    }

    private void hung(final WritePolicy policy, final WriteCase tried, final int run, final String more) {
        final String where = worker.whereItHangs();
        table.add(policy.name(), tried, run, Outcome.hung(where + more + (worker.end() ? "The process was ended.\n"
            : "The process cannot be ended while it waits for the mount: clear it with quire umount " + mount.mountPoint()
                + ", which cuts the connection when the daemon does not answer.\n")));
    }

    private synchronized void switchTo(final WritePolicy policy) throws IOException {
        if (signalled) {
            throw new IOException("ended by a signal");
        }
        switched = true;
        mount.control("try " + policy.name(), limitMillis);
    }

    /** The shutdown hook: the process that writes would otherwise go on to the end of its run. */
    private void endBySignal() {
        synchronized (this) {
            signalled = true;
        }
        final Watchdog started = worker;
        if (started != null) {
            started.end();
        }
        putBack();
    }

    private static void removeHook(final Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException endingAlready) {
            LOG.log(System.Logger.Level.DEBUG, "ended by a signal", endingAlready);
        }
    }

    /** Once: at the end, or when a signal ends the command before. A daemon that does not answer does it when it can. */
    private synchronized void putBack() {
        if (switched && UmountCommand.answers(mount.state())) {
            mount.control("put-back");
            switched = false;
        }
    }
}
