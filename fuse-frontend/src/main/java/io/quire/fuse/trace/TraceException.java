package io.quire.fuse.trace;

import java.io.IOException;

/** A trace that cannot be read or made. The message is one sentence that names the file and, where there is one, the remedy. */
public final class TraceException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message one sentence for the user
     */
    public TraceException(final String message) {
        super(message);
    }

    /**
     * Makes one.
     *
     * @param message one sentence for the user
     * @param cause   what happened below
     */
    public TraceException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
