package io.quire.fuse.jnr;

import io.quire.engine.memory.NativeMemory;

/**
 * A worker's memory for the message it has received and for the data of its answer. Both share it, since no request has much of both
 * (F15): what follows the header and the {@link KernelProtocol#TRANSFER_IN_SIZE} bytes of a transfer begins on a page boundary, and
 * so does the data of an answer.
 *
 * <pre>
 *   |&lt;------------ 4096 -------------&gt;|&lt;------- up to 1 MiB --------&gt;|
 *   | unused | header 40 | transfer 40 | payload, or data of an answer |
 *            ^ message                 ^ data
 * </pre>
 *
 * <p>Benefit: the kernel pins and copies whole pages, each to or from one page of its own. Once much was moved, the memory is a huge
 * page, where the system grants one: its parts are cheaper to pin. <b>Cost</b>: it is 2 MiB, whatever is used of it; a worker that
 * moves little never gets one. Confined to one worker.
 */
final class MessageMemory implements AutoCloseable {
    /** What moves more than this is worth a huge page. */
    private static final int LARGE = 32 << 10;
    private static final int PAGE = 4096;
    private static final int BEFORE_DATA = KernelProtocol.HEADER_SIZE + KernelProtocol.TRANSFER_IN_SIZE;

    private final long capacity;
    private final long bytes;
    // Reserved from the start, so that nothing can fail between two requests. Takes no memory before it is touched.
    private final long huge;
    private Scratch small;
    private long base;
    private boolean wanted;

    /**
     * Makes room.
     *
     * @param capacity bytes of the largest payload or data, a multiple of the page size
     */
    MessageMemory(final long capacity) {
        this.capacity = capacity;
        bytes = PAGE + capacity;
        small = Scratch.uninitialised(bytes);
        base = small.address();
        huge = NativeMemory.reserve(bytes, true);
    }

    /** Before a message is received: nobody uses what is in the memory any more, so it may move. */
    void renew() {
        if (wanted && small != null) {
            small.close();
            small = null;
            base = huge;
        }
    }

    /**
     * Tells how much was moved at once.
     *
     * @param length bytes of a message or of an answer's data
     */
    void moved(final long length) {
        wanted |= length > LARGE;
    }

    /** Where a message goes. It stays until {@link #renew}, but for what lies at {@link #data}. */
    long message() {
        return base + PAGE - BEFORE_DATA;
    }

    /** How long a message may be. */
    long messageSize() {
        return BEFORE_DATA + capacity;
    }

    /**
     * Page-aligned memory for an answer's data. Overwrites what a message has beyond the 40 bytes of a transfer.
     *
     * @param length bytes that are needed
     * @return its address
     * @throws IllegalStateException when that is more than a request may move
     */
    long data(final long length) {
        if (length > capacity) {
            throw new IllegalStateException("a request wants " + length + " bytes, more than the " + capacity + " that were negotiated");
        }
        moved(length);
        return base + PAGE;
    }

    @Override
    public void close() {
        if (small != null) {
            small.close();
        }
        NativeMemory.release(huge, bytes);
    }
}
