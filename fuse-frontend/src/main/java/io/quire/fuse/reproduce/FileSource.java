package io.quire.fuse.reproduce;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.WriteSource;
import io.quire.engine.store.Errno;

/** Pieces of a file as the source of a write: what is not at hand is fetched through the cache. One thread. */
final class FileSource implements WriteSource, AutoCloseable {
    private static final int PAGE = 4096;

    private final CachedFile file;
    private final List<Piece> pieces;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment page = arena.allocate(PAGE);
    /** The file's page that was fetched last, and the bytes it has; none to begin with. */
    private long index = -1;
    private int valid;

    FileSource(final CachedFile file, final List<Piece> pieces) {
        this.file = file;
        this.pieces = pieces;
    }

    long length() {
        return pieces.stream().mapToLong(Piece::length).sum();
    }

    @Override
    public int copy(final long offset, final long destination, final int length) {
        final long at = at(offset);
        final int inPage = (int) (at % PAGE);
        final int n = at / PAGE != index ? 0
            : Math.max(0, (int) Math.min(Math.min(length, left(offset)), valid - inPage));
        MemorySegment.copy(page, ValueLayout.JAVA_BYTE, inPage, MemorySegment.ofAddress(destination).reinterpret(n),
            ValueLayout.JAVA_BYTE, 0, n);
        return n;
    }

    @Override
    public int faultIn(final long offset, final int length) throws CacheException {
        final long at = at(offset);
        index = -1;
        valid = file.read(at / PAGE * PAGE, page.address(), PAGE);
        index = at / PAGE;
        final int ready = (int) Math.min(Math.min(length, left(offset)), valid - at % PAGE);
        if (ready <= 0) {
            throw new CacheException(Errno.EFAULT, "the source at " + at + " lies beyond the end of its file");
        }
        return ready;
    }

    private long at(final long offset) {
        long start = 0;
        for (final Piece piece : pieces) {
            if (offset < start + piece.length()) {
                return piece.at() + offset - start;
            }
            start += piece.length();
        }
        throw new IndexOutOfBoundsException("byte " + offset + " of a source of " + start);
    }

    /** Bytes of the piece from there on. */
    private long left(final long offset) {
        long end = 0;
        for (final Piece piece : pieces) {
            end += piece.length();
            if (offset < end) {
                return end - offset;
            }
        }
        return 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
