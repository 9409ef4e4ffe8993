package io.quire.fuse.trace;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Decompresses gzip (RFC 1952) and accepts nothing else: bytes behind the last member are an error, where
 * {@link java.util.zip.GZIPInputStream} passes over them, and so is an end before the check of a member. Not thread-safe.
 */
final class GzipStream extends InputStream {
    private static final int MAGIC = 0x8b1f;
    private static final int DEFLATE = 8;
    private static final int HEADER_CHECK = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int RESERVED = 0xe0;
    /** Seconds since 1970, a hint about the compression, the operating system. */
    private static final int IGNORED = 6;
    private static final int BUFFER_SIZE = 1 << 16;

    private final InputStream in;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 contents = new CRC32();
    private final CRC32 header = new CRC32();
    private final byte[] buffer = new byte[BUFFER_SIZE];
    private int next;
    private int length;
    private boolean ended;

    /**
     * Begins to decompress.
     *
     * @param in compressed bytes from their first on; closed with this
     * @throws EOFException when they end too early
     * @throws ZipException when they are not gzip's
     */
    GzipStream(final InputStream in) throws IOException {
        this.in = in;
        try {
            member();
        } catch (final IOException | RuntimeException | Error e) {
            inflater.end();
            throw e;
        }
    }

    @Override
    public int read() throws IOException {
        final byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(final byte[] target, final int offset, final int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        try {
            while (!ended && count > 0) {
                final int done = inflater.inflate(target, offset, count);
                if (done > 0) {
                    contents.update(target, offset, done);
                    return done;
                }
                if (inflater.finished()) {
                    next = length - inflater.getRemaining();
                    check();
                } else if (inflater.needsDictionary()) {
                    throw new ZipException("a dictionary is asked for");
                } else {
                    if (!fill()) {
                        throw new EOFException("the compressed bytes end too early");
                    }
                    inflater.setInput(buffer, 0, length);
                }
            }
        } catch (final DataFormatException e) {
            final ZipException damage = new ZipException(e.getMessage() == null ? "invalid compressed bytes" : e.getMessage());
            damage.initCause(e);
            throw damage;
        }
        return count == 0 ? 0 : -1;
    }

    /** The end of a member; then another begins, or nothing follows. */
    private void check() throws IOException {
        if (number(Integer.BYTES) != contents.getValue()) {
            throw new ZipException("the check does not fit the contents");
        }
        if (number(Integer.BYTES) != (inflater.getBytesWritten() & 0xffff_ffffL)) {
            throw new ZipException("the length does not fit the contents");
        }
        if (next < length || fill()) {
            member();
        } else {
            ended = true;
        }
    }

    private void member() throws IOException {
        header.reset();
        if (number(Short.BYTES) != MAGIC) {
            throw new ZipException("other bytes follow the compressed ones");
        }
        if (octet() != DEFLATE) {
            throw new ZipException("unknown way of compression");
        }
        final int flags = octet();
        if ((flags & RESERVED) != 0) {
            throw new ZipException("unknown flags");
        }
        skip(IGNORED);
        if ((flags & EXTRA) != 0) {
            skip((int) number(Short.BYTES));
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if ((flags & HEADER_CHECK) != 0) {
            final long expected = header.getValue() & 0xffff;
            if (number(Short.BYTES) != expected) {
                throw new ZipException("the check does not fit the header");
            }
        }
        contents.reset();
        inflater.reset();
        inflater.setInput(buffer, next, length - next);
    }

    /** A number of so many bytes, the lowest first. */
    private long number(final int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) octet() << i * Byte.SIZE;
        }
        return value;
    }

    private void skip(final int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            octet();
        }
    }

    private void skipText() throws IOException {
        while (octet() != 0) {
            // Up to the zero.
        }
    }

    private int octet() throws IOException {
        if (next == length && !fill()) {
            throw new EOFException("the compressed bytes end too early");
        }
        final int value = buffer[next++] & 0xff;
        header.update(value);
        return value;
    }

    private boolean fill() throws IOException {
        next = 0;
        length = Math.max(0, in.read(buffer, 0, buffer.length));
        return length > 0;
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        in.close();
    }
}
