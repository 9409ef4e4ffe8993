package io.quire.fuse.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

import io.quire.engine.cache.PageCache;
import io.quire.fuse.trace.TraceException;
import io.quire.fuse.trace.TraceRecorder;

/** The trace that {@code mount --record} makes: where it may lie, and its life beside the mount's. */
final class RecordedTrace {
    private static final System.Logger LOG = System.getLogger(RecordedTrace.class.getName());

    private RecordedTrace() {
    }

    /** The file as canonical path. */
    static String named(final String file) {
        if (file.isEmpty()) {
            throw CommandException.usage("--record: the name of the trace is empty; name a file");
        }
        return CanonicalPath.of(file);
    }

    /** Refuses what can be refused before anything is started. */
    static void check(final MountOptions options) {
        final String file = options.record();
        if (!NativeNames.isUtf8(file)) {
            throw CommandException.failed("cannot record into " + file + ": its name is not UTF-8; name another file");
        }
        final String directory = file.substring(0, Math.max(1, file.lastIndexOf('/')));
        final String mountPoint = options.mountPoint();
        if (CanonicalPath.isWithin(file, mountPoint) || Preflight.isBelow(file, mountPoint)) {
            throw CommandException.failed("cannot record into " + file + ": it lies inside the mount point " + mountPoint
                + ", so recording would record itself; name a file elsewhere");
        }
        for (final MountTable.Mount mount : MountTable.read().quire()) {
            if (CanonicalPath.isWithin(file, mount.point())
                && MountState.find(mount.point()).filter(MountState::isAlive).isEmpty()) {
                throw CommandException.failed("cannot record into " + file + ": it lies on a Quire mount whose daemon is "
                    + "gone; clear it with quire umount " + mount.point());
            }
        }
        if (Files.exists(Path.of(file), LinkOption.NOFOLLOW_LINKS)) {
            throw CommandException.failed("cannot record into " + file
                + ": it exists already; name another file, or remove it first");
        }
        if (!Files.isDirectory(Path.of(directory))) {
            throw CommandException.failed("cannot record into " + file + ": there is no directory " + directory
                + "; create it first");
        }
    }

    /** Makes the trace that was asked for, or returns null when none was. */
    static TraceRecorder create(final MountOptions options) {
        try {
            return options.record() == null ? null
                : TraceRecorder.create(Path.of(options.record()), PageCache.PAGE_SIZE, options.directIo());
        } catch (final TraceException e) {
            throw CommandException.failed(e.getMessage(), e);
        }
    }

    /**
     * Ends a trace when no request runs any more; the mount's end does not fail for it.
     *
     * @param wanted false when the mount never came to be: the trace is taken away then
     */
    static void end(final TraceRecorder trace, final boolean wanted) {
        if (trace != null) {
            attempt(wanted ? trace::close : trace::discard);
        }
    }

    /** As {@link #end} while requests may still run. */
    static void abandon(final TraceRecorder trace, final boolean wanted) {
        if (trace != null) {
            attempt(wanted ? trace::abandon : trace::discardInUse);
        }
    }

    /** Something that the file of the trace may refuse. */
    @FunctionalInterface
    private interface Ending {
        void run() throws IOException;
    }

    private static void attempt(final Ending ending) {
        try {
            ending.run();
        } catch (final IOException e) {
            LOG.log(System.Logger.Level.ERROR, CommandException.reason(e), e);
        }
    }
}
