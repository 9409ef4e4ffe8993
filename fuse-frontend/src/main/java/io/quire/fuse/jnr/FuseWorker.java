package io.quire.fuse.jnr;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.fuse.vfs.Appended;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.FileSystem;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.fuse.vfs.OpenResult;
import io.quire.fuse.vfs.SetAttributes;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that reads requests and serves them, with all that a request needs: native memory for the
 * message and for the answer, and the holders that the file system fills in.
 *
 * <p>Invariants F1 and F2 live here: {@link #begin} arms the request, every {@code reply} method disarms it before it
 * sends the answer, and {@link #failed} answers only what is still armed.
 *
 * <p>Confined to its thread, apart from what {@link Thread} offers.
 */
final class FuseWorker extends Thread {
    private static final Logger LOG = LoggerFactory.getLogger(FuseWorker.class);

    /** The kernel refuses an answer with this or a greater one, and the caller would wait for ever. */
    private static final int MAX_ERRNO = 512;
    private static final int XATTR_SIZE_MAX = 65_536;
    private static final int TARGET_MAX = 4096;

    final Libfuse.Functions libfuse;
    final Caller caller = new Caller();
    /** On whose behalf the server itself changes something. */
    final Caller superuser = new Caller(0, 0, 0);
    final Attributes attributes = new Attributes();
    final SetAttributes setAttributes = new SetAttributes();
    final Entry entry = new Entry();
    final OpenResult opened = new OpenResult();
    final Appended appended = new Appended();
    final FileSystemStatistics statistics = new FileSystemStatistics();
    final DirectoryBuffer directory = new DirectoryBuffer();
    /** Room for the value or the list of extended attributes. */
    final byte[] extended = new byte[XATTR_SIZE_MAX];
    /** Room for the target of a symbolic link. */
    final byte[] target = new byte[TARGET_MAX];

    /** Failures that could not even be logged; for a debugger. */
    private static volatile int unreported;

    private final long session;
    private final long channel;
    private final Negotiation negotiation;
    private final OperationTimer timer;
    private final DirectOperations direct;
    private final Device device;
    private final Readers readers;
    private final MessageMemory memory = new MessageMemory(Negotiation.LARGEST_TRANSFER);
    final Request request = new Request(memory);
    private final Answer answer;
    /** What has to be answered: the kernel's number of the request; 0 when nothing has. */
    private long armed;

    FuseWorker(final Connection connection, final OperationTimer timer, final String name) {
        super(null, null, name, 0, false);
        libfuse = connection.libfuse();
        session = connection.session();
        channel = connection.channel();
        device = connection.device();
        direct = connection.direct();
        readers = connection.readers();
        negotiation = connection.negotiation();
        this.timer = timer;
        answer = new Answer(device);
        setDaemon(true);
    }

    /**
     * What the workers of a mount have in common.
     *
     * @param libfuse     the library
     * @param session     libfuse's session
     * @param channel     libfuse's channel
     * @param device      the channel's descriptor
     * @param negotiation what answers INIT
     * @param direct      what serves requests without libfuse
     * @param readers     how many workers there are, and who of them waits
     */
    record Connection(Libfuse.Functions libfuse, long session, long channel, Device device, Negotiation negotiation,
                      DirectOperations direct, Readers readers) {
    }

    /** Serves requests until nobody needs this worker any more (F14), or the file system is unmounted or the session was told to end (F7). */
    @Override
    public void run() {
        try {
            final Readers.Member member = joined();
            if (member != null) {
                serve(member);
            }
        } finally {
            free();
        }
    }

    /** Null when even that was too much: the others go on without this one. */
    private Readers.Member joined() {
        try {
            return readers.join(RunState.ofCurrentThread());
        } catch (final Throwable e) {
            readers.notStarted(e);
            return null;
        }
    }

    private void serve(final Readers.Member member) {
        boolean needed = true;
        try {
            while (needed && serveOne(member)) {
                Thread.interrupted();
                needed = readers.waitAgain(member);
            }
        } finally {
            if (needed) {
                readers.end();
                libfuse.fuse_session_exit(session);
            }
        }
    }

    private int receive(final Readers.Member member) {
        try {
            return request.receive(device);
        } finally {
            readers.received(member);
        }
    }

    private boolean serveOne(final Readers.Member member) {
        try {
            final int received = receive(member);
            if (received <= 0) {
                if (received < 0) {
                    LOG.error("reading requests failed with {}: the mount ends", Errno.name(-received));
                }
                return false;
            }
            if (!direct.serve(this)) {
                serveByLibfuse();
            }
            LockOrder.assertNoneHeld("a request was served");
            return true;
        } catch (final Throwable e) {
            LOG.error("a worker failed outside of a request", e);
            return libfuse.fuse_session_exited(session) == 0;
        }
    }

    private void serveByLibfuse() {
        if (request.opcode() == KernelProtocol.INIT) {
            negotiation.answer(libfuse, session, channel, request.address(), request.length());
        } else {
            libfuse.fuse_session_process(session, request.address(), request.length(), channel);
        }
    }

    /** Gives the native memory back: for itself when it ends, or for who could not start it. */
    void free() {
        memory.close();
        answer.close();
    }

    /**
     * A request begins: from here on it must be answered.
     *
     * @return the time, when somebody wants to know, otherwise 0
     */
    long begin() {
        armed = request.unique();
        return timer == null ? 0 : System.nanoTime();
    }

    /**
     * A request ends, answered. One that was not is a defect and is answered here.
     *
     * @param kind  what it was
     * @param start what {@link #begin} returned
     */
    void end(final OperationKind kind, final long start) {
        if (armed != 0) {
            LOG.error("{} returned without an answer", kind.label());
            replyError(Errno.EIO);
        }
        if (timer != null) {
            try {
                timer.record(kind, System.nanoTime() - start);
            } catch (final Throwable e) {
                report(kind, e);
            }
        }
    }

    /**
     * A request failed by an exception or error: logs it, and answers EIO when nothing was answered yet.
     *
     * @param kind  what it was
     * @param cause what was thrown
     */
    void failed(final OperationKind kind, final Throwable cause) {
        if (armed != 0) {
            replyError(Errno.EIO);
        }
        report(kind, cause);
    }

    private static void report(final OperationKind kind, final Throwable cause) {
        try {
            LOG.error("{} failed", kind.label(), cause);
        } catch (final Throwable e) {
            // F2 outranks the report: out of memory or stack there is nothing left to report with.
            unreported++;
        }
    }

    /**
     * Takes the request over: whatever happens next, it is not answered a second time (F1).
     *
     * @return the request
     */
    private long disarm() {
        final long taken = armed;
        if (taken == 0) {
            throw new IllegalStateException("a request was to be answered twice");
        }
        armed = 0;
        return taken;
    }

    /**
     * Reads on whose behalf the request runs.
     *
     * @return the caller, valid until the next request
     */
    Caller caller() {
        caller.set(request.uid(), request.gid(), request.pid());
        return caller;
    }

    /**
     * Makes the kernel forget the attributes of a node. Takes no lock of the kernel's that a request could hold, so
     * it may be called from within an operation.
     *
     * @param node node number
     */
    void forgetAttributes(final long node) {
        libfuse.fuse_lowlevel_notify_inval_inode(channel, node, -1, 0);
    }

    /**
     * Page-aligned memory for data of an answer. It is the message's own but for what a transfer begins with (F15): whatever else is
     * wanted from the message is taken out before.
     *
     * @param length bytes that are needed
     * @return its address; the contents do not survive the next request
     */
    long data(final long length) {
        return memory.data(length);
    }

    /** What has no answer, as FORGET. */
    void replyNone() {
        disarm();
    }

    /**
     * Answers with an error.
     *
     * @param errno positive error number
     */
    void replyError(final int errno) {
        replyCode(errno > 0 && errno < MAX_ERRNO ? errno : Errno.EIO);
    }

    private void replyCode(final int code) {
        answer.status(disarm(), code);
    }

    /**
     * Answers what has no payload.
     *
     * @param result 0 or positive for success, or a negative error number
     */
    void replyStatus(final int result) {
        if (result < 0) {
            replyError(-result);
        } else {
            replyCode(0);
        }
    }

    /**
     * Answers with {@link #entry}.
     *
     * @return whether the kernel took it; otherwise it has not counted the lookup (F5)
     */
    boolean replyEntry() {
        return answer.entry(disarm(), entry) == 0;
    }

    /**
     * Answers a request whose result is {@link #entry}; takes the lookup back when the kernel did not take it (F5).
     *
     * @param fileSystem whose node it is
     * @param result     0 or negative error number
     */
    void answerEntry(final FileSystem fileSystem, final int result) {
        if (result < 0) {
            replyError(-result);
        } else if (!replyEntry() && entry.node != 0) {
            fileSystem.forget(entry.node, 1);
        }
    }

    /**
     * Answers with {@link #entry} and {@link #opened}.
     *
     * @return whether the kernel took it; otherwise it knows neither the node nor the handle (F5)
     */
    boolean replyCreate() {
        return answer.created(disarm(), entry, opened) == 0;
    }

    /**
     * Answers with {@link #opened}.
     *
     * @return whether the kernel took it; otherwise it does not know the handle and will not release it (F5)
     */
    boolean replyOpen() {
        return answer.opened(disarm(), opened) == 0;
    }

    /**
     * Answers with {@link #attributes}.
     *
     * @param timeoutNanos how long the kernel may believe them
     */
    void replyAttributes(final long timeoutNanos) {
        answer.attributes(disarm(), attributes, timeoutNanos);
    }

    /**
     * Answers with bytes from the heap.
     *
     * @param bytes  where they begin
     * @param length how many
     */
    void replyBytes(final byte[] bytes, final int length) {
        final long address = data(length);
        OffHeap.copyFromArray(bytes, 0, address, length);
        replyData(address, length);
    }

    /**
     * Answers a write.
     *
     * @param count bytes that were written
     */
    void replyWritten(final int count) {
        answer.written(disarm(), count);
    }

    /**
     * Answers with data.
     *
     * @param address where it is
     * @param length  bytes
     */
    void replyData(final long address, final long length) {
        answer.data(disarm(), address, length);
    }

    /**
     * Answers a request for an extended attribute or for their list.
     *
     * @param result   bytes in {@link #extended}, or needed when {@code capacity} is 0, or a negative error number
     * @param capacity what the caller has room for; 0 asks for the size
     */
    void replyExtended(final int result, final long capacity) {
        if (result < 0) {
            replyError(-result);
        } else if (capacity == 0) {
            answer.extendedSize(disarm(), result);
        } else if (result > capacity) {
            replyError(Errno.ERANGE);
        } else {
            replyBytes(extended, result);
        }
    }

    /** Answers with {@link #statistics}. */
    void replyStatistics() {
        answer.statistics(disarm(), statistics);
    }
}
