package io.quire.fuse.jnr;

import java.nio.charset.StandardCharsets;

import io.quire.engine.memory.OffHeap;

/**
 * Keeps what native code prints on standard error away from the user while it is open, and reads it afterwards. The
 * redirection is of the whole process, so it lasts only for the one call that prints.
 */
final class StandardErrorCapture implements AutoCloseable {
    private static final int STANDARD_ERROR = 2;
    private static final int LIMIT = 16 << 10;

    private final int saved;
    private final int memory;
    private boolean closed;

    /** Starts to redirect; where that is not possible, the text goes to the user. */
    StandardErrorCapture() {
        int copy = -1;
        int file = -1;
        try (Scratch name = Scratch.string("quire-stderr")) {
            file = SystemCalls.LIBC.memfd_create(name.address(), SystemCalls.MFD_CLOEXEC);
        }
        if (file >= 0) {
            copy = SystemCalls.LIBC.dup(STANDARD_ERROR);
            if (copy >= 0) {
                SystemCalls.LIBC.fcntl(copy, SystemCalls.F_SETFD, SystemCalls.FD_CLOEXEC);
                SystemCalls.LIBC.dup2(file, STANDARD_ERROR);
            }
        }
        saved = copy;
        memory = file;
    }

    /**
     * Stops to redirect.
     *
     * @return what was printed, at most its first 16 KiB
     */
    String finish() {
        restore();
        if (memory < 0) {
            return "";
        }
        try (Scratch buffer = new Scratch(LIMIT)) {
            final long length = SystemCalls.LIBC.pread(memory, buffer.address(), LIMIT, 0);
            final byte[] bytes = new byte[(int) Math.max(length, 0)];
            OffHeap.copyToArray(buffer.address(), bytes, 0, bytes.length);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private void restore() {
        if (!closed) {
            closed = true;
            if (saved >= 0) {
                SystemCalls.LIBC.dup2(saved, STANDARD_ERROR);
                SystemCalls.LIBC.close(saved);
            }
        }
    }

    @Override
    public void close() {
        restore();
        if (memory >= 0) {
            SystemCalls.LIBC.close(memory);
        }
    }
}
