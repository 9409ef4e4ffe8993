package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;

import io.quire.engine.store.Errno;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code quire umount}: takes a mount away, whatever state its daemon is in, and what the daemon left.
 *
 * <p>The mount is never touched, only the mount table and the state directory: a live daemon's mount is unmounted and
 * the daemon's end awaited; a dead daemon's mount is detached; a mount that does not let itself be unmounted in time,
 * or that programs keep busy because its daemon does not answer, is aborted and detached.
 */
@Command(name = "umount", aliases = "unmount", mixinStandardHelpOptions = true,
    description = "Unmount, wait for the daemon to end, and clear what a daemon that died has left.")
final class UmountCommand implements Runnable {
    private static final Duration UNMOUNT_LIMIT = Duration.ofSeconds(20);
    private static final Duration END_LIMIT = Duration.ofSeconds(20);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    /** A daemon looks for commands ten times a second. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(3);
    /** For a daemon that did not answer; it may yet see that its connection is gone. */
    private static final Duration HUNG_END_LIMIT = Duration.ofSeconds(1);

    @Option(names = {"--lazy", "-l"}, description = "detach now, even when programs still use the mount")
    private boolean lazy;

    @Parameters(index = "0", paramLabel = "MOUNTPOINT")
    private String name;

    @Override
    public void run() {
        unmount(name, lazy);
    }

    /** Unmounts and clears up, see the class. */
    static void unmount(final String name, final boolean lazy) {
        final MountTable table = MountTable.read();
        final String mountPoint = CanonicalPath.of(CanonicalPath.named("mount point", name), table);
        final MountTable.Mount mount = table.at(mountPoint).orElse(null);
        final MountState state = MountState.find(mountPoint).orElse(null);
        Duration endLimit = END_LIMIT;
        if (mount != null && mount.isQuire()) {
            endLimit = unmount(mount, state, lazy);
        } else if (state == null) {
            throw CommandException.failed(mountPoint + (mount == null ? " is not mounted"
                : " is not a Quire mount but " + mount.type()) + LiveMount.others(table));
        }
        if (state != null) {
            finish(state, endLimit);
        }
    }

    /** Returns how long the daemon may take to end. */
    private static Duration unmount(final MountTable.Mount mount, final MountState state, final boolean lazy) {
        final boolean alive = state != null && state.isAlive();
        int result = lazy || !alive ? detach(mount) : withinLimit(mount, () -> plain(mount));
        if (result == -Errno.ENOTCONN || result == -Errno.EIO) {
            // The daemon went away in between.
            result = detach(mount);
        }
        Duration endLimit = END_LIMIT;
        if (result == -Errno.EBUSY && alive && !answers(state)) {
            // What uses the mount may be waiting for this daemon, and then could not even be ended.
            abort(mount);
            result = detach(mount);
            endLimit = HUNG_END_LIMIT;
        }
        if (result == -Errno.EBUSY) {
            final String users = BusyProcesses.of(mount.point());
            throw CommandException.failed(mount.point() + " is busy"
                + (users.isEmpty() ? ", but no process that uses it is visible (a mount in it, another user's, or one that waits for an answer of the source?)"
                    : ": used by " + users)
                + "; end what uses it, or detach it with quire umount --lazy " + mount.point());
        }
        if (result == -Errno.EPERM || result == -Errno.EACCES) {
            throw CommandException.failed("not permitted to unmount " + mount.point()
                + "; do it as the user who mounted it, or as root");
        }
        if (result != 0 && MountTable.read().at(mount.point()).filter(MountTable.Mount::isQuire).isPresent()) {
            throw CommandException.failed(mount.point() + " cannot be unmounted: " + Errno.name(-result)
                + "; try quire umount --lazy " + mount.point());
        }
        return endLimit;
    }

