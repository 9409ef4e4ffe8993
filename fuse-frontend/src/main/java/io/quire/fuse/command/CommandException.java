package io.quire.fuse.command;

/** An outcome that ends the command: one line for the user, naming the thing and the remedy, and an exit status. */
final class CommandException extends RuntimeException {
    /** The command line was wrong. */
    static final int USAGE = 2;
    /** Everything else. */
    static final int FAILED = 1;

    private static final long serialVersionUID = 1L;

    private final int status;

    private CommandException(final int status, final String line, final Throwable cause) {
        super(line, cause);
        this.status = status;
    }

    static CommandException usage(final String line) {
        return new CommandException(USAGE, line, null);
    }

    static CommandException failed(final String line) {
        return new CommandException(FAILED, line, null);
    }

    static CommandException failed(final String line, final Throwable cause) {
        return new CommandException(FAILED, line, cause);
    }

    int status() {
        return status;
    }
}
