package io.quire.fuse.jnr;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.Errno;
import io.quire.fuse.vfs.Caller;
import io.quire.fuse.vfs.Entry;
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
    private final Scratch message;
    private final Scratch channelPointer = new Scratch(Long.BYTES);
    private final Scratch nativeEntry = new Scratch(FuseLayout.ENTRY_SIZE);
    private final Scratch nativeFileInfo = new Scratch(FuseLayout.FILE_INFO_SIZE);
    private final Scratch nativeStatvfs = new Scratch(FuseLayout.STATVFS_SIZE);
    private Scratch data = new Scratch(DATA_SIZE);
    private long armed;
    private int umask;
    private int setattrValid;

    FuseWorker(final Libfuse.Functions libfuse, final long session, final long channel,
               final Negotiation negotiation, final OperationTimer timer, final String name) {
        super(null, null, name, 0, false);
        this.libfuse = libfuse;
        this.session = session;
        this.channel = channel;
        this.negotiation = negotiation;
        this.timer = timer;
        message = new Scratch(libfuse.fuse_chan_bufsize(channel));
        setDaemon(true);
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
            while (serveOne()) {
                Thread.interrupted();
            }
        } finally {
            libfuse.fuse_session_exit(session);
            free();
        }
    }

    private boolean serveOne() {
        try {
            OffHeap.putLong(channelPointer.address(), channel);
            final int length = libfuse.fuse_chan_recv(channelPointer.address(), message.address(), message.size());
            if (length == -Errno.EINTR || length == -Errno.EAGAIN) {
                return true;
            }
            if (length <= 0) {
                if (length < 0) {
                    LOG.error("reading requests failed with {}: the mount ends", Errno.name(-length));
                }
                return false;
            }
            setattrValid = OffHeap.getInt(message.address() + FuseLayout.MESSAGE_BODY_OFFSET);
            if (OffHeap.getInt(message.address() + FuseLayout.MESSAGE_OPCODE_OFFSET) == FuseLayout.OPCODE_INIT) {
                negotiation.answer(libfuse, session, channel, message.address(), length);
            } else {
                libfuse.fuse_session_process(session, message.address(), length, channel);
            }
            LockOrder.assertNoneHeld("a request was served");
            return true;
        } catch (final Throwable e) {
            LOG.error("a worker failed outside of a request", e);
            return libfuse.fuse_session_exited(session) == 0;
        }
    }

    private void free() {
        message.close();
        channelPointer.close();
        nativeEntry.close();
        nativeFileInfo.close();
        nativeStatvfs.close();
        data.close();
    }

    /**
     * A request begins: from here on it must be answered.
     *
     * @param request libfuse's handle
     * @return the time, when somebody wants to know, otherwise 0
     */
    long begin(final long request) {
        armed = request;
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
        final long request = armed;
        if (request == 0) {
            throw new IllegalStateException("a request was to be answered twice");
        }
        armed = 0;
        return request;
    }

    /**
     * Reads on whose behalf the request runs.
     *
     * @return the caller, valid until the next request
     */
    Caller caller() {
        final long context = libfuse.fuse_req_ctx(armed);
        caller.set(OffHeap.getInt(context + FuseLayout.CONTEXT_UID_OFFSET),
            OffHeap.getInt(context + FuseLayout.CONTEXT_GID_OFFSET),
            OffHeap.getInt(context + FuseLayout.CONTEXT_PID_OFFSET));
        umask = OffHeap.getInt(context + FuseLayout.CONTEXT_UMASK_OFFSET);
        return caller;
    }

    /**
     * The umask of the caller.
     *
     * @return permission bits; valid after {@link #caller}
     */
    int umask() {
        return umask;
    }

    /**
     * The handle that the kernel named in a getattr, which libfuse 2.9 does not pass on.
     *
     * @return the handle, or 0
     */
    long getattrHandle() {
        return requestHas(FuseLayout.GETATTR_FLAGS_OFFSET, FuseLayout.GETATTR_FLAG_FH)
            ? OffHeap.getLong(message.address() + FuseLayout.MESSAGE_BODY_OFFSET + FuseLayout.GETATTR_FH_OFFSET) : 0;
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
     * Looks at a flag in the kernel's own message, which libfuse 2.9 does not pass on.
     *
     * @param offset where the word of flags is, behind the header
     * @param flag   a bit of it
     * @return whether it is set
     */
    boolean requestHas(final int offset, final int flag) {
        return (OffHeap.getInt(message.address() + FuseLayout.MESSAGE_BODY_OFFSET + offset) & flag) != 0;
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

    void replyNone() {
        libfuse.fuse_reply_none(disarm());
    }

    /**
     * Answers with an error.
     *
     * @param errno positive error number
     */
    void replyError(final int errno) {
        libfuse.fuse_reply_err(disarm(), errno > 0 && errno < MAX_ERRNO ? errno : Errno.EIO);
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
            libfuse.fuse_reply_err(disarm(), 0);
        }
    }

    /**
     * Answers with {@link #entry}.
     *
     * @return whether the kernel took it; otherwise it has not counted the lookup (F5)
     */
    boolean replyEntry() {
        encodeEntry();
        return libfuse.fuse_reply_entry(disarm(), nativeEntry.address()) == 0;
    }

    /**
     * Answers with {@link #entry} and {@link #opened}.
     *
     * @return whether the kernel took it; otherwise it knows neither the node nor the handle (F5)
     */
    boolean replyCreate() {
        encodeEntry();
        encodeOpened();
        return libfuse.fuse_reply_create(disarm(), nativeEntry.address(), nativeFileInfo.address()) == 0;
    }

    /**
     * Answers with {@link #opened}.
     *
     * @return whether the kernel took it; otherwise it does not know the handle and will not release it (F5)
     */
    boolean replyOpen() {
        encodeOpened();
        return libfuse.fuse_reply_open(disarm(), nativeFileInfo.address()) == 0;
    }

    /**
     * Answers with {@link #attributes}.
     *
     * @param timeoutNanos how long the kernel may believe them
     */
    void replyAttributes(final long timeoutNanos) {
        final long stat = nativeEntry.address() + FuseLayout.ENTRY_ATTRIBUTES_OFFSET;
        encode(attributes, stat);
        libfuse.fuse_reply_attr(disarm(), stat, timeoutNanos / NANOS_PER_SECOND);
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

    void replyWritten(final int count) {
        libfuse.fuse_reply_write(disarm(), count);
    }

    void replyData(final long address, final long length) {
        libfuse.fuse_reply_buf(disarm(), address, length);
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

    private void encodeOpened() {
        final long base = nativeFileInfo.address();
        OffHeap.putLong(base + FuseLayout.FILE_INFO_FH_OFFSET, opened.fh);
        OffHeap.putInt(base + FuseLayout.FILE_INFO_BITS_OFFSET,
            (opened.directIo ? FuseLayout.FILE_INFO_DIRECT_IO : 0)
                | (opened.keepCache ? FuseLayout.FILE_INFO_KEEP_CACHE : 0));
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
