package io.quire.fuse.jnr;

import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first request of a connection, INIT, in which both sides say what they can do.
 *
 * <p>libfuse 2.9 knows the flags of protocol 7.19 only. Some later ones change no message that it reads or writes, and
 * are worth having; so libfuse is shown the request under another number, which the kernel does not know and whose
 * answer it therefore drops (ENOENT, which libfuse passes over in silence), and the kernel is answered from here with
 * libfuse's terms and the further flags, the protocol version staying 7.19 (F11).
 *
 * <dl>
 *   <dt>PARALLEL_DIROPS</dt><dd>lookups and listings of one directory come at the same time</dd>
 *   <dt>HANDLE_KILLPRIV_V2</dt><dd>the kernel need not ask for {@code security.capability} before every write, which
 *   is a round trip as long as the write's own; the server drops set-user-ID bits when the request says so</dd>
 *   <dt>POSIX_ACL</dt><dd>access control lists of the source decide, not the mode bits that stand for them</dd>
 *   <dt>DIRECT_IO_ALLOW_MMAP</dt><dd>files that are opened with direct_io can still be mapped by several programs</dd>
 *   <dt>MAX_PAGES</dt><dd>requests of up to a mebibyte: reads, writes and listings are decoded without libfuse</dd>
 *   <dt>ASYNC_DIO</dt><dd>one program's asynchronous O_DIRECT requests come at the same time</dd>
 * </dl>
 *
 * <p>{@link #answer} runs on one worker, {@link #await} on the thread that mounts.
 */
final class Negotiation {
    private static final Logger LOG = LoggerFactory.getLogger(Negotiation.class);

    /**
     * Pages of the largest read or write. libfuse's own buffer has room for 32, but requests come into ours, and what moves
     * data never gets to libfuse (F13).
     */
    private static final int LARGEST_TRANSFER_PAGES = 256;
    private static final int PAGE = 4096;

    /** Bytes of the largest read or write. */
    static final int LARGEST_TRANSFER = LARGEST_TRANSFER_PAGES * PAGE;

    private static final int FURTHER_FLAGS = FuseLayout.INIT_ASYNC_DIO | FuseLayout.INIT_PARALLEL_DIROPS
        | FuseLayout.INIT_POSIX_ACL | FuseLayout.INIT_HANDLE_KILLPRIV_V2 | FuseLayout.INIT_MAX_PAGES
        | FuseLayout.INIT_EXT;
    private static final int MAJOR = 7;
    private static final int MINOR = 19;
    /** The first version in which the answer has 64 bytes. */
    private static final int MINOR_LONG_ANSWER = 23;
    /** Set in a number, makes it one that the kernel never gave: it counts up from 0. */
    private static final long UNKNOWN_TO_KERNEL = 1L << 62;
    private static final int MAX_BACKGROUND = 64;
    private static final int CONGESTION = 48;

    private final boolean bigWrites;
    private final CountDownLatch done = new CountDownLatch(1);
    private int want;
    private int maxReadahead;
    private int maxWrite;
    private boolean large;

    /**
     * Prepares.
     *
     * @param bigWrites whether writes may be larger than a page
     */
    Negotiation(final boolean bigWrites) {
        this.bigWrites = bigWrites;
    }

    /**
     * libfuse's init operation: says what we want, and remembers the terms. Lets nothing out (F2).
     *
     * @param userData   not used
     * @param connection address of {@code struct fuse_conn_info}
     */
    void init(final long userData, final long connection) {
        try {
            final int capable = OffHeap.getInt(connection + FuseLayout.CONNECTION_CAPABLE_OFFSET);
            final boolean asynchronous = OffHeap.getInt(connection + FuseLayout.CONNECTION_ASYNC_READ_OFFSET) != 0;
            final int ours = FuseLayout.CAP_ATOMIC_O_TRUNC | FuseLayout.CAP_DONT_MASK
                | (asynchronous ? FuseLayout.CAP_ASYNC_READ : 0) | (bigWrites ? FuseLayout.CAP_BIG_WRITES : 0);
            want = OffHeap.getInt(connection + FuseLayout.CONNECTION_WANT_OFFSET) | ours & capable;
            OffHeap.putInt(connection + FuseLayout.CONNECTION_WANT_OFFSET, want);
            OffHeap.putInt(connection + FuseLayout.CONNECTION_MAX_BACKGROUND_OFFSET, MAX_BACKGROUND);
            OffHeap.putInt(connection + FuseLayout.CONNECTION_CONGESTION_OFFSET, CONGESTION);
            maxReadahead = OffHeap.getInt(connection + FuseLayout.CONNECTION_MAX_READAHEAD_OFFSET);
            maxWrite = OffHeap.getInt(connection + FuseLayout.CONNECTION_MAX_WRITE_OFFSET);
        } catch (final Throwable e) {
            LOG.error("negotiating the connection failed", e);
        }
    }

    /**
     * Answers INIT.
     *
     * @param libfuse the library
     * @param session libfuse's session
     * @param channel the connection
     * @param message the request
     * @param length  its length in bytes
     */
    void answer(final Libfuse.Functions libfuse, final long session, final long channel, final long message,
                final int length) {
        final long body = message + KernelProtocol.HEADER_SIZE;
        final boolean extend = OffHeap.getInt(body) == MAJOR && OffHeap.getInt(body + Integer.BYTES)
            >= MINOR_LONG_ANSWER;
        if (extend) {
            final long unique = OffHeap.getLong(message + KernelProtocol.UNIQUE_OFFSET);
            final int offered = OffHeap.getInt(body + FuseLayout.INIT_IN_FLAGS_OFFSET);
            final int offered2 = (offered & FuseLayout.INIT_EXT) == 0 ? 0
                : OffHeap.getInt(body + FuseLayout.INIT_IN_FLAGS2_OFFSET);
            OffHeap.putLong(message + KernelProtocol.UNIQUE_OFFSET, unique | UNKNOWN_TO_KERNEL);
            libfuse.fuse_session_process(session, message, length, channel);
            send(libfuse, channel, unique, offered, offered2);
        } else {
            libfuse.fuse_session_process(session, message, length, channel);
        }
        done.countDown();
    }

    private void send(final Libfuse.Functions libfuse, final long channel, final long unique, final int offered,
                      final int offered2) {
        final int known = FuseLayout.CAP_ASYNC_READ | FuseLayout.CAP_ATOMIC_O_TRUNC | FuseLayout.CAP_BIG_WRITES
            | FuseLayout.CAP_DONT_MASK;
        try (Scratch answer = new Scratch(KernelProtocol.ANSWER_HEADER_SIZE + FuseLayout.INIT_OUT_SIZE);
             Scratch vector = Scratch.pointers(answer.address(), answer.size())) {
            OffHeap.putInt(answer.address(), (int) answer.size());
            OffHeap.putLong(answer.address() + KernelProtocol.ANSWER_UNIQUE_OFFSET, unique);
            final long body = answer.address() + KernelProtocol.ANSWER_HEADER_SIZE;
            OffHeap.putInt(body, MAJOR);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_MINOR_OFFSET, MINOR);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_MAX_READAHEAD_OFFSET, maxReadahead);
            final int further = FURTHER_FLAGS & offered & (bigWrites ? -1 : ~FuseLayout.INIT_MAX_PAGES);
            large = (further & FuseLayout.INIT_MAX_PAGES) != 0;
            OffHeap.putInt(body + FuseLayout.INIT_OUT_FLAGS_OFFSET, want & known | further);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_MAX_PAGES_OFFSET, large ? LARGEST_TRANSFER_PAGES : 0);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_BACKGROUND_OFFSET, MAX_BACKGROUND | CONGESTION << Short.SIZE);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_MAX_WRITE_OFFSET,
                large ? LARGEST_TRANSFER : maxWrite);
            OffHeap.putInt(body + FuseLayout.INIT_OUT_FLAGS2_OFFSET, FuseLayout.INIT2_DIRECT_IO_ALLOW_MMAP & offered2);
            final int result = libfuse.fuse_chan_send(channel, vector.address(), 1);
            if (result != 0) {
                LOG.error("answering the kernel's INIT failed with {}", Errno.name(-result));
            }
        }
    }

    /**
     * How many bytes a request may move, when that is more than libfuse negotiates.
     *
     * @return bytes; nothing before {@link #await} has returned true
     */
    OptionalInt largestTransfer() {
        return large ? OptionalInt.of(LARGEST_TRANSFER) : OptionalInt.empty();
    }

    /**
     * Waits until the kernel has been answered.
     *
     * @param seconds at most so long
     * @return whether it has been answered
     * @throws InterruptedException when the thread is interrupted
     */
    boolean await(final long seconds) throws InterruptedException {
        return done.await(seconds, TimeUnit.SECONDS);
    }
}
