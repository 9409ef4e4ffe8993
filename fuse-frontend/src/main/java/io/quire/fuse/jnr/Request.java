package io.quire.fuse.jnr;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;

/**
 * The message that a worker has received, read in place. Valid until the worker receives the next one; libfuse may change
 * the message when it decodes it, so what is wanted from it beyond that is read before. Confined to one worker.
 */
final class Request {
    private final MessageMemory memory;
    private int length;

    /**
     * Prepares.
     *
     * @param memory where messages go
     */
    Request(final MessageMemory memory) {
        this.memory = memory;
    }

    /**
     * Waits for a request.
     *
     * @param device where from
     * @return 1 when there is one, {@link Device#ENDED}, or a negative error number
     */
    int receive(final Device device) {
        memory.renew();
        length = device.receive(memory.message(), memory.messageSize());
        if (length <= 0) {
            return length;
        }
        memory.moved(length);
        return length < KernelProtocol.HEADER_SIZE || word(KernelProtocol.LENGTH_OFFSET) != length ? -Errno.EIO : 1;
    }

    long address() {
        return memory.message();
    }

    int length() {
        return length;
    }

    int opcode() {
        return word(KernelProtocol.OPCODE_OFFSET);
    }

    long unique() {
        return OffHeap.getLong(memory.message() + KernelProtocol.UNIQUE_OFFSET);
    }

    long node() {
        return OffHeap.getLong(memory.message() + KernelProtocol.NODE_OFFSET);
    }

    int uid() {
        return word(KernelProtocol.UID_OFFSET);
    }

    int gid() {
        return word(KernelProtocol.GID_OFFSET);
    }

    int pid() {
        return word(KernelProtocol.PID_OFFSET);
    }

    /** Where the body begins. */
    long body() {
        return memory.message() + KernelProtocol.HEADER_SIZE;
    }

    /** How long the body is. */
    int bodyLength() {
        return length - KernelProtocol.HEADER_SIZE;
    }

    /**
     * Sees to it that the body is as long as what is read from it.
     *
     * @param size bytes
     * @throws IllegalStateException when it is shorter
     */
    void require(final long size) {
        if (bodyLength() < size) {
            throw new IllegalStateException("a request with opcode " + opcode() + " has " + bodyLength()
                + " bytes instead of " + size);
        }
    }

    /** A 32-bit word of the body. */
    int bodyWord(final int offset) {
        return OffHeap.getInt(body() + offset);
    }

    /** A 64-bit word of the body. */
    long bodyLong(final int offset) {
        return OffHeap.getLong(body() + offset);
    }

    /**
     * Copies a name or a link's target, byte for byte (F4).
     *
     * @param offset where it begins in the body
     * @return its bytes without the NUL
     * @throws IllegalStateException when the message ends before the name does
     */
    byte[] name(final int offset) {
        final int limit = bodyLength();
        int end = offset;
        while (end < limit && OffHeap.getByte(body() + end) != 0) {
            end++;
        }
        require(end + 1L);
        final byte[] bytes = new byte[end - offset];
        OffHeap.copyToArray(body() + offset, bytes, 0, bytes.length);
        return bytes;
    }

    /**
     * Copies bytes.
     *
     * @param offset where they begin in the body
     * @param size   how many
     * @return the bytes
     * @throws IllegalStateException when the message ends before they do
     */
    byte[] bytes(final int offset, final long size) {
        require(offset + size);
        final byte[] bytes = new byte[(int) size];
        OffHeap.copyToArray(body() + offset, bytes, 0, bytes.length);
        return bytes;
    }

    private int word(final int offset) {
        return OffHeap.getInt(memory.message() + offset);
    }
}