    /**
     * Whether the daemon takes commands: one that is stopped or stuck does not. Connecting, too, may block, when many
     * have asked before.
     */
    static boolean answers(final MountState state) {
        final CompletableFuture<Boolean> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("quire-ping").start(() -> {
            try {
                ControlSocket.send(state.controlSocket(), "ping", ANSWER_LIMIT.toMillis());
                answer.complete(true);
            } catch (final CommandException refusal) {
                answer.complete(true);
            } catch (final IOException silence) {
                answer.complete(false);
            }
        });
        try {
            return answer.get(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (final TimeoutException stuck) {
            return false;
        } catch (final InterruptedException e) {
            // Not known to be stuck, so nothing is forced.
            Thread.currentThread().interrupt();
            return true;
        } catch (final ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void finish(final MountState state, final Duration endLimit) {
        if (!state.awaitEnd(endLimit) && !killed(state)) {
            throw CommandException.failed(state.mountPoint() + " is unmounted, but its daemon (pid "
                + state.properties().get(MountState.PID) + ") is still running; see " + state.log()
                + ", and end it with kill -9 when it does not move");
        }
        try {
            MemoryDirectory.remove(MemoryDirectory.of(state));
            state.remove();
        } catch (final IOException e) {
            throw CommandException.failed("cannot remove what the daemon of " + state.mountPoint() + " left: "
                + CommandException.reason(e), e);
        }
    }

    /**
     * Without a mount nobody can reach a daemon any more, and what was written through it has long been in the source:
     * one that still does not end is stuck.
     */
    private static boolean killed(final MountState state) {
        final String pid = state.properties().get(MountState.PID);
        final ProcessHandle daemon = pid == null || !state.isAlive() ? null
            : ProcessHandle.of(Long.parseLong(pid)).orElse(null);
        if (daemon != null) {
            daemon.destroyForcibly();
        }
        // Its lock goes before the process does.
        return state.awaitEnd(KILL_LIMIT) && (daemon == null || MountState.await(daemon::isAlive, KILL_LIMIT));
    }

    static int plain(final MountTable.Mount mount) {
        return StateBase.user() == 0 ? NativeCalls.umount(mount.point(), NativeCalls.UMOUNT_NOFOLLOW)
            : fusermount(mount, "-u");
    }

    private static int detach(final MountTable.Mount mount) {
        return StateBase.user() == 0
            ? NativeCalls.umount(mount.point(), NativeCalls.MNT_DETACH | NativeCalls.UMOUNT_NOFOLLOW)
            : fusermount(mount, "-uz");
    }

    /**
     * An unmount may have to write out pages that programs changed through mappings, which a stuck daemon never takes.
     * After the limit the connection is cut, which ends every wait, and the mount detached.
     */
    private static int withinLimit(final MountTable.Mount mount, final IntSupplier unmount) {
        final CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("quire-umount").start(() -> result.complete(unmount.getAsInt()));
        try {
            return result.get(UNMOUNT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (final TimeoutException stuck) {
            abort(mount);
            return detach(mount);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return -Errno.EINTR;
        } catch (final ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void abort(final MountTable.Mount mount) {
        final Path abort = Path.of("/sys/fs/fuse/connections", mount.deviceMinor(), "abort");
        try {
            if (Files.isWritable(abort)) {
                Files.writeString(abort, "1");
            } else if (StateBase.user() == 0) {
                // No control filesystem here, as in many containers. Cuts the connection even when it says "busy".
                NativeCalls.umount(mount.point(), NativeCalls.MNT_FORCE | NativeCalls.UMOUNT_NOFOLLOW);
            }
        } catch (final IOException e) {
            throw CommandException.failed(mount.point() + " hangs and its connection cannot be cut through " + abort
                + ": " + CommandException.reason(e), e);
        }
    }

    /** Users other than root unmount through the setuid helper; it says why it fails, in words. */
    private static int fusermount(final MountTable.Mount mount, final String flags) {
        for (final String helper : new String[] {"fusermount", "fusermount3"}) {
            try {
                final Process process = new ProcessBuilder("sh", "-c",
                    "point=$(printf '%b.' \"$2\"); exec \"$0\" \"$1\" -- \"${point%.}\" 2>&1", helper, flags,
                    NativeNames.printfEscaped(mount.point())).start();
                final String said = new String(process.getInputStream().readAllBytes(),
                    StandardCharsets.ISO_8859_1);
                final int status = process.waitFor();
                if (status == 0) {
                    return 0;
                }
                if (status != 127) {
                    return said.contains("busy") ? -Errno.EBUSY : -Errno.EPERM;
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                return -Errno.EINTR;
            } catch (final IOException e) {
                throw CommandException.failed("cannot run " + helper + ": " + CommandException.reason(e), e);
            }
        }
        throw CommandException.failed("fusermount is missing: install it (Debian: apt-get install fuse)");
    }
}
