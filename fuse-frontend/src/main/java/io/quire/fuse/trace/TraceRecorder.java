package io.quire.fuse.trace;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

import io.quire.engine.memory.OffHeap;

/**
 * Records operations into a mapped file, from any number of threads.
 *
 * <p><b>Benefit.</b> An operation costs two looks at the clock, one atomic addition that claims a slot, eight plain stores, and
 * one ordered store that publishes them. Nothing is allocated, nobody waits for another, and what is published is the kernel's:
 * the death of the process takes none of it away.
 *
 * <p><b>Cost.</b> Once in 16,384 operations one thread makes the file longer by a chunk, which is written with zeros before it
 * is mapped, so that a full disk is an error of that write and never a fault of a store into the mapping.
 *
 * <pre>
 *   slot:   UNCLAIMED --claim (getAndAdd)--&gt; CLAIMED --plain stores, release store of the stamp--&gt; PUBLISHED
 *   chunk:  ABSENT --lengthen, map--&gt; MAPPED --all its slots published, and two newer chunks--&gt; RELEASED (unmapped)
 *   trace:  RECORDING --no space, or a fault--&gt; STOPPED --close--&gt; ENDED
 *                     --close, when no thread records any more-----&gt; ENDED
 * </pre>
 *
 * <p>Invariants O1 to O6 of {@code native-notes/traces.md} live here. Thread-safe, apart from {@link #close}.
 *
 * <pre>
 *   lock: this
 *   addresses   written under the lock, read volatile: an entry is 0, or stays valid until all slots of its chunk are published
 *   stopped     written under the lock, read volatile
 * </pre>
 */
public final class TraceRecorder implements AutoCloseable {
    /** By how many bytes the file grows. */
    static final int CHUNK_SIZE = 1 << 20;

    private static final Logger LOG = System.getLogger(TraceRecorder.class.getName());
    private static final int CHUNK_SHIFT = 20;
    private static final int RECORD_SHIFT = 6;
    private static final int MAX_CHUNKS = 1 << 26;
    private static final int FIRST_CHUNKS = 64;
    /** How many chunks behind the newest one may still be looked at in vain. */
    private static final int KEPT_CHUNKS = 2;

    private final Path path;
    private final MappedChunks chunks;
    private final long start;
    private final long claimed;
    private volatile long[] addresses = new long[FIRST_CHUNKS];
    private volatile boolean stopped;
    private volatile boolean paused;
    private int mapped;
    private int firstMapped;
    private long releasedSlots;
    private int ending = TraceLayout.ENDING_UNMOUNTED;
    private boolean closed;

    private TraceRecorder(final Path path, final MappedChunks chunks) throws IOException {
        this.path = path;
        this.chunks = chunks;
        // A disk without room for the first chunk is found out before anything is mounted.
        chunks.lengthen(CHUNK_SIZE);
        publish(0, chunks.map(0));
        mapped = 1;
        claimed = addresses[0] + TraceLayout.CLAIMED_OFFSET;
        start = System.nanoTime();
    }

    /**
     * Makes a trace and starts to record.
     *
     * @param path     the file to make; it must not exist
     * @param pageSize bytes of a page of the cache
     * @param directIo whether the kernel caches no file data meanwhile
     * @return the recorder
     * @throws TraceException in one sentence, when the file exists or cannot be made; nothing is left then
     */
    public static TraceRecorder create(final Path path, final int pageSize, final boolean directIo) throws TraceException {
        try {
            Files.createFile(path);
        } catch (final IOException e) {
            throw refusal(path, e);
        }
        MappedChunks chunks = null;
        try {
            chunks = MappedChunks.open(path.toFile(), CHUNK_SIZE);
            final TraceRecorder recorder = new TraceRecorder(path, chunks);
            recorder.writeHeader(pageSize, directIo);
            return recorder;
        } catch (final IOException | RuntimeException | Error e) {
            try {
                if (chunks != null) {
                    chunks.close();
                }
                Files.deleteIfExists(path);
            } catch (final IOException left) {
                e.addSuppressed(left);
            }
            throw e instanceof final IOException io ? refusal(path, io)
                : new TraceException("cannot record into " + path + ": " + reason(e), e);
        }
    }

    private static TraceException refusal(final Path path, final IOException e) {
        return new TraceException("cannot record into " + path + ": " + switch (e) {
            case final FileAlreadyExistsException exists -> "it exists already; name another file, or remove it first";
            case final NoSuchFileException missing -> "its directory does not exist; create it first";
            case final AccessDeniedException denied -> "not permitted; change the permissions of its directory";
            case final FileSystemException known when known.getReason() != null -> known.getReason();
            default -> reason(e);
        }, e);
    }

