package io.quire.fuse.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.quire.engine.Quire;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.jnr.JnrTransport;
import io.quire.fuse.jnr.MountException;
import io.quire.fuse.jnr.TransportOptions;
import io.quire.fuse.trace.RecordingFileSystem;
import io.quire.fuse.trace.TraceRecorder;
import io.quire.fuse.vfs.FileSystem;
import io.quire.fuse.vfs.Vfs;
import io.quire.fuse.vfs.VfsOptions;

/** The page cache over the source, mounted through libfuse. */
final class FuseBackend implements Backend {
    private final PageCache cache;
    private final FileSystem fileSystem;
    private final JnrTransport transport;
    /** Null when nothing is recorded. */
    private final TraceRecorder trace;
    private volatile boolean answered;

    private FuseBackend(final PageCache cache, final FileSystem fileSystem, final JnrTransport transport,
        final TraceRecorder trace) {
        this.trace = trace;
        this.cache = cache;
        this.fileSystem = fileSystem;
        this.transport = transport;
    }

    static Backend mount(final MountOptions options, final CountersFile counters) throws IOException {
        final PageCache cache = Quire.cache().capacity(options.cacheSize()).hugePages(options.hugePages())
            .writePolicy(options.writePolicy()).build();
        try {
            final TraceRecorder trace = RecordedTrace.create(options);
            try {
                return mount(options, counters, cache, trace);
            } catch (final IOException | RuntimeException | Error e) {
                if (trace != null) {
                    trace.discard();
                }
                throw e;
            }
        } catch (final IOException | RuntimeException | Error e) {
            cache.close();
            throw e;
        }
    }

    private static Backend mount(final MountOptions options, final CountersFile counters, final PageCache cache,
        final TraceRecorder trace) throws IOException {
        final FileSystem fileSystem = fileSystem(options, cache, trace);
        try {
            return new FuseBackend(cache, fileSystem, JnrTransport.mount(fileSystem,
                NativeNames.path(options.mountPoint()), transportOptions(options, counters.latencies())), trace);
        } catch (final MountException e) {
            fileSystem.close();
            throw CommandException.failed(CommandException.reason(e), e);
        } catch (final IOException | RuntimeException | Error e) {
            fileSystem.close();
            throw e;
        }
    }

    private static FileSystem fileSystem(final MountOptions options, final PageCache cache, final TraceRecorder trace)
        throws IOException {
        final VfsOptions behaviour = options.exclusive() ? VfsOptions.alone() : VfsOptions.shared();
        final FileSystem served = new Vfs(DirectoryStore.open(NativeNames.path(options.source()), DirectoryOptions.defaults()),
            cache, behaviour.withReadOnly(options.readOnly()).withDirectIo(options.directIo()));
        return trace == null ? served : new RecordingFileSystem(served, trace);
    }

    private static TransportOptions transportOptions(final MountOptions options, final LatencyTable latencies) {
        final List<String> kernel = new ArrayList<>(options.kernelOptions());
        if (options.nonempty()) {
            kernel.add("nonempty");
        }
        // The mount table's name of the source is one line; everywhere else a line break in it is kept.
        final String name = options.sourceName().replace('\n', '?');
        // With the one-page policy the kernel, too, hands out one page at a time: the whole path is the baseline.
        return TransportOptions.defaults().withFsname(name).withAllowOther(options.allowOther())
            .withReadOnly(options.readOnly()).withBigWrites(options.writePolicy() != WritePolicies.ONE_PAGE)
            .withKernelOptions(kernel).withTimer((kind, nanos) -> latencies.record(kind.ordinal(), nanos));
    }

    @Override
    public void serve() {
        transport.run();
    }

    @Override
    public void answered() {
        answered = true;
    }

    @Override
    public void unmount() {
        transport.close();
    }

    @Override
    public void writePolicy(final WritePolicy policy) {
        cache.writePolicy(policy);
    }

    @Override
    public void drop() {
        cache.drop();
    }

    @Override
    public void record(final boolean on) {
        if (trace == null) {
            throw CommandException.failed("nothing is recorded here; mount with --record FILE");
        }
        // Who measures would otherwise take a mount that records no more for one that does.
        if (trace.isStopped()) {
            throw CommandException.failed("the recording has ended early, the log says why");
        }
        trace.pause(!on);
    }

    @Override
    public void copyCounters(final CountersFile counters) {
        BackendCounters.copy(cache, counters);
    }

    @Override
    public void close() {
        transport.close();
        if (transport.serving()) {
            // Requests that are stuck in the store still use all this; it goes with the process.
            RecordedTrace.abandon(trace, answered);
            return;
        }
        try {
            RecordedTrace.end(trace, answered);
            fileSystem.close();
        } finally {
            cache.close();
        }
    }
}
