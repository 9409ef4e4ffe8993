package io.quire.fuse.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where standard output and standard error of the daemon go, at the level of descriptors, so that libfuse's messages
 * and those of its helper go along. From the start they go to the log: only what the command says itself reaches the
 * user.
 */
final class DaemonOutput implements AutoCloseable {
    private static final int CLOSED = -1;

    private final Path log;
    private int savedOutput;
    private int savedError;

    private DaemonOutput(final Path log, final int savedOutput, final int savedError) {
        this.log = log;
        this.savedOutput = savedOutput;
        this.savedError = savedError;
    }

    static DaemonOutput toLog(final Path log) throws IOException {
        Files.createFile(log);
        final int output = NativeCalls.dup(1);
        final int error = NativeCalls.dup(2);
        final int descriptor = NativeCalls.openAppend(log.toString());
        NativeCalls.dup2(descriptor, 1);
        NativeCalls.dup2(descriptor, 2);
        NativeCalls.close(descriptor);
        return new DaemonOutput(log, output, error);
    }

    /** Lets go of the terminal for good. */
    void detach() {
        if (savedError != CLOSED) {
            NativeCalls.close(savedOutput);
            NativeCalls.close(savedError);
            savedOutput = CLOSED;
            savedError = CLOSED;
        }
    }

    /** Back to where the output went at first; nothing when {@link #detach} came before. */
    void restore() throws IOException {
        if (savedError != CLOSED) {
            System.out.flush();
            System.err.flush();
            NativeCalls.dup2(savedOutput, 1);
            NativeCalls.dup2(savedError, 2);
            detach();
        }
    }

    /** The last line in the log, in parentheses, which is where libfuse says why it failed; or nothing. */
    String lastLine() {
        try {
            final List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
            return lines.isEmpty() ? "" : " (" + lines.getLast().strip() + ")";
        } catch (final IOException e) {
            return " (and the log " + log + " cannot be read)";
        }
    }

    @Override
    public void close() throws IOException {
        restore();
    }
}
