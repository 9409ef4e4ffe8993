package io.quire.fuse.reproduce;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A file that is written from a mapping of itself. Writes and truncations may come from several threads at once, everything
 * else from one.
 */
interface CaseFile extends AutoCloseable {
    /** What a write did: bytes written or a negative error number, and the validator's report if there was one. */
    record Attempt(long result, String report) {
        static Attempt of(final long result) {
            return new Attempt(result, null);
        }
    }

    /** Gives the file new bytes and their length. */
    void fill(MemorySegment content) throws IOException;

    /** Drops what is cached of the file, as far as it is cached on this side. */
    void cool() throws IOException;

    /** Has the whole file cached and mapped. */
    void warm() throws IOException;

    /** One write, from pieces of the mapping. Never throws for what a write may end with. */
    Attempt write(List<Piece> pieces, long offset);

    /** Reads from the start of the file; returns the bytes read. */
    long read(MemorySegment into) throws IOException;

    /** Sets the size. */
    void truncate(long size) throws IOException;

    /** Looks whether what holds the file is still sound, while nobody else uses it. */
    void check() throws IOException;

    @Override
    void close() throws IOException;
}