    private static String reason(final Throwable e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private void writeHeader(final int pageSize, final boolean directIo) {
        final ByteBuffer header = ByteBuffer.allocate(TraceLayout.HEADER_CHECK_OFFSET + Long.BYTES)
            .order(ByteOrder.nativeOrder());
        header.put(TraceLayout.MAGIC_OFFSET, TraceLayout.MAGIC);
        header.putInt(TraceLayout.BYTE_ORDER_OFFSET, TraceLayout.BYTE_ORDER);
        header.putInt(TraceLayout.VERSION_OFFSET, TraceLayout.VERSION);
        header.putInt(TraceLayout.HEADER_SIZE_OFFSET, TraceLayout.HEADER_SIZE);
        header.putInt(TraceLayout.RECORD_SIZE_OFFSET, TraceLayout.RECORD_SIZE);
        header.putInt(TraceLayout.PAGE_SIZE_OFFSET, pageSize);
        header.putInt(TraceLayout.FLAGS_OFFSET, directIo ? TraceLayout.FLAG_DIRECT_IO : 0);
        header.putLong(TraceLayout.START_TIME_OFFSET, System.currentTimeMillis());
        header.putLong(TraceLayout.HEADER_CHECK_OFFSET, TraceHeader.check(header));
        OffHeap.copyFromArray(header.array(), 0, addresses[0], header.capacity());
    }

    /**
     * Records an operation that has ended. Never throws: what goes wrong ends the recording.
     *
     * @param kind     what was asked
     * @param began    when it began, {@link System#nanoTime}
     * @param node     see {@link TraceKind}
     * @param handle   see {@link TraceKind}
     * @param offset   see {@link TraceKind}
     * @param length   see {@link TraceKind}
     * @param result   what was answered
     * @param argument see {@link TraceKind}
     */
    void record(final TraceKind kind, final long began, final long node, final long handle, final long offset,
        final long length, final int result, final long argument) {
        if (!isRecording()) {
            return;
        }
        try {
            final long slot = OffHeap.getAndAddLong(claimed, 1);
            final long address = address(slot);
            if (address != 0) {
                write(address, slot, kind.number(), began, node, handle, offset, length, result, argument);
            }
        } catch (final InternalError e) {
            // A store into the mapping faulted: somebody cut the file, or its disk failed.
            stop("somebody made the file shorter, or its disk failed", e);
        }
    }

    private void write(final long address, final long slot, final int kind, final long began, final long node,
        final long handle, final long offset, final long length, final int result, final long argument) {
        final long time = Math.max(0, began - start);
        final long duration = Math.clamp(System.nanoTime() - began, 0, 0xffff_ffffL);
        final long outcome = packed(result, (int) duration);
        long hash = TraceLayout.seed(slot);
        hash = TraceLayout.mix(hash, time);
        hash = TraceLayout.mix(hash, node);
        hash = TraceLayout.mix(hash, handle);
        hash = TraceLayout.mix(hash, offset);
        hash = TraceLayout.mix(hash, length);
        hash = TraceLayout.mix(hash, outcome);
        hash = TraceLayout.mix(hash, argument);
        OffHeap.putLong(address + TraceLayout.TIME_OFFSET, time);
        OffHeap.putLong(address + TraceLayout.NODE_OFFSET, node);
        OffHeap.putLong(address + TraceLayout.HANDLE_OFFSET, handle);
        OffHeap.putLong(address + TraceLayout.OFFSET_OFFSET, offset);
        OffHeap.putLong(address + TraceLayout.LENGTH_OFFSET, length);
        OffHeap.putLong(address + TraceLayout.RESULT_OFFSET, outcome);
        OffHeap.putLong(address + TraceLayout.ARGUMENT_OFFSET, argument);
        // O1: published last, so that whoever sees the stamp sees all of the record.
        OffHeap.putLongRelease(address + TraceLayout.STAMP_OFFSET,
            TraceLayout.stamp(hash, kind, (int) Thread.currentThread().threadId()));
    }

    /** Result and duration as the one word that they share. */
    private static long packed(final int result, final int duration) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
            ? Integer.toUnsignedLong(result) | (long) duration << Integer.SIZE
            : Integer.toUnsignedLong(duration) | (long) result << Integer.SIZE;
    }

    /** Where a slot is, or 0 when the trace does not reach so far. */
    private long address(final long slot) {
        final long position = TraceLayout.HEADER_SIZE + (slot << RECORD_SHIFT);
        final long chunk = position >>> CHUNK_SHIFT;
        final long[] present = addresses;
        long base = chunk < present.length ? present[(int) chunk] : 0;
        if (base == 0) {
            base = chunk < MAX_CHUNKS ? lengthenTo((int) chunk + 1) : 0;
            if (base == 0) {
                return 0;
            }
        }
        return base + (position & CHUNK_SIZE - 1);
    }

    /** Makes the file so many chunks long; returns where the last of them is, or 0. */
    private synchronized long lengthenTo(final int count) {
        while (mapped < count && !stopped) {
            try {
                chunks.lengthen((long) (mapped + 1) << CHUNK_SHIFT);
                publish(mapped, chunks.map(mapped));
                mapped++;
                release();
            } catch (final IOException e) {
                stop(reason(e), e);
            } catch (final RuntimeException | Error e) {
                stop("its next part cannot be mapped (" + reason(e) + ")", e);
            }
        }
        return count <= mapped ? addresses[count - 1] : 0;
    }

