package io.quire.engine.store;

import java.io.IOException;

/** A store refused or failed an operation. Carries the errno that the caller of a filesystem would see. */
public final class StoreException extends IOException {
    private static final long serialVersionUID = 1L;

    /** A positive error number. */
    private final int errno;

    /**
     * Makes an exception.
     *
     * @param errno   the error number, positive, as in {@link Errno}
     * @param message a sentence that names the file, the range and what to do
     */
    public StoreException(final int errno, final String message) {
        super(message + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /**
     * The error number.
     *
     * @return positive, as in {@link Errno}
     */
    public int errno() {
        return errno;
    }
}
