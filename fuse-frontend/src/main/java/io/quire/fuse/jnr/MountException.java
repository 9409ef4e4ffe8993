package io.quire.fuse.jnr;

/**
 * A mount that could not be made. The message is one sentence that names the thing that is wrong and the remedy, fit to
 * be shown to the user as it is; nothing is left mounted or running.
 */
public final class MountException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message the sentence for the user
     */
    public MountException(final String message) {
        super(message);
    }

    /**
     * Makes the exception.
     *
     * @param message the sentence for the user
     * @param cause   what was underneath
     */
    public MountException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
