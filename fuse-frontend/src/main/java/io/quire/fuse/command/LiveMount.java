package io.quire.fuse.command;

import java.io.IOException;

/** A mount whose daemon lives, as the short-lived commands see it. */
final class LiveMount {
    private static final long ANSWER_MILLIS = 30_000;

    private final String mountPoint;
    private final MountState state;

    private LiveMount(final String mountPoint, final MountState state) {
        this.mountPoint = mountPoint;
        this.state = state;
    }

    /** The live mount at {@code name}; otherwise one line saying what is there instead. */
    static LiveMount at(final String name) {
        final MountTable table = MountTable.read();
        final String mountPoint = CanonicalPath.of(CanonicalPath.named("mount point", name), table);
        final boolean mounted = table.at(mountPoint).filter(MountTable.Mount::isQuire).isPresent();
        final MountState state = MountState.find(mountPoint).orElse(null);
        if (!mounted && state == null) {
            throw CommandException.failed(mountPoint + " is not a Quire mount" + others(table));
        }
        if (state == null) {
            throw CommandException.failed(mountPoint + " is mounted by another user, or with another "
                + "QUIRE_STATE_DIRECTORY; ask as that user");
        }
        if (!state.isAlive()) {
            throw CommandException.failed("the daemon of " + mountPoint + " is gone; clear the mount with quire umount "
                + mountPoint);
        }
        return new LiveMount(mountPoint, state);
    }

    String mountPoint() {
        return mountPoint;
    }

    MountState state() {
        return state;
    }

    String control(final String command) {
        return control(command, ANSWER_MILLIS);
    }

    String control(final String command, final long limitMillis) {
        try {
            return ControlSocket.send(state.controlSocket(), command, limitMillis);
        } catch (final IOException e) {
            throw CommandException.failed("the daemon of " + mountPoint + " does not take commands ("
                + CommandException.reason(e) + "); see " + state.log(), e);
        }
    }

    static String others(final MountTable table) {
        final String points = String.join(", ", table.quire().stream().map(MountTable.Mount::point).toList());
        return points.isEmpty() ? "; none is mounted" : "; mounted are " + points;
    }
}
