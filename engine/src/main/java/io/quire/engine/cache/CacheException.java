package io.quire.engine.cache;

import java.io.IOException;

import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** An operation on a cached file was refused or failed. Carries the errno that a program would see. */
public class CacheException extends IOException {
    private static final long serialVersionUID = 1L;

    /** A positive error number. */
    private final int errno;

    /**
     * Makes an exception of the cache's own.
     *
     * @param errno   the error number, positive, as in {@link Errno}
     * @param message a sentence that names the range and what to do
     */
    public CacheException(final int errno, final String message) {
        super(message + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /**
     * Passes on what the store said, with its errno.
     *
     * @param doing what was being done, for the message
     * @param cause the store's error
     */
    public CacheException(final String doing, final StoreException cause) {
        super(doing + ": " + cause.getMessage(), cause);
        this.errno = cause.errno();
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
