package io.quire.fuse.command;

import java.io.IOException;
import java.util.Locale;

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

    /** What a failure says, in words: some have no message, and their class is all there is to tell. */
    static String reason(final Throwable failure) {
        final String message = failure.getMessage();
        if (message != null && !message.isBlank()) {
            return message;
        }
        if (failure.getClass() == IOException.class) {
            return "an I/O error";
        }
        return failure.getClass().getSimpleName().replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT)
            .replaceAll("(?<=.) (exception|error)$", "");
    }

    int status() {
        return status;
    }
}