    private void publish(final int chunk, final long address) {
        long[] table = addresses;
        if (chunk >= table.length) {
            table = Arrays.copyOf(table, 2 * table.length);
        }
        table[chunk] = address;
        addresses = table;
    }

    /** Unmaps chunks that are full: all their slots are published, so that nobody stores there again (O4). */
    private void release() {
        for (int chunk = Math.max(1, firstMapped); chunk < mapped - KEPT_CHUNKS; chunk++) {
            if (published(chunk) < slotsOf(chunk)) {
                return;
            }
            releasedSlots += slotsOf(chunk);
            chunks.unmap(chunk);
            firstMapped = chunk + 1;
        }
    }

    private static long slotsOf(final int chunk) {
        return (CHUNK_SIZE - (chunk == 0 ? TraceLayout.HEADER_SIZE : 0)) >>> RECORD_SHIFT;
    }

    private long published(final int chunk) {
        long count = 0;
        final long base = addresses[chunk];
        for (long at = chunk == 0 ? TraceLayout.HEADER_SIZE : 0; at < CHUNK_SIZE; at += TraceLayout.RECORD_SIZE) {
            count += OffHeap.getLongAcquire(base + at + TraceLayout.STAMP_OFFSET) != 0 ? 1 : 0;
        }
        return count;
    }

    /** Ends the recording, not the mount; says so once. */
    private synchronized void stop(final String why, final Throwable cause) {
        if (!stopped) {
            stopped = true;
            ending = TraceLayout.ENDING_EARLY;
            LOG.log(Level.ERROR, "recording into " + path + " ended: " + why
                + "; what was recorded so far can be replayed, and the mount goes on");
            LOG.log(Level.DEBUG, "recording ended", cause);
        }
    }

    /**
     * Ends the trace: writes the ending into its header and cuts the file to what was used. Only when no thread records any
     * more.
     *
     * @throws TraceException when the end cannot be written; the records are in the file all the same
     */
    @Override
    public synchronized void close() throws TraceException {
        if (closed) {
            return;
        }
        closed = true;
        stopped = true;
        try {
            end();
        } catch (final InternalError | IOException e) {
            throw new TraceException("the trace " + path + " was not ended: " + reason(e), e);
        } finally {
            chunks.close();
        }
    }

    private void end() throws IOException {
        final long duration = System.nanoTime() - start;
        final long room = ((long) mapped * CHUNK_SIZE - TraceLayout.HEADER_SIZE) >>> RECORD_SHIFT;
        final long slots = Math.min(OffHeap.getLongVolatile(claimed), room);
        long published = releasedSlots + published(0);
        for (int chunk = Math.max(1, firstMapped); chunk < mapped; chunk++) {
            published += published(chunk);
        }
        chunks.cut(TraceLayout.HEADER_SIZE + (slots << RECORD_SHIFT));
        final long header = addresses[0];
        OffHeap.putLong(header + TraceLayout.CLAIMED_OFFSET, slots);
        OffHeap.putLong(header + TraceLayout.SLOTS_OFFSET, slots);
        OffHeap.putLong(header + TraceLayout.PUBLISHED_OFFSET, published);
        OffHeap.putLong(header + TraceLayout.DURATION_OFFSET, duration);
        OffHeap.putLongRelease(header + TraceLayout.ENDING_OFFSET,
            TraceLayout.ending(ending, slots, published, duration));
    }

    /**
     * Leaves the trace as it is, without an ending, because threads may still record into it. It is read like that of a daemon
     * that was killed.
     */
    public synchronized void abandon() {
        closed = true;
        stopped = true;
    }

    /**
     * Takes the trace away again, when the mount was not made. Only when no thread records any more.
     *
     * @throws TraceException when it cannot be removed
     */
    public void discard() throws TraceException {
        abandon();
        chunks.close();
        remove();
    }

    /**
     * As {@link #discard} while threads may still record: the file has no name any more, and its mapping goes with the process.
     *
     * @throws TraceException when it cannot be removed
     */
    public void discardInUse() throws TraceException {
        abandon();
        remove();
    }

    private void remove() throws TraceException {
        try {
            Files.deleteIfExists(path);
        } catch (final IOException e) {
            throw new TraceException("cannot remove the trace " + path + ": " + reason(e), e);
        }
    }

    /**
     * Pauses the recording or goes on with it: what ends meanwhile is not in the trace, and does not count as missing. For those who measure what recording
     * costs.
     *
     * @param pause whether it pauses from now on
     */
    public void pause(final boolean pause) {
        paused = pause;
    }

    /** Whether an operation that ends now would be recorded. */
    boolean isRecording() {
        return !paused && !stopped;
    }

    /**
     * Whether the recording has ended, be it early, for want of space or by a fault; a pause is no end.
     *
     * @return whether nothing will be recorded any more
     */
    public boolean isStopped() {
        return stopped;
    }
}
