package io.quire.fuse.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.agrona.concurrent.AgentRunner;

import io.quire.engine.store.Errno;

/**
 * One mount from its start to its end, in this process.
 *
 * <p>Start: claim the state directory, send the output to the log, mount, ask the mount a question, then tell the
 * launcher. Whatever fails on the way is undone in the opposite order and becomes the one line that the user sees. End:
 * when the kernel says that the filesystem is unmounted, or on SIGTERM, SIGINT or SIGHUP, which unmount it.
 */
final class Daemon {
    private static final System.Logger LOG = System.getLogger(Daemon.class.getName());
    private static final long ANSWER_SECONDS = 20;
    private static final long END_SECONDS = 60;
    /** For what has been unmounted to be noticed. */
    private static final long RETURN_SECONDS = 2;
    private static final long AGENT_MILLIS = 100;

    private final MountOptions asked;
    private final LauncherStatus launcher;
    private final Backend.Factory factory;
    private final CountDownLatch ended = new CountDownLatch(1);
    /** Guarded by this. */
    private Backend mounted;
    /** Guarded by this: ends when the last request has been answered. */
    private FutureTask<Void> serving;
    /** Guarded by this: a signal has come. */
    private boolean stopping;

    Daemon(final MountOptions asked, final LauncherStatus launcher, final Backend.Factory factory) {
        this.asked = asked;
        this.factory = factory;
        this.launcher = launcher;
    }

    /** Returns the exit status when the mount has come to its end. */
    int run() {
        // Before anything is there that a signal could leave behind.
        final Thread signal = new Thread(this::endBySignal, "quire-signal");
        Runtime.getRuntime().addShutdownHook(signal);
        try {
            live();
            return 0;
        } finally {
            ended.countDown();
            removeHook(signal);
        }
    }

    private void live() {
        final MountState state = MountState.claim(asked.mountPoint());
        try {
            final MountOptions options = asked.inMemory() ? asked.withSource(MemoryDirectory.create(state)) : asked;
            try (DaemonOutput output = DaemonOutput.toLog(state.log())) {
                describe(state, options);
                serve(state, options, output);
            }
        } catch (final IOException e) {
            throw CommandException.failed("cannot mount at " + asked.mountPoint() + ": "
                + CommandException.reason(e), e);
        } finally {
            end(state);
        }
    }

    private void serve(final MountState state, final MountOptions options, final DaemonOutput output)
        throws IOException {
        NativeCalls.chdir(state.workingDirectory().toString());
        try (CountersFile counters = CountersFile.create(state.countersFile(), BackendCounters.labels(),
            BackendCounters.requestKinds(), System.currentTimeMillis());
            Backend backend = factory.mount(options, counters)) {
            serve(state, options, output, counters, backend);
        }
    }

    private void serve(final MountState state, final MountOptions options, final DaemonOutput output,
        final CountersFile counters, final Backend backend) throws IOException {
        final PolicySwitch policies = new PolicySwitch(state, options, backend);
        try (ControlSocket control = ControlSocket.open(state.controlSocket(),
            (command, argument) -> control(policies, options, backend, command, argument))) {
            final FutureTask<Void> serving = new FutureTask<>(() -> {
                backend.serve();
                return null;
            });
            if (!isWanted(backend, serving)) {
                throw CommandException.failed("ended by a signal while mounting at " + options.mountPoint());
            }
            final AgentRunner agent = new AgentRunner(new DaemonAgent.Pause(control, AGENT_MILLIS),
                failure -> LOG.log(System.Logger.Level.ERROR, "the statistics stopped", failure), null,
                new DaemonAgent(backend, counters, control, policies));
            AgentRunner.startOnThread(agent);
            Thread.ofPlatform().name("quire-serve").start(serving);
            try {
                announce(options, backend, output, serving);
                serving.get();
            } catch (final CancellationException stuck) {
                throw CommandException.failed("ended by a signal while requests waited for " + options.sourceName(), stuck);
            } catch (final ExecutionException e) {
                throw new IOException("the transport failed: " + CommandException.reason(e.getCause()), e.getCause());
            } catch (final InterruptedException e) {
                throw new IOException("interrupted", e);
            } finally {
                backend.unmount();
                agent.close();
                backend.copyCounters(counters);
            }
        }
    }

