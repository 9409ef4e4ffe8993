package io.quire.fuse.vfs;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.IntSupplier;

import io.quire.engine.Quire;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixProcess;

/**
 * Prints how many heap bytes an operation allocates, for {@link VfsAllocationTest}, which runs it in a virtual machine
 * of its own because the lock-order validator allocates.
 */
public final class VfsAllocationProbe {
    private static final int LENGTH = 64 << 10;
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 2_000;

    private VfsAllocationProbe() {
    }

    /**
     * Runs every operation and prints a line "name bytes" for each: heap bytes over {@link #MEASURED} operations.
     *
     * @param arguments the directory to work in
     * @throws IOException when the directory cannot be opened
     */
    public static void main(final String[] arguments) throws IOException {
        final long buffer = NativeMemory.reserve(LENGTH, false);
        final DirectoryStore store = DirectoryStore.open(Path.of(arguments[0]), DirectoryOptions.defaults());
        try (PageCache cache = Quire.cache().capacity(16L << 20).build();
            Vfs vfs = new Vfs(store, cache, VfsOptions.shared())) {
            final Caller caller = new Caller(PosixProcess.geteuid(), PosixProcess.getegid(), 1);
            final byte[] name = "file".getBytes(StandardCharsets.US_ASCII);
            final Entry entry = new Entry();
            final OpenResult opened = new OpenResult();
            final Attributes attributes = new Attributes();
            check(vfs.create(caller, FileSystem.ROOT, name, 0644, 0, Posix.O_RDWR, entry, opened));
            final long node = entry.node;
            final long fh = opened.fh;
            measure("write", () -> vfs.write(node, fh, 0, buffer, LENGTH));
            measure("read", () -> vfs.read(node, fh, 0, buffer, LENGTH));
            measure("getattr", () -> vfs.getattr(node, fh, attributes));
            measure("getattr-after-write", () -> Math.min(vfs.write(node, fh, 0, buffer, 1),
                vfs.getattr(node, fh, attributes)));
            measure("lookup", () -> {
                final int result = vfs.lookup(caller, FileSystem.ROOT, name, entry);
                vfs.forget(node, 1);
                return result;
            });
        }
        NativeMemory.release(buffer, LENGTH);
    }

    private static void check(final int result) {
        if (result < 0) {
            throw new IllegalStateException("an operation answered " + result);
        }
    }

    private static void measure(final String name, final IntSupplier operation) {
        final var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM_UP; i++) {
            check(operation.getAsInt());
        }
        long least = Long.MAX_VALUE;
        // A round may still be interpreted, or be compiled anew: one without an allocation shows that none is needed.
        for (int round = 0; round < 200 && least > 0; round++) {
            threads.getCurrentThreadAllocatedBytes();
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED; i++) {
                check(operation.getAsInt());
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.println(name + " " + least);
    }
}
