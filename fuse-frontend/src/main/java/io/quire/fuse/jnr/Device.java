package io.quire.fuse.jnr;

import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.Posix;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The descriptor over which the kernel hands out requests and takes answers. It is libfuse's channel, read and written
 * here because that takes neither libfuse's bookkeeping of a request nor a way into C and back. Any number of threads may
 * use it; whoever closes the descriptor sees to it that nobody does (F7).
 */
final class Device {
    /** What {@link #receive} returns when the mount has ended. */
    static final int ENDED = 0;

    private static final Logger LOG = LoggerFactory.getLogger(Device.class);

    private final int descriptor;

    Device(final int descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Waits for a request.
     *
     * @param address where it goes
     * @param size    bytes, more than the largest write
     * @return its length, {@link #ENDED}, or a negative error number that means the end, too
     */
    int receive(final long address, final long size) {
        while (true) {
            final long length = Posix.read(descriptor, address, size);
            // ENOENT: the one who asked went away before the message was complete. EAGAIN: somebody else got it.
            if (length != -Errno.ENOENT && length != -Errno.EAGAIN) {
                return length == -Errno.ENODEV ? ENDED : (int) length;
            }
        }
    }

    /**
     * Sends an answer, which the kernel takes whole or not at all.
     *
     * @param answer its parts, the header first
     * @return 0, or a negative error number when it was not taken: ENOENT when nobody waits for it any more
     */
    int send(final IoVector answer) {
        final long sent = Posix.writev(descriptor, answer.nativeAddress(), answer.count());
        if (sent == answer.bytes()) {
            return 0;
        }
        final int error = sent < 0 ? (int) sent : -Errno.EIO;
        if (error != -Errno.ENOENT && error != -Errno.ENODEV) {
            LOG.error("an answer of {} bytes was refused with {}", answer.bytes(), Errno.name(-error));
        }
        return error;
    }
}
