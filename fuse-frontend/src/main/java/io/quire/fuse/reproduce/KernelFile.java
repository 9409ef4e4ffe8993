package io.quire.fuse.reproduce;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixNames;

/**
 * A file on a mounted filesystem: mmap, pwritev, pread and ftruncate of the kernel. The mapping is only ever read by the
 * kernel, as the source of pwritev: where it lies beyond the end of the file that is an error there, while a load by this
 * process would end the process. The file has no name from the moment it is made, so nothing can be left behind.
 */
final class KernelFile implements CaseFile {
    private final int descriptor;
    private final long mapped;
    private final long capacity;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    /** Of the thread that fills, reads and truncates; the mapping is longer than the file. */
    private long size = -1;

    private KernelFile(final int descriptor, final long mapped, final long capacity) {
        this.descriptor = descriptor;
        this.mapped = mapped;
        this.capacity = capacity;
        this.buffer = arena.allocate(capacity);
    }

    /** Makes a file in a directory, for at most {@code capacity} bytes. */
    static KernelFile create(final byte[] directory, final String name, final int capacity) throws IOException {
        final int parent = checked("open the directory", PosixNames.open(directory,
            Posix.O_PATH | Posix.O_DIRECTORY, 0));
        try {
            final byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
            final int descriptor = checked("create a file", PosixNames.openat(parent, bytes,
                Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL, 0600));
            checked("remove the name of a file", PosixNames.unlinkat(parent, bytes, 0));
            return new KernelFile(descriptor, KernelMemory.map(descriptor, capacity), capacity);
        } finally {
            Posix.close(parent);
        }
    }

    @Override
    public void fill(final MemorySegment content) throws IOException {
        final long length = content.byteSize();
        if (size != length) {
            truncate(length);
            size = length;
        }
        buffer.asSlice(0, length).copyFrom(content);
        long done = 0;
        while (done < length) {
            done += checked("write", Posix.pwrite(descriptor, buffer.address() + done, length - done, done));
        }
    }

    @Override
    public void cool() throws IOException {
        // Pages that are mapped are not dropped.
        checked("madvise", KernelMemory.advise(mapped, capacity, KernelMemory.MADV_DONTNEED));
        KernelMemory.drop(descriptor);
    }

    @Override
    public void warm() throws IOException {
        read(buffer);
        // Kernels before 5.14 do not know it; their mappings are faulted in by the write.
        KernelMemory.advise(mapped, size & -4096, KernelMemory.MADV_POPULATE_READ);
    }

    @Override
    public Attempt write(final List<Piece> pieces, final long offset) {
        try (IoVector vector = new IoVector()) {
            for (final Piece piece : pieces) {
                vector.add(mapped + piece.at(), piece.length());
            }
            final long result = Posix.pwritev(descriptor, vector.nativeAddress(), vector.count(), offset);
            return new Attempt(result, result == -Errno.EDEADLK ? "the daemon reported a deadlock; see its log" : null);
        }
    }

    @Override
    public long read(final MemorySegment into) throws IOException {
        long done = 0;
        while (done < into.byteSize()) {
            final long n = checked("read", Posix.pread(descriptor, into.address() + done, into.byteSize() - done, done));
            if (n == 0) {
                break;
            }
            done += n;
        }
        return done;
    }

    @Override
    public void truncate(final long length) throws IOException {
        checked("truncate", Posix.ftruncate(descriptor, length));
    }

    @Override
    public void check() {
        // The daemon's cache is not to be looked into from here.
    }

    @Override
    public void close() throws IOException {
        KernelMemory.unmap(mapped, capacity);
        Posix.close(descriptor);
        arena.close();
    }

    private static int checked(final String what, final int result) throws IOException {
        return (int) checked(what, (long) result);
    }

    private static long checked(final String what, final long result) throws IOException {
        if (result < 0) {
            throw new IOException("cannot " + what + ": " + Errno.name((int) -result));
        }
        return result;
    }
}
