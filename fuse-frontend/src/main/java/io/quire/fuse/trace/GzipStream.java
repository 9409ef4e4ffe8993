package io.quire.fuse.trace;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Decompresses gzip (RFC 1952) and accepts nothing else: bytes behind the last member are an error, where
 * {@link GZIPInputStream} passes over them. Not thread-safe.
 */
final class GzipStream extends GZIPInputStream {
    private static final int BUFFER_SIZE = 1 << 16;
    /** The checks of contents and length that end a member. */
    private static final int TRAILER_SIZE = 2 * Integer.BYTES;

    private final Counted compressed;
    /** How many compressed bytes had been read when the inflater was last given some. */
    private long filled;

    /**
     * Begins to decompress.
     *
     * @param in compressed bytes from their first on; closed with this
     * @throws EOFException when they end too early
     * @throws ZipException when they are not gzip's
     */
    GzipStream(final InputStream in) throws IOException {
        this(new Counted(in));
    }

    private GzipStream(final Counted compressed) throws IOException {
        super(compressed, BUFFER_SIZE);
        this.compressed = compressed;
    }

    @Override
    protected void fill() throws IOException {
        super.fill();
        filled = compressed.count;
    }

    /**
     * {@inheritDoc}
     *
     * @throws EOFException when the compressed bytes end too early
     * @throws ZipException when they are not gzip's, or others follow them
     */
    @Override
    public int read(final byte[] target, final int offset, final int length) throws IOException {
        final int done = super.read(target, offset, length);
        // What is taken for no further member stays with the inflater, or was read from behind what it was given.
        if (done < 0 && (compressed.count > filled - inf.getRemaining() + TRAILER_SIZE || compressed.read() >= 0)) {
            throw new ZipException("other bytes follow the compressed ones");
        }
        return done;
    }

    private static final class Counted extends FilterInputStream {
        private long count;

        private Counted(final InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            final int octet = super.read();
            count += octet < 0 ? 0 : 1;
            return octet;
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) throws IOException {
            final int done = super.read(target, offset, length);
            count += Math.max(0, done);
            return done;
        }
    }
}
