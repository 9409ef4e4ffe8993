package io.quire.fuse.jnr;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Posix;
import io.quire.fuse.vfs.FileSystem;

import jnr.ffi.LibraryLoader;

/**
 * The kernel's end of a device, played by a test: a pair of sockets that keep messages apart, one of them a worker's. Not
 * thread-safe.
 */
final class Wire implements AutoCloseable {
    static final long UNIQUE = 77;
    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SIZE = 1 << 16;

    private final Scratch memory = new Scratch(SIZE);
    private final int kernel;
    private final int server;
    private final DirectOperations direct;
    final FuseWorker worker;
    /** The functions of libfuse that were called, in order; none does anything. */
    final List<String> toldKernel = new ArrayList<>();
    private boolean kernelClosed;

    /** Of the C library; public for jnr-ffi only. */
    public interface Sockets {
        int socketpair(int domain, int type, int protocol, long descriptors);

        long send(int descriptor, long address, long length, int flags);

        long recv(int descriptor, long address, long length, int flags);
    }

    private static final Sockets SOCKETS = LibraryLoader.create(Sockets.class).failImmediately().load("c");
    private static final int MSG_DONTWAIT = 0x40;

    Wire(final FileSystem fileSystem, final boolean ownerOnly) {
        if (SOCKETS.socketpair(AF_UNIX, SOCK_SEQPACKET, 0, memory.address()) != 0) {
            throw new IllegalStateException("socketpair failed");
        }
        kernel = OffHeap.getInt(memory.address());
        server = OffHeap.getInt(memory.address() + Integer.BYTES);
        direct = new DirectOperations(fileSystem, ownerOnly);
        final Libfuse.Functions libfuse = (Libfuse.Functions) Proxy.newProxyInstance(Wire.class.getClassLoader(),
            new Class<?>[] {Libfuse.Functions.class}, (proxy, method, arguments) -> {
                toldKernel.add(method.getName());
                return 0;
            });
        worker = new FuseWorker(new FuseWorker.Connection(libfuse, 0, 0, new Device(server), null, direct,
            new Readers(1, () -> { })), null, "wire");
    }

    /** A request as the kernel would send it. */
    static byte[] message(final int opcode, final long node, final int uid, final byte[] body) {
        final int length = KernelProtocol.HEADER_SIZE + body.length;
        return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder()).putInt(length).putInt(opcode)
            .putLong(UNIQUE).putLong(node).putInt(uid).putInt(0).putInt(1).putInt(0).put(body).array();
    }

    static byte[] name(final String name) {
        return (name + '\0').getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What READ, WRITE and READDIR begin with. */
    static byte[] transfer(final long handle, final long offset, final int size, final byte... payload) {
        return ByteBuffer.allocate(KernelProtocol.TRANSFER_IN_SIZE + payload.length).order(ByteOrder.nativeOrder())
            .putLong(handle).putLong(offset).putInt(size).putInt(0).putLong(0).putLong(0).put(payload).array();
    }

    /** Sends a request, whole or not. */
    void send(final byte[] message) {
        OffHeap.copyFromArray(message, 0, memory.address(), message.length);
        if (SOCKETS.send(kernel, memory.address(), message.length, 0) != message.length) {
            throw new IllegalStateException("send failed");
        }
    }

    int receive() {
        return worker.request.receive(new Device(server));
    }

    /** Sends a request and has it served. */
    boolean serve(final byte[] message) {
        send(message);
        if (receive() != 1) {
            throw new IllegalStateException("the message was not accepted");
        }
        return direct.serve(worker);
    }

    /**
     * The next answer.
     *
     * @return the answer, or null when there is none
     */
    Reply reply() {
        final long length = SOCKETS.recv(kernel, memory.address(), SIZE, MSG_DONTWAIT);
        if (length < 0) {
            return null;
        }
        final byte[] bytes = new byte[(int) length];
        OffHeap.copyToArray(memory.address(), bytes, 0, bytes.length);
        final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        return new Reply(buffer.getInt(), buffer.getInt(), buffer.getLong(),
            Arrays.copyOfRange(bytes, KernelProtocol.ANSWER_HEADER_SIZE, bytes.length));
    }

    /** An answer taken apart. */
    record Reply(int length, int error, long unique, byte[] body) {
        long word(final int offset) {
            return ByteBuffer.wrap(body).order(ByteOrder.nativeOrder()).getLong(offset);
        }
    }

    /** From now on no answer is taken. */
    void closeKernel() {
        kernelClosed = true;
        Posix.close(kernel);
    }

    @Override
    public void close() {
        if (!kernelClosed) {
            closeKernel();
        }
        Posix.close(server);
        worker.free();
        memory.close();
    }
}
