package io.quire.fuse.trace;

import java.io.File;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

import net.openhft.chronicle.bytes.MappedBytes;
import net.openhft.chronicle.bytes.MappedBytesStore;
import net.openhft.chronicle.bytes.SyncMode;
import net.openhft.chronicle.core.io.ReferenceOwner;

/** A file that grows and is mapped chunk by chunk. Not thread-safe: the recorder's lock guards it. */
final class MappedChunks {
    private static final int ZEROS = 1 << 16;

    private final MappedBytes bytes;
    private final int chunkSize;
    private final ReferenceOwner owner = ReferenceOwner.temporary("trace");
    private final Map<Integer, MappedBytesStore> stores = new HashMap<>();
    private final byte[] zeros = new byte[ZEROS];

    private MappedChunks(final MappedBytes bytes, final int chunkSize) {
        this.bytes = bytes;
        this.chunkSize = chunkSize;
    }

    static MappedChunks open(final File file, final int chunkSize) throws IOException {
        final MappedBytes bytes = MappedBytes.mappedBytes(file, chunkSize, 0);
        // Whichever thread needs the next chunk maps it, under the recorder's lock.
        bytes.singleThreadedCheckDisabled(true);
        bytes.mappedFile().singleThreadedCheckDisabled(true);
        // What is stored is the kernel's at once; to wait for the disk would hold up whoever needs the next chunk.
        bytes.mappedFile().syncMode(SyncMode.NONE);
        return new MappedChunks(bytes, chunkSize);
    }

    /** Writes zeros up to a length, so that the space is there; cuts the file back when it is not. */
    void lengthen(final long length) throws IOException {
        final var file = bytes.mappedFile().raf();
        final long before = file.length();
        try {
            file.seek(before);
            for (long at = before; at < length; at += zeros.length) {
                file.write(zeros, 0, (int) Math.min(zeros.length, length - at));
            }
        } catch (final IOException e) {
            file.setLength(before);
            throw e;
        }
    }

    /** Maps a chunk, which the file must have; returns its address. */
    long map(final int chunk) throws IOException {
        final long position = (long) chunk * chunkSize;
        final MappedBytesStore store = bytes.mappedFile().acquireByteStore(owner, position);
        stores.put(chunk, store);
        return store.addressForWrite(position);
    }

    void unmap(final int chunk) {
        stores.remove(chunk).release(owner);
    }

    /** Cuts the file to a length. */
    void cut(final long length) throws IOException {
        bytes.mappedFile().raf().setLength(length);
    }

    void close() {
        stores.values().forEach(store -> store.release(owner));
        stores.clear();
        bytes.releaseLast();
    }
}
