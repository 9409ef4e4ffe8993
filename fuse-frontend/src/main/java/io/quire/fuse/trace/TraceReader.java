package io.quire.fuse.trace;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.ZipException;

/**
 * Reads a trace, as it was recorded or compressed with gzip. {@link #open} looks through all of it, so that damage is found
 * before anything is done with it:
 *
 * <ul>
 *   <li>a trace that has <em>no end</em>, since the daemon was killed or still records, or that ended early because the disk was
 *       full, is read as far as whole records go, and {@link #missing} says how many there were besides, as far as is known;
 *   <li>a trace that is <em>cut off</em>, since the file was copied or compressed in part, is refused: the rest of it exists;
 *   <li>a trace that is <em>damaged</em>, with bytes that nobody recorded, is refused.
 * </ul>
 *
 * <p>Immutable once opened; each pass reads the file anew. Any thread may make passes, several at once too.
 */
public final class TraceReader {
    private static final int BUFFER_SIZE = 1 << 16;
    private static final int GZIP_MAGIC = 0x8b1f;

    private final Path path;
    private final String name;
    private final TraceHeader header;
    private final long records;
    private final long missing;
    private final long lastTime;

    private TraceReader(final Path path, final String name, final TraceHeader header, final Scan scan)
        throws TraceException {
        this.path = path;
        this.name = name;
        this.header = header;
        records = scan.records;
        lastTime = scan.lastTime;
        if (scan.cut || header.isEnded() && scan.slots < header.slots()) {
            throw new TraceException(name + " is cut off: " + (header.isEnded() ? "it holds " + records + " of its "
                + header.published() + " records" : "its compressed bytes end after " + records + " records")
                + "; copy it again, or record it again");
        }
        if (header.isEnded()) {
            if (scan.beyond) {
                throw damaged(name, "holds more than its " + header.slots() + " records");
            }
            if (records != header.published()) {
                throw damaged(name, "has " + records + " of its " + header.published()
                    + " records, though it was ended in an orderly way");
            }
            missing = header.slots() - records;
        } else {
            // Slots that were claimed at last and are not in the file count too; the file may also be ahead of its header.
            missing = Math.max(header.claimed(), scan.lastSlot + 1) - records;
        }
    }

    /**
     * Opens a trace and checks all of it.
     *
     * @param path a trace, or one compressed with gzip
     * @return the reader
     * @throws TraceException in one sentence, when it cannot be read, is not a trace, is of another version or byte order, or
     *                        is damaged
     */
    public static TraceReader open(final Path path) throws TraceException {
        final String name = path.toString();
        if (Files.isDirectory(path)) {
            throw new TraceException(name + " is a directory; name a trace");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new TraceException(name + " is not a regular file; name a trace");
        }
        try (InputStream in = stream(path)) {
            final byte[] bytes = new byte[TraceLayout.HEADER_SIZE];
            int length = 0;
            try {
                length = fill(in, bytes, 0);
            } catch (final Ended ended) {
                length = ended.length;
            }
            final TraceHeader header = TraceHeader.parse(name, bytes, length);
            final Scan scan = new Scan(name, header);
            scan.run(in, record -> { });
            return new TraceReader(path, name, header, scan);
        } catch (final IOException e) {
            throw explained(name, e);
        }
    }

    private static TraceException explained(final String name, final IOException e) {
        return switch (e) {
            case final TraceException known -> known;
            case final NoSuchFileException missing -> new TraceException(name + " does not exist; name a trace", missing);
            case final AccessDeniedException denied -> new TraceException("not permitted to read " + name
                + "; change its permissions", denied);
            case final EOFException end -> new TraceException(name
                + " is cut off within its header, so nothing of it can be used", end);
            case final ZipException damage -> new TraceException(name + " is damaged: it cannot be decompressed ("
                + damage.getMessage() + ")", damage);
            default -> new TraceException(name + " cannot be read: " + (e.getMessage() == null ? e : e.getMessage()), e);
        };
    }

    private static InputStream stream(final Path path) throws IOException {
        final BufferedInputStream in = new BufferedInputStream(Files.newInputStream(path), BUFFER_SIZE);
        try {
            in.mark(2);
            final int first = in.read() | in.read() << Byte.SIZE;
            in.reset();
            return first == GZIP_MAGIC ? new GzipStream(in) : in;
        } catch (final IOException | RuntimeException | Error e) {
            in.close();
            throw e;
        }
    }

    private static TraceException damaged(final String name, final String how) {
        return new TraceException(name + " is damaged: it " + how + "; record it again");
    }

    /** Reads until the buffer is full or the file ends; returns how much of the buffer is filled. */
    private static int fill(final InputStream in, final byte[] buffer, final int from) throws IOException {
        int length = from;
        try {
            while (length < buffer.length) {
                final int count = in.read(buffer, length, buffer.length - length);
                if (count < 0) {
                    break;
                }
                length += count;
            }
        } catch (final EOFException e) {
            // A compressed trace that is cut off: what could be decompressed counts.
            throw new Ended(length, e);
        }
        return length;
    }

    /** The compressed bytes ended too early. */
    private static final class Ended extends IOException {
        private static final long serialVersionUID = 1L;
        private final int length;

