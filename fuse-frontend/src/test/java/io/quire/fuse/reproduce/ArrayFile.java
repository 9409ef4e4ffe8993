package io.quire.fuse.reproduce;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

import io.quire.engine.store.Errno;

/** A file that is an array, and does right whatever it is asked; tests spoil it. */
class ArrayFile implements CaseFile {
    byte[] bytes = new byte[0];

    @Override
    public synchronized void fill(final MemorySegment content) {
        bytes = content.toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public void cool() {
        // Nothing is cached.
    }

    @Override
    public void warm() {
        // Everything is at hand.
    }

    @Override
    public synchronized Attempt write(final List<Piece> pieces, final long offset) {
        int to = (int) offset;
        for (final Piece piece : pieces) {
            for (int i = 0; i < piece.length(); i++) {
                if (piece.at() + i >= bytes.length || to >= bytes.length) {
                    return Attempt.of(to == offset ? -Errno.EFAULT : to - offset);
                }
                bytes[to++] = bytes[(int) piece.at() + i];
            }
        }
        return Attempt.of(to - offset);
    }

    @Override
    public synchronized long read(final MemorySegment into) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, into, 0, bytes.length);
        return bytes.length;
    }

    @Override
    public synchronized void truncate(final long size) {
        bytes = Arrays.copyOf(bytes, (int) size);
    }

    @Override
    public void check() {
        // Cannot be unsound.
    }

    @Override
    public void close() {
        // Nothing to give back.
    }
}