    /** Tells the launcher once the mount has answered a question; without an answer there is no mount. */
    private void announce(final MountOptions options, final Backend backend, final DaemonOutput output,
        final FutureTask<Void> serving) throws IOException, InterruptedException {
        final FutureTask<Integer> question = new FutureTask<>(() -> NativeCalls.statfs(options.mountPoint()));
        Thread.ofPlatform().daemon().name("quire-question").start(question);
        final String answer = answer(question);
        if (answer != null) {
            throw CommandException.failed("the mount at " + options.mountPoint() + " does not answer (" + answer + ")"
                + output.lastLine() + "; it was taken away again, see whether the source can be read");
        }
        if (serving.isDone()) {
            throw CommandException.failed(options.mountPoint() + " was unmounted while it was being mounted");
        }
        LOG.log(System.Logger.Level.INFO, "mounted " + options.sourceName() + " at " + options.mountPoint());
        if (options.foreground()) {
            output.restore();
            backend.answered();
        } else {
            output.detach();
            if (launcher.mounted(options.record())) {
                backend.answered();
            } else {
                LOG.log(System.Logger.Level.WARNING, "the command that mounted was interrupted: unmounting");
                backend.unmount();
            }
        }
    }

    /** What is wrong with the answer, or null when it is right. */
    private static String answer(final FutureTask<Integer> question) throws InterruptedException {
        try {
            final int result = question.get(ANSWER_SECONDS, TimeUnit.SECONDS);
            return result == 0 ? null : Errno.name(-result);
        } catch (final ExecutionException e) {
            return e.getCause().toString();
        } catch (final TimeoutException e) {
            return "nothing within " + ANSWER_SECONDS + " s";
        }
    }

    private static String control(final PolicySwitch policies, final MountOptions options, final Backend backend,
        final String command, final String argument) {
        return switch (command) {
            case "policy" -> policies.set(argument);
            case "try" -> policies.attempt(argument);
            case "put-back" -> policies.putBack();
            case "drop" -> {
                backend.drop();
                yield "dropped the cached pages of " + options.mountPoint();
            }
            case "record" -> {
                if (!"on".equals(argument) && !"off".equals(argument)) {
                    throw CommandException.failed("record " + argument + ": on or off");
                }
                backend.record("on".equals(argument));
                yield "recording is " + argument;
            }
            case "ping" -> "here";
            default -> throw CommandException.failed(command + ": unknown command");
        };
    }

    private static void describe(final MountState state, final MountOptions options) throws IOException {
        final Map<String, String> properties = new LinkedHashMap<>();
        properties.put(MountState.PID, Long.toString(ProcessHandle.current().pid()));
        properties.put(MountState.SOURCE, options.sourceName());
        properties.put(MountState.MOUNT_POINT, options.mountPoint());
        properties.put(MountState.WRITE_POLICY, options.writePolicy().name());
        properties.put(MountState.CACHE_SIZE, Long.toString(options.cacheSize()));
        properties.put(MountState.LAB, Boolean.toString(options.lab()));
        if (options.inMemory()) {
            properties.put(MountState.MEMORY_DIRECTORY, MemoryDirectory.of(state).toString());
        }
        state.write(properties);
    }

    /** Makes the mount known to {@link #endBySignal}; false when a signal came before. */
    private synchronized boolean isWanted(final Backend backend, final FutureTask<Void> until) {
        mounted = backend;
        serving = until;
        return !stopping;
    }

    private synchronized Backend stop() {
        stopping = true;
        return mounted;
    }

    private synchronized FutureTask<Void> serving() {
        return serving;
    }

    /** The shutdown hook: the JVM ends when it returns, so it waits until everything is undone. */
    private void endBySignal() {
        final Backend backend = stop();
        try {
            if (backend != null) {
                backend.unmount();
                giveUp(serving());
            }
            ended.await(END_SECONDS, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * A source that does not answer holds the requests that wait for it for as long as it likes, and the mount is gone: nobody waits for their answers any
     * more. Their threads go with the process.
     */
    private void giveUp(final FutureTask<Void> requests) throws InterruptedException {
        try {
            requests.get(RETURN_SECONDS, TimeUnit.SECONDS);
        } catch (final TimeoutException stuck) {
            LOG.log(System.Logger.Level.ERROR, "ended by a signal while requests waited for " + asked.sourceName()
                + ", which does not answer; programs that made them got an error, and what they were writing may not be there");
            requests.cancel(true);
        } catch (final ExecutionException | CancellationException e) {
            LOG.log(System.Logger.Level.DEBUG, "told where the end is waited for", e);
        }
    }

    private static void removeHook(final Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException endingAlready) {
            // The hook is what runs: it has waited for the end that was made here.
            LOG.log(System.Logger.Level.DEBUG, "ended by a signal", endingAlready);
        }
    }

    /** Leaves nothing behind; what cannot be removed is said in the log, for it changes nothing about the outcome. */
    private void end(final MountState state) {
        try {
            MemoryDirectory.remove(MemoryDirectory.of(state));
            state.remove();
        } catch (final IOException e) {
            LOG.log(System.Logger.Level.ERROR, "cannot remove what belongs to the mount", e);
        }
    }
}