        private Ended(final int length, final Throwable cause) {
            super("ends too early", cause);
            this.length = length;
        }
    }

    /** One pass over the records. */
    private static final class Scan {
        private final String name;
        private final TraceHeader header;
        private final TraceRecord record = new TraceRecord();
        private long slots;
        private long records;
        private long lastSlot = -1;
        private long lastTime;
        private boolean beyond;
        private boolean cut;

        private Scan(final String name, final TraceHeader header) {
            this.name = name;
            this.header = header;
        }

        private <E extends Exception> void run(final InputStream in, final RecordConsumer<E> consumer)
            throws E, TraceException {
            final byte[] bytes = new byte[BUFFER_SIZE];
            final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(header.order());
            boolean more = true;
            while (more) {
                int length;
                try {
                    length = fill(in, bytes, 0);
                    more = length == bytes.length;
                } catch (final Ended ended) {
                    length = ended.length;
                    more = false;
                    cut = true;
                } catch (final IOException e) {
                    throw explained(name, e);
                }
                final int whole = length / TraceLayout.RECORD_SIZE;
                for (int i = 0; i < whole; i++) {
                    slot(buffer, i * TraceLayout.RECORD_SIZE, consumer);
                }
                beyond |= header.isEnded() && (slots > header.slots()
                    || slots == header.slots() && length % TraceLayout.RECORD_SIZE != 0);
            }
        }

        private <E extends Exception> void slot(final ByteBuffer buffer, final int index, final RecordConsumer<E> consumer)
            throws E, TraceException {
            final long number = slots++;
            record.at(buffer, index, number);
            final long stamp = record.stamp();
            if (stamp == 0) {
                return;
            }
            if (!TraceLayout.isStamp(stamp, record.hash()) || !record.isPlausible()) {
                throw damaged(name, "has bytes in record " + number + " that were not recorded");
            }
            records++;
            lastSlot = number;
            lastTime = Math.max(lastTime, record.time() + record.duration());
            consumer.accept(record);
        }
    }

    /**
     * Shows all whole records, in the order in which the operations ended.
     *
     * @param <E>      what the consumer may throw
     * @param consumer takes them
     * @throws E              what the consumer throws
     * @throws TraceException when the file can no longer be read, or was changed since it was opened
     */
    public <E extends Exception> void forEach(final RecordConsumer<E> consumer) throws E, TraceException {
        final Scan scan = new Scan(name, header);
        final InputStream in = stream();
        try {
            // What the consumer throws comes out as it is, whatever it is.
            scan.run(in, consumer);
        } finally {
            close(in);
        }
        if (scan.records < records) {
            throw new TraceException(name + " was changed while it was read");
        }
    }

    /** The file from its first record on. */
    private InputStream stream() throws TraceException {
        try {
            final InputStream in = stream(path);
            try {
                in.skipNBytes(TraceLayout.HEADER_SIZE);
                return in;
            } catch (final IOException | RuntimeException | Error e) {
                in.close();
                throw e;
            }
        } catch (final IOException e) {
            throw explained(name, e);
        }
    }

    private void close(final InputStream in) throws TraceException {
        try {
            in.close();
        } catch (final IOException e) {
            throw explained(name, e);
        }
    }

    /**
     * Shows the reference string: each page of a regular file that was read or written, in order, and pages that ceased to
     * exist.
     *
     * @param consumer takes the pages
     * @throws TraceException as {@link #forEach}
     */
    public void forEachPage(final PageConsumer consumer) throws TraceException {
        forEach(new FileTracker<>(new PageReferences(consumer)));
    }

    /**
     * The file, as it was named.
     *
     * @return the path
     */
    public Path path() {
        return path;
    }

    /**
     * How many whole records there are.
     *
     * @return 0 or more
     */
    public long records() {
        return records;
    }

    /**
     * How many records there were besides: claimed and not finished when the daemon was killed, or when the recording ended.
     *
     * @return 0 or more, as far as is known
     */
    public long missing() {
        return missing;
    }

    /**
     * Whether the trace has no orderly end: its daemon was killed or is still recording.
     *
     * @return true when records may be missing that nobody knows of
     */
    public boolean hasNoEnd() {
        return !header.isEnded();
    }

    /**
     * Whether the recording ended before the mount did, because the trace could not grow or be written to.
     *
     * @return true when there was no space for it, or its disk failed
     */
    public boolean endedEarly() {
        return header.ending() == TraceLayout.ENDING_EARLY;
    }

    /**
     * Whether the kernel cached no file data, so that every read of a program is in the trace.
     *
     * @return true when it was recorded so
     */
    public boolean isDirectIo() {
        return (header.flags() & TraceLayout.FLAG_DIRECT_IO) != 0;
    }

    /**
     * When the recording began.
     *
     * @return milliseconds since 1970
     */
    public long startMillis() {
        return header.startMillis();
    }

    /**
     * How long the recording took; when it was cut off, up to the end of the last operation.
     *
     * @return nanoseconds
     */
    public long durationNanos() {
        return header.isEnded() ? header.duration() : lastTime;
    }
}
