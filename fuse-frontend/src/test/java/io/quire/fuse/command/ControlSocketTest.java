package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One line in, one line out, for the user alone (command.md, C7). */
@Timeout(300)
class ControlSocketTest {
    @TempDir
    private Path directory;

    @Test
    void aCommandAndItsArgumentReachTheHandlerAndTheAnswerComesBack() throws Exception {
        assertThat(exchange("policy one-page", (command, argument) -> command + "/" + argument))
            .isEqualTo("policy/one-page");
    }

    @Test
    void aRefusalComesBackAsTheSameMessage() {
        assertThatThrownBy(() -> exchange("policy x", (command, argument) -> {
            throw CommandException.failed("no such policy");
        })).rootCause().isInstanceOf(CommandException.class).hasMessage("no such policy");
    }

    @Test
    void onlyTheUserMayConnect() throws IOException {
        final Path path = directory.resolve("control");
        try (ControlSocket socket = ControlSocket.open(path, (command, argument) -> "")) {
            assertThat(socket.poll()).isZero();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-------");
        }
    }

    @Test
    void namesGoByteForByteAndMayBeLong() throws Exception {
        final String name = "/odd \uDCFF \u00FC/" + "long/".repeat(1000);
        assertThat(exchange("policy x", (command, argument) -> name + " now writes x")).isEqualTo(name + " now writes x");
    }

    @Test
    void aDaemonThatTakesNoClientsKeepsNoneWaitingBeyondTheLimit() throws Exception {
        final Path path = directory.resolve("control");
        try (ControlSocket socket = ControlSocket.open(path, (command, argument) -> "")) {
            // More than fit into its queue.
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> ControlSocket.send(path, "ping", 1)).isInstanceOf(IOException.class)
                    .hasMessage("the daemon does not answer");
            }
            assertThat(socket.poll()).as("what waited was served").isBetween(0, 100);
        }
    }

    private String exchange(final String command, final ControlSocket.Handler handler) throws Exception {
        final Path path = directory.resolve("control");
        try (ControlSocket socket = ControlSocket.open(path, handler)) {
            final CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
                try {
                    return ControlSocket.send(path, command, 20_000);
                } catch (final IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            while (socket.poll() == 0) {
                Thread.onSpinWait();
            }
            return answer.get();
        } catch (final ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
