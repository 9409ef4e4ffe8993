package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.IoVector;
import io.quire.fuse.vfs.Entry;
import io.quire.fuse.vfs.OpenResult;

/**
 * Builds the kernel's answers to requests that are decoded here, and sends each by one call. Allocates nothing. Every
 * method that sends returns 0, or a negative error number when the kernel did not take the answer (F5). Confined to one
 * worker.
 */
final class Answer implements AutoCloseable {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Device device;
    private final Scratch memory = new Scratch(KernelProtocol.ANSWER_HEADER_SIZE + KernelProtocol.ENTRY_OUT_SIZE
        + KernelProtocol.OPEN_OUT_SIZE);
    private final IoVector vector = new IoVector();

    Answer(final Device device) {
        this.device = device;
    }

    /**
     * Sends an error or, with 0, success without a payload.
     *
     * @param unique number of the request
     * @param errno  positive error number or 0
     * @return see above
     */
    int status(final long unique, final int errno) {
        return send(unique, -errno, 0);
    }

    /**
     * Sends a node.
     *
     * @param unique number of the request
     * @param entry  the node
     * @return see above
     */
    int entry(final long unique, final Entry entry) {
        putEntry(entry);
        return send(unique, 0, KernelProtocol.ENTRY_OUT_SIZE);
    }

    /**
     * Sends a node and its handle.
     *
     * @param unique number of the request
     * @param entry  the node
     * @param opened the handle
     * @return see above
     */
    int created(final long unique, final Entry entry, final OpenResult opened) {
        putEntry(entry);
        putOpened(opened, KernelProtocol.ENTRY_OUT_SIZE);
        return send(unique, 0, KernelProtocol.ENTRY_OUT_SIZE + KernelProtocol.OPEN_OUT_SIZE);
    }

    /**
     * Sends a handle.
     *
     * @param unique number of the request
     * @param opened the handle
     * @return see above
     */
    int opened(final long unique, final OpenResult opened) {
        putOpened(opened, 0);
        return send(unique, 0, KernelProtocol.OPEN_OUT_SIZE);
    }

    /**
     * Sends attributes.
     *
     * @param unique       number of the request
     * @param attributes   the attributes
     * @param timeoutNanos how long the kernel may believe them
     * @return see above
     */
    int attributes(final long unique, final Attributes attributes, final long timeoutNanos) {
        final long body = body();
        OffHeap.putLong(body, timeoutNanos / NANOS_PER_SECOND);
        OffHeap.putLong(body + 8, timeoutNanos % NANOS_PER_SECOND);
        putAttributes(attributes, body + 16);
        return send(unique, 0, KernelProtocol.ATTR_OUT_SIZE);
    }

    /**
     * Sends how much was written.
     *
     * @param unique number of the request
     * @param count  bytes
     * @return see above
     */
    int written(final long unique, final int count) {
        OffHeap.putLong(body(), Integer.toUnsignedLong(count));
        return send(unique, 0, KernelProtocol.WRITE_OUT_SIZE);
    }

    /**
     * Sends how large an extended attribute or the list of them is.
     *
     * @param unique number of the request
     * @param size   bytes
     * @return see above
     */
    int extendedSize(final long unique, final int size) {
        OffHeap.putLong(body(), Integer.toUnsignedLong(size));
        return send(unique, 0, KernelProtocol.GETXATTR_OUT_SIZE);
    }

    /**
     * Sends the numbers of a file system.
     *
     * @param unique     number of the request
     * @param statistics the numbers
     * @return see above
     */
    int statistics(final long unique, final FileSystemStatistics statistics) {
        final long body = body();
        OffHeap.putLong(body, statistics.blocks);
        OffHeap.putLong(body + 8, statistics.blocksFree);
        OffHeap.putLong(body + 16, statistics.blocksAvailable);
        OffHeap.putLong(body + 24, statistics.files);
        OffHeap.putLong(body + 32, statistics.filesFree);
        OffHeap.putInt(body + 40, (int) statistics.blockSize);
        OffHeap.putInt(body + 44, (int) statistics.nameLength);
        OffHeap.putInt(body + 48, (int) statistics.fragmentSize);
        for (int offset = 52; offset < KernelProtocol.STATFS_OUT_SIZE; offset += Integer.BYTES) {
            OffHeap.putInt(body + offset, 0);
        }
        return send(unique, 0, KernelProtocol.STATFS_OUT_SIZE);
    }

