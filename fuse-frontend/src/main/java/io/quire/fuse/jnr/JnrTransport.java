package io.quire.fuse.jnr;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import io.quire.engine.memory.OffHeap;
import io.quire.fuse.vfs.FileSystem;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted file system, served through libfuse 2.9's low-level interface.
 *
 * <pre>
 *   mount()  --&gt; SERVING --(unmounted from outside, or close())--&gt; ENDED --close()--&gt; CLOSED
 *                 workers run      run() returns                         native memory given back
 * </pre>
 *
 * <p>{@link #mount} returns when the kernel has been answered, so that the mount works. {@link #run} waits for its end.
 * The file system is not closed: that is its owner's, after {@link #close}. Thread-safe.
 */
public final class JnrTransport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JnrTransport.class);

    private static final int KIB_SHIFT = 10;
    private static final long INIT_SECONDS = 30;
    private static final long GRACE_MILLIS = 5_000;
    private static final int ARGUMENTS_SIZE = 24;
    private static final int ARGUMENTS_VECTOR_OFFSET = 8;

    private final Libfuse.Functions libfuse;
    private final Negotiation negotiation;
    private final LibfuseTable table;
    /** Those that live, and some that do not any more. */
    private final List<FuseWorker> workers = new CopyOnWriteArrayList<>();
    private final AtomicInteger named = new AtomicInteger();
    private FuseWorker.Connection connection;
    private Thread watch;
    /** Read to notify, written to give the channel back. */
    private final ReentrantReadWriteLock channelLock = new ReentrantReadWriteLock();
    private Unmounting unmounting;
    private long session;
    private long channel;
    private boolean closed;

    private JnrTransport(final Libfuse.Functions libfuse, final TransportOptions options) {
        this.libfuse = libfuse;
        negotiation = new Negotiation(options.bigWrites());
        table = new LibfuseTable(negotiation::init);
    }

    /**
     * Mounts a file system and starts to serve it. Registers itself as the file system's notifier.
     *
     * @param fileSystem what answers the requests
     * @param mountPoint a directory
     * @param options    how
     * @return the mount, which works
     * @throws MountException when it cannot be mounted; nothing is left mounted or running then
     */
    public static JnrTransport mount(final FileSystem fileSystem, final Path mountPoint,
                                     final TransportOptions options) throws MountException {
        Objects.requireNonNull(fileSystem, "fileSystem");
        final MountArguments arguments = MountArguments.of(options);
        final Libfuse.Functions libfuse = MountChecks.library();
        MountChecks.device(arguments.allowOther());
        final Path real = MountChecks.mountPoint(mountPoint, arguments.nonEmpty());
        final JnrTransport transport = new JnrTransport(libfuse, options);
        try {
            transport.connect(real, arguments);
        } finally {
            transport.table.free();
        }
        transport.start(fileSystem, real, options, arguments.ownerOnly());
        return transport;
    }

    private void connect(final Path mountPoint, final MountArguments arguments) throws MountException {
        try (Scratch program = Scratch.string(TransportOptions.SUBTYPE); Scratch flag = Scratch.string("-o");
             Scratch list = Scratch.string(arguments.text()); Scratch path = Scratch.string(mountPoint.toString());
             Scratch vector = Scratch.pointers(program.address(), flag.address(), list.address(), 0);
             Scratch struct = new Scratch(ARGUMENTS_SIZE); StandardErrorCapture printed = new StandardErrorCapture()) {
            OffHeap.putInt(struct.address(), 3);
            OffHeap.putLong(struct.address() + ARGUMENTS_VECTOR_OFFSET, vector.address());
            try {
                channel = libfuse.fuse_mount(path.address(), struct.address());
                if (channel == 0) {
                    throw new MountException(MountChecks.explain(mountPoint, printed.finish()));
                }
                SystemCalls.LIBC.fcntl(libfuse.fuse_chan_fd(channel), SystemCalls.F_SETFD, SystemCalls.FD_CLOEXEC);
                session = libfuse.fuse_lowlevel_new(struct.address(), table.address(), LibfuseTable.SIZE, 0);
                final MountTable.Mount mount = session == 0 ? null : MountTable.at(mountPoint);
                if (mount == null || !mount.isQuire()) {
                    libfuse.fuse_unmount(path.address(), channel);
                    throw new MountException(MountChecks.explain(mountPoint, printed.finish()));
                }
                unmounting = new Unmounting(mountPoint, mount);
                libfuse.fuse_session_add_chan(session, channel);
            } catch (final IOException e) {
                libfuse.fuse_unmount(path.address(), channel);
                throw new MountException("the mount table cannot be read: mount /proc", e);
            } finally {
                libfuse.fuse_opt_free_args(struct.address());
            }
            final String text = printed.finish().strip();
            if (!text.isEmpty()) {
                LOG.warn("while mounting: {}", text);
            }
        }
    }

    private void start(final FileSystem fileSystem, final Path mountPoint, final TransportOptions options,
                       final boolean ownerOnly) throws MountException {
        final Readers readers = new Readers(options.workers(), () -> startWorker(options.timer()));
        connection = new FuseWorker.Connection(libfuse, session, channel, new Device(libfuse.fuse_chan_fd(channel)), negotiation,
            new DirectOperations(fileSystem, ownerOnly), readers);
        fileSystem.notifier(node -> notifyInvalidate(node, 0, 0));
        readers.more();
        readers.more();
        watch = Thread.ofPlatform().daemon().name("quire-fuse-watch").start(new StallWatch(readers));
        boolean answered = false;
        try {
            answered = negotiation.await(INIT_SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!answered) {
            close();
            throw new MountException("the kernel did not open the connection of " + mountPoint
                + ": 'dmesg' may tell why");
        }
        negotiation.largestTransfer().ifPresent(bytes -> KernelReadAhead.set(unmounting.device(), bytes >> KIB_SHIFT));
    }

    /** On the watch's thread, which is waited for before the channel goes (F7). */
    private void startWorker(final OperationTimer timer) {
        final FuseWorker worker = new FuseWorker(connection, timer, "quire-fuse-" + named.getAndIncrement());
        workers.removeIf(other -> !other.isAlive());
        try {
            // Before it may answer INIT, after which whoever finds nobody alive takes the mount for ended.
            workers.add(worker);
            worker.start();
        } catch (final Throwable e) {
            workers.remove(worker);
            worker.free();
            throw e;
        }
    }

    /**
     * Waits until the file system is unmounted, from outside or by {@link #close}, and every request has been answered.
     * Returns early, with the interrupt status set, when the thread is interrupted.
     */
    public void run() {
        try {
            FuseWorker worker = alive();
            while (worker != null) {
                worker.join();
                worker = alive();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One that lives, or null. */
    private FuseWorker alive() {
        for (final FuseWorker worker : workers) {
            if (worker.isAlive()) {
                return worker;
            }
        }
        return null;
    }

    /**
     * Tells the kernel that its pages and attributes of a node are out of date. Waits until it has dropped the pages,
     * which can mean waiting for reads of them: never call it from within an operation. Does nothing when the kernel
     * does not know the node or the mount has ended.
     *
     * @param node   node number
     * @param offset first byte, 0 or more; negative to drop attributes only
     * @param length bytes; 0 or less for all up to the end
     */
    public void notifyInvalidate(final long node, final long offset, final long length) {
        channelLock.readLock().lock();
        try {
            if (channel != 0) {
                libfuse.fuse_lowlevel_notify_inval_inode(channel, node, offset, length);
            }
        } finally {
            channelLock.readLock().unlock();
        }
    }

    /**
     * Tells the kernel that a name no longer leads where it did. Waits for operations in that directory: never call it
     * from within an operation. Does nothing when the kernel does not know the name or the mount has ended.
     *
     * @param parent node number of the directory
     * @param name   the name, a single component
     */
    public void notifyInvalidateEntry(final long parent, final byte[] name) {
        channelLock.readLock().lock();
        try (Scratch text = new Scratch(name.length + 1L)) {
            if (channel != 0) {
                OffHeap.copyFromArray(name, 0, text.address(), name.length);
                libfuse.fuse_lowlevel_notify_inval_entry(channel, parent, text.address(), name.length);
            }
        } finally {
            channelLock.readLock().unlock();
        }
    }

    /**
     * Whether the mount is still served.
     *
     * @return false when it was unmounted or closed
     */
    public boolean serving() {
        return alive() != null;
    }

    /**
     * Unmounts, unless that has happened, waits for the workers and gives the native memory back. Writes that programs
     * made in mapped files are written back first. A mount in use is detached and, after a few seconds, its connection
     * is ended: the programs see ENOTCONN. May be called from any thread but a worker, a shutdown hook included, and
     * more than once.
     */
    @Override
    public synchronized void close() {
        if (Thread.currentThread() instanceof FuseWorker) {
            throw new IllegalStateException("a worker cannot wait for itself to end");
        }
        if (closed) {
            return;
        }
        closed = true;
        final boolean interrupted = Thread.interrupted();
        try {
            end();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.error("closing was interrupted: some native memory stays in use", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void end() throws InterruptedException {
        Thread detaching = null;
        if (serving()) {
            detaching = Thread.ofPlatform().daemon().name("quire-unmount").start(unmounting::detach);
            if (!joinAll(GRACE_MILLIS)) {
                unmounting.abort();
            }
        } else {
            // No worker could be started, or they ended by themselves: nobody else ends the watch, or the mount.
            connection.readers().end();
            if (unmounting.mounted()) {
                unmounting.abort();
                unmounting.detach();
            }
        }
        if (!joinAll(GRACE_MILLIS)) {
            LOG.error("requests are still stuck in the store: their threads and memory stay until the process ends");
            return;
        }
        if (detaching != null) {
            detaching.join(GRACE_MILLIS);
        }
        channelLock.writeLock().lock();
        try {
            channel = 0;
            libfuse.fuse_session_destroy(session);
        } finally {
            channelLock.writeLock().unlock();
        }
    }

    /** Waits for the workers, and for the watch, which ends when one of them does: then nobody can start another. */
    private boolean joinAll(final long millis) throws InterruptedException {
        final long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        Thread next = next();
        while (next != null) {
            final long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0 || !next.join(Duration.ofMillis(left))) {
                return false;
            }
            next = next();
        }
        return true;
    }

    private Thread next() {
        final FuseWorker worker = alive();
        return worker != null ? worker : watch.isAlive() ? watch : alive();
    }
}
