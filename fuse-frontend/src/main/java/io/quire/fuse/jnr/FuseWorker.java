package io.quire.fuse.jnr;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.FileSystem;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.fuse.vfs.OpenResult;
import io.quire.fuse.vfs.SetAttributes;

import org.agrona.UnsafeApi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One long-lived thread that reads requests and serves them, with all that a request needs: native memory for the
 * message and for the answer, and the holders that the file system fills in. Since the thread is a Java thread, an
 * operation that libfuse calls back finds the JVM attached, and finds its worker by asking for the current thread.
 *
 * <p>Invariants F1 to F4 live here: {@link #begin} arms the request, every {@code reply} method disarms it before it
 * hands it to libfuse, which frees it whatever comes of it, and {@link #failed} answers only what is still armed.
 *
 * <p>Confined to its thread, apart from what {@link Thread} offers.
 */
final class FuseWorker extends Thread {
    private static final Logger LOG = LoggerFactory.getLogger(FuseWorker.class);

    private static final int MAX_ERRNO = 1000;
    private static final int XATTR_SIZE_MAX = 65_536;
    private static final int DATA_SIZE = 128 << 10;
    private static final int TARGET_MAX = 4096;
    private static final double NANOS_PER_SECOND = 1e9;

    final Libfuse.Functions libfuse;
    final Caller caller = new Caller();
    /** On whose behalf the server itself changes something. */
    final Caller superuser = new Caller(0, 0, 0);
    final Attributes attributes = new Attributes();
    final SetAttributes setAttributes = new SetAttributes();
    final Entry entry = new Entry();
    final OpenResult opened = new OpenResult();
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
    final Request request;
    private final Answer answer;
    private final Scratch nativeEntry = new Scratch(FuseLayout.ENTRY_SIZE);
    private final Scratch nativeStatvfs = new Scratch(FuseLayout.STATVFS_SIZE);
    private Scratch data = new Scratch(DATA_SIZE);
    /** What has to be answered: the kernel's number of the request, or libfuse's handle; 0 when nothing has. */
    private long armed;
    private boolean decodedHere;
    private int setattrValid;

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
        request = new Request(Negotiation.LARGEST_MESSAGE);
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
     * @param readers     who waits for requests
     */
    record Connection(Libfuse.Functions libfuse, long session, long channel, Device device, Negotiation negotiation,
                      DirectOperations direct, Readers readers) {
    }

    /**
     * The worker that runs this callback.
     *
     * @return the current thread
     */
    static FuseWorker current() {
        return (FuseWorker) Thread.currentThread();
    }

    /** Serves requests until the file system is unmounted or the session was told to end (F7). */
    @Override
    public void run() {
        try {
            readers.join();
            while (serveOne()) {
                Thread.interrupted();
                readers.waitAgain();
            }
        } finally {
            readers.end();
            libfuse.fuse_session_exit(session);
            free();
        }
    }

    private boolean serveOne() {
        try {
            final int received = request.receive(device);
            readers.received();
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
        setattrValid = request.bodyLength() >= Integer.BYTES ? request.bodyWord(0) : 0;
        if (request.opcode() == KernelProtocol.INIT) {
            negotiation.answer(libfuse, session, channel, request.address(), request.length());
        } else {
            libfuse.fuse_session_process(session, request.address(), request.length(), channel);
        }
    }

    private void free() {
        request.close();
        answer.close();
        nativeEntry.close();
        nativeStatvfs.close();
        data.close();
    }

    /**
     * A request that libfuse has decoded begins: from here on it must be answered.
     *
     * @param handle libfuse's handle
     * @return the time, when somebody wants to know, otherwise 0
     */
    long begin(final long handle) {
        armed = handle;
        decodedHere = false;
        return timer == null ? 0 : System.nanoTime();
    }

    /**
     * A request that is decoded here begins: from here on it must be answered.
     *
     * @return the time, when somebody wants to know, otherwise 0
     */
    long beginDirect() {
        armed = request.unique();
        decodedHere = true;
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
     * The umask of the caller of a request that libfuse has decoded.
     *
     * @return permission bits
     */
    int umask() {
        return OffHeap.getInt(libfuse.fuse_req_ctx(armed) + FuseLayout.CONTEXT_UMASK_OFFSET);
    }

    /**
     * Looks at a flag of a setattr. libfuse clears those that it does not know in the message itself, so the word was
     * put aside before.
     *
     * @param flag a bit of the kernel's {@code valid}
     * @return whether it is set
     */
    boolean setattrHas(final int flag) {
        return (setattrValid & flag) != 0;
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
     * Page-aligned memory for data of an answer.
     *
     * @param length bytes that are needed
     * @return its address; the contents do not survive the next call
     */
    long data(final long length) {
        if (length > data.size()) {
            final Scratch larger = new Scratch(length);
            data.close();
            data = larger;
        }
        return data.address();
    }

    /** What has no answer, as FORGET. */
    void replyNone() {
        final long taken = disarm();
        if (!decodedHere) {
            libfuse.fuse_reply_none(taken);
        }
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
        final long taken = disarm();
        if (decodedHere) {
            answer.status(taken, code);
        } else {
            libfuse.fuse_reply_err(taken, code);
        }
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
        final long taken = disarm();
        if (decodedHere) {
            return answer.entry(taken, entry) == 0;
        }
        encodeEntry();
        return libfuse.fuse_reply_entry(taken, nativeEntry.address()) == 0;
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
     * Answers with {@link #entry} and {@link #opened}; for requests that are decoded here.
     *
     * @return whether the kernel took it; otherwise it knows neither the node nor the handle (F5)
     */
    boolean replyCreate() {
        return answer.created(disarmDirect(), entry, opened) == 0;
    }

    /**
     * Answers with {@link #opened}; for requests that are decoded here.
     *
     * @return whether the kernel took it; otherwise it does not know the handle and will not release it (F5)
     */
    boolean replyOpen() {
        return answer.opened(disarmDirect(), opened) == 0;
    }

    private long disarmDirect() {
        assert decodedHere : "libfuse has decoded the request";
        return disarm();
    }

    /**
     * Answers with {@link #attributes}.
     *
     * @param timeoutNanos how long the kernel may believe them
     */
    void replyAttributes(final long timeoutNanos) {
        final long taken = disarm();
        if (decodedHere) {
            answer.attributes(taken, attributes, timeoutNanos);
        } else {
            final long stat = nativeEntry.address() + FuseLayout.ENTRY_ATTRIBUTES_OFFSET;
            encode(attributes, stat);
            libfuse.fuse_reply_attr(taken, stat, timeoutNanos / NANOS_PER_SECOND);
        }
    }

    /**
     * Answers with the first bytes of {@link #target}.
     *
     * @param length bytes, less than 4096
     */
    void replyTarget(final int length) {
        final long address = data(length + 1L);
        OffHeap.copyFromArray(target, 0, address, length);
        OffHeap.putByte(address + length, (byte) 0);
        libfuse.fuse_reply_readlink(disarm(), address);
    }

    /**
     * Answers a write; for requests that are decoded here.
     *
     * @param count bytes that were written
     */
    void replyWritten(final int count) {
        answer.written(disarmDirect(), count);
    }

    /**
     * Answers with data.
     *
     * @param address where it is
     * @param length  bytes
     */
    void replyData(final long address, final long length) {
        final long taken = disarm();
        if (decodedHere) {
            answer.data(taken, address, length);
        } else {
            libfuse.fuse_reply_buf(taken, address, length);
        }
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
            libfuse.fuse_reply_xattr(disarm(), result);
        } else if (result > capacity) {
            replyError(Errno.ERANGE);
        } else {
            final long address = data(result);
            OffHeap.copyFromArray(extended, 0, address, result);
            replyData(address, result);
        }
    }

    /** Answers with {@link #statistics}. */
    void replyStatistics() {
        final long base = nativeStatvfs.address();
        OffHeap.putLong(base + FuseLayout.STATVFS_BSIZE_OFFSET, statistics.blockSize);
        OffHeap.putLong(base + FuseLayout.STATVFS_FRSIZE_OFFSET, statistics.fragmentSize);
        OffHeap.putLong(base + FuseLayout.STATVFS_BLOCKS_OFFSET, statistics.blocks);
        OffHeap.putLong(base + FuseLayout.STATVFS_BFREE_OFFSET, statistics.blocksFree);
        OffHeap.putLong(base + FuseLayout.STATVFS_BAVAIL_OFFSET, statistics.blocksAvailable);
        OffHeap.putLong(base + FuseLayout.STATVFS_FILES_OFFSET, statistics.files);
        OffHeap.putLong(base + FuseLayout.STATVFS_FFREE_OFFSET, statistics.filesFree);
        OffHeap.putLong(base + FuseLayout.STATVFS_FAVAIL_OFFSET, statistics.filesFree);
        OffHeap.putLong(base + FuseLayout.STATVFS_NAMEMAX_OFFSET, statistics.nameLength);
        libfuse.fuse_reply_statfs(disarm(), base);
    }

    private void encodeEntry() {
        final long base = nativeEntry.address();
        OffHeap.putLong(base + FuseLayout.ENTRY_NODE_OFFSET, entry.node);
        OffHeap.putLong(base + FuseLayout.ENTRY_GENERATION_OFFSET, entry.generation);
        encode(entry.attributes, base + FuseLayout.ENTRY_ATTRIBUTES_OFFSET);
        UnsafeApi.putDouble(base + FuseLayout.ENTRY_ATTRIBUTES_TIMEOUT_OFFSET,
            entry.attrTimeoutNanos / NANOS_PER_SECOND);
        UnsafeApi.putDouble(base + FuseLayout.ENTRY_TIMEOUT_OFFSET, entry.entryTimeoutNanos / NANOS_PER_SECOND);
    }

    private static void encode(final Attributes from, final long stat) {
        OffHeap.putLong(stat + FuseLayout.STAT_DEV_OFFSET, from.dev);
        OffHeap.putLong(stat + FuseLayout.STAT_INO_OFFSET, from.ino);
        OffHeap.putInt(stat + FuseLayout.STAT_MODE_OFFSET, from.mode);
        putWord(stat + FuseLayout.STAT_NLINK_OFFSET, FuseLayout.STAT_NLINK_SIZE, from.nlink);
        OffHeap.putInt(stat + FuseLayout.STAT_UID_OFFSET, from.uid);
        OffHeap.putInt(stat + FuseLayout.STAT_GID_OFFSET, from.gid);
        OffHeap.putLong(stat + FuseLayout.STAT_RDEV_OFFSET, from.rdev);
        OffHeap.putLong(stat + FuseLayout.STAT_SIZE_OFFSET, from.size);
        putWord(stat + FuseLayout.STAT_BLKSIZE_OFFSET, FuseLayout.STAT_BLKSIZE_SIZE, from.blockSize);
        OffHeap.putLong(stat + FuseLayout.STAT_BLOCKS_OFFSET, from.blocks);
        putTime(stat + FuseLayout.STAT_ATIME_OFFSET, from.atimeSeconds, from.atimeNanos);
        putTime(stat + FuseLayout.STAT_MTIME_OFFSET, from.mtimeSeconds, from.mtimeNanos);
        putTime(stat + FuseLayout.STAT_CTIME_OFFSET, from.ctimeSeconds, from.ctimeNanos);
    }

    private static void putWord(final long address, final int size, final int value) {
        if (size == Long.BYTES) {
            OffHeap.putLong(address, Integer.toUnsignedLong(value));
        } else {
            OffHeap.putInt(address, value);
        }
    }

    private static void putTime(final long address, final long seconds, final int nanos) {
        OffHeap.putLong(address, seconds);
        OffHeap.putLong(address + FuseLayout.TIMESPEC_NANOS_OFFSET, nanos);
    }
}