    /**
     * Sends data.
     *
     * @param unique  number of the request
     * @param address where it is
     * @param length  bytes, 0 or more
     * @return see above
     */
    int data(final long unique, final long address, final long length) {
        begin();
        if (length > 0) {
            vector.add(address, length);
        }
        return sendVector(unique, 0);
    }

    private long body() {
        return memory.address() + KernelProtocol.ANSWER_HEADER_SIZE;
    }

    private void begin() {
        vector.clear();
        vector.add(memory.address(), KernelProtocol.ANSWER_HEADER_SIZE);
    }

    private int send(final long unique, final int error, final int bodySize) {
        vector.clear();
        vector.add(memory.address(), KernelProtocol.ANSWER_HEADER_SIZE + bodySize);
        return sendVector(unique, error);
    }

    private int sendVector(final long unique, final int error) {
        final long header = memory.address();
        OffHeap.putInt(header + KernelProtocol.LENGTH_OFFSET, (int) vector.bytes());
        OffHeap.putInt(header + KernelProtocol.ANSWER_ERROR_OFFSET, error);
        OffHeap.putLong(header + KernelProtocol.ANSWER_UNIQUE_OFFSET, unique);
        return device.send(vector);
    }

    private void putOpened(final OpenResult opened, final int at) {
        final long base = body() + at;
        OffHeap.putLong(base, opened.fh);
        OffHeap.putLong(base + 8, (opened.directIo ? KernelProtocol.FOPEN_DIRECT_IO : 0)
            | (opened.keepCache ? KernelProtocol.FOPEN_KEEP_CACHE : 0)
            | (opened.noFlush ? KernelProtocol.FOPEN_NOFLUSH : 0));
    }

    private void putEntry(final Entry entry) {
        final long base = body();
        OffHeap.putLong(base, entry.node);
        OffHeap.putLong(base + 8, entry.generation);
        OffHeap.putLong(base + 16, entry.entryTimeoutNanos / NANOS_PER_SECOND);
        OffHeap.putLong(base + 24, entry.attrTimeoutNanos / NANOS_PER_SECOND);
        OffHeap.putInt(base + 32, (int) (entry.entryTimeoutNanos % NANOS_PER_SECOND));
        OffHeap.putInt(base + 36, (int) (entry.attrTimeoutNanos % NANOS_PER_SECOND));
        putAttributes(entry.attributes, base + 40);
    }

    /** {@code struct fuse_attr}. */
    private static void putAttributes(final Attributes from, final long base) {
        OffHeap.putLong(base, from.ino);
        OffHeap.putLong(base + 8, from.size);
        OffHeap.putLong(base + 16, from.blocks);
        OffHeap.putLong(base + 24, from.atimeSeconds);
        OffHeap.putLong(base + 32, from.mtimeSeconds);
        OffHeap.putLong(base + 40, from.ctimeSeconds);
        OffHeap.putInt(base + 48, from.atimeNanos);
        OffHeap.putInt(base + 52, from.mtimeNanos);
        OffHeap.putInt(base + 56, from.ctimeNanos);
        OffHeap.putInt(base + 60, from.mode);
        OffHeap.putInt(base + 64, from.nlink);
        OffHeap.putInt(base + 68, from.uid);
        OffHeap.putInt(base + 72, from.gid);
        OffHeap.putInt(base + 76, (int) from.rdev);
        OffHeap.putInt(base + 80, from.blockSize);
        OffHeap.putInt(base + 84, 0);
    }

    @Override
    public void close() {
        memory.close();
        vector.close();
    }
}
