package io.quire.fuse.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * The daemon's ear: a Unix socket, mode 0600 in a directory of mode 0700. A client sends one line and gets one line
 * back, {@code ok ...} or {@code error ...}; then the connection is closed. Lines are names and words byte for byte, at
 * most {@value #MAX_LINE} bytes. A client that does not finish its line in time is dropped, so none can occupy the daemon.
 */
final class ControlSocket implements AutoCloseable {
    private static final int MAX_LINE = 16 << 10;
    private static final long RETRY_NANOS = 10_000_000;
    private static final long CLIENT_MILLIS = 500;

    private static final System.Logger LOG = System.getLogger(ControlSocket.class.getName());

    private final ServerSocketChannel server;
    private final Selector clients;
    private final Handler handler;

    /** Carries out a command. */
    @FunctionalInterface
    interface Handler {
        /** Returns what to say after "ok"; what {@link CommandException} says goes after "error". */
        String handle(String command, String argument);
    }

    private ControlSocket(final ServerSocketChannel server, final Handler handler) throws IOException {
        this.server = server;
        this.clients = Selector.open();
        server.register(clients, SelectionKey.OP_ACCEPT);
        this.handler = handler;
    }

    static ControlSocket open(final Path socket, final Handler handler) throws IOException {
        final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            server.configureBlocking(false);
            return new ControlSocket(server, handler);
        } catch (final IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Waits until a client comes, an interrupt, or the time is over. Called by the thread that polls. */
    void await(final long millis) {
        try {
            clients.select(millis);
            clients.selectedKeys().clear();
        } catch (final IOException e) {
            throw new UncheckedIOException("waiting for clients of the control socket", e);
        }
    }

    /** Serves the clients that are waiting; returns how many. Called by one thread. */
    int poll() throws IOException {
        int served = 0;
        for (SocketChannel client = server.accept(); client != null; client = server.accept()) {
            try (SocketChannel closing = client) {
                serve(closing);
                served++;
            } catch (final IOException gone) {
                LOG.log(System.Logger.Level.DEBUG, "a client left before its answer", gone);
            }
        }
        return served;
    }

    private void serve(final SocketChannel client) throws IOException {
        final String line = readLine(client, CLIENT_MILLIS);
        if (line == null) {
            return;
        }
        final int blank = line.indexOf(' ');
        final String command = blank < 0 ? line : line.substring(0, blank);
        final String argument = blank < 0 ? "" : line.substring(blank + 1);
        String reply;
        try {
            reply = "ok " + handler.handle(command, argument);
        } catch (final CommandException e) {
            reply = "error " + e.getMessage();
        }
        // Fits into the socket's buffer: does not block.
        client.write(ByteBuffer.wrap(NativeNames.encode(reply.strip() + "\n")));
    }

    @Override
    public void close() throws IOException {
        clients.close();
        server.close();
    }

    /** Sends one command to the daemon behind {@code socket} and returns what it says after "ok". */
    static String send(final Path socket, final String command, final long limitMillis) throws IOException {
        final long deadline = System.nanoTime() + limitMillis * 1_000_000;
        try (SocketChannel channel = connect(socket, deadline)) {
            channel.write(ByteBuffer.wrap(NativeNames.encode(command + "\n")));
            final String reply = readLine(channel, (deadline - System.nanoTime()) / 1_000_000);
            if (reply == null) {
                throw new IOException("the daemon does not answer");
            }
            if (reply.startsWith("error ")) {
                throw CommandException.failed(reply.substring("error ".length()));
            }
            return reply.substring(Math.min(reply.length(), "ok ".length()));
        }
    }

    /**
     * A daemon that is stopped takes no client from its queue. A connection that blocks would wait for a place there
     * without a limit; one that does not is refused, and tries again.
     */
    private static SocketChannel connect(final Path socket, final long deadline) throws IOException {
        while (true) {
            final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.configureBlocking(false);
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (final IOException e) {
                channel.close();
                if (e instanceof ConnectException || !Files.exists(socket)) {
                    throw e;
                }
                if (System.nanoTime() - deadline >= 0) {
                    throw new IOException("the daemon does not answer", e);
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    /** One line without its end, or null when none comes in time. Leaves the channel non-blocking. */
    private static String readLine(final SocketChannel channel, final long limitMillis) throws IOException {
        final ByteBuffer line = ByteBuffer.allocate(MAX_LINE);
        channel.configureBlocking(false);
        final long deadline = System.nanoTime() + limitMillis * 1_000_000;
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            while (line.hasRemaining()) {
                final long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0 || selector.select(left) == 0) {
                    return null;
                }
                selector.selectedKeys().clear();
                if (channel.read(line) < 0) {
                    return null;
                }
                final int length = line.position();
                if (length > 0 && line.get(length - 1) == '\n') {
                    return NativeNames.decode(Arrays.copyOf(line.array(), length - 1));
                }
            }
            return null;
        }
    }
}
