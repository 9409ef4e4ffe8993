package io.quire.fuse.command;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * The statistics of a mount in a file that the daemon maps for writing and any number of readers map for reading, so
 * that looking costs the daemon nothing.
 *
 * <pre>
 *   0        8         12        16        20        24       32        40
 *   +--------+---------+---------+---------+---------+--------+---------+---------+
 *   | magic  | version | labels  | values  | kinds   | zero   | started | updated |   times: ms since 1970
 *   +--------+---------+---------+---------+---------+--------+---------+---------+
 *   128: labels, as {@link CountersManager} lays them out; then values; then {@link LatencyTable}
 * </pre>
 *
 * <p>Counters are found by their label: a reader of another version shows what it finds. The magic number is written
 * last, with release semantics, so that a reader never sees half a file.
 */
final class CountersFile implements AutoCloseable {
    private static final long MAGIC = 0x5155_4952_4543_4E54L;
    private static final int VERSION = 1;

    private static final int MAGIC_OFFSET = 0;
    private static final int VERSION_OFFSET = 8;
    private static final int LABELS_LENGTH_OFFSET = 12;
    private static final int VALUES_LENGTH_OFFSET = 16;
    private static final int KINDS_OFFSET = 20;
    private static final int STARTED_OFFSET = 32;
    private static final int UPDATED_OFFSET = 40;
    private static final int HEADER_LENGTH = 128;

    private final MappedByteBuffer mapped;
    private final UnsafeBuffer header;
    private final CountersReader reader;
    private final CountersManager manager;
    private final LatencyTable latencies;

    private CountersFile(final MappedByteBuffer mapped, final UnsafeBuffer header, final CountersReader reader,
        final CountersManager manager, final LatencyTable latencies) {
        this.mapped = mapped;
        this.header = header;
        this.reader = reader;
        this.manager = manager;
        this.latencies = latencies;
    }

    /** A new file with counters numbered 0, 1, ... in the order of {@code labels}. */
    static CountersFile create(final Path file, final List<String> labels, final List<String> kinds, final long now) {
        // One record more than there are counters: the manager wants room to find the end.
        final int records = labels.size() + 1;
        final int labelsLength = records * CountersReader.METADATA_LENGTH;
        final int valuesLength = records * CountersReader.COUNTER_LENGTH;
        final int tableOffset = HEADER_LENGTH + labelsLength + valuesLength;
        final int length = BitUtil.align(tableOffset + LatencyTable.length(kinds.size()), 4096);
        final MappedByteBuffer mapped = IoUtil.mapNewFile(file.toFile(), length, true);
        final UnsafeBuffer header = new UnsafeBuffer(mapped, 0, HEADER_LENGTH);
        final CountersManager manager = new CountersManager(
            new UnsafeBuffer(mapped, HEADER_LENGTH, labelsLength),
            new UnsafeBuffer(mapped, HEADER_LENGTH + labelsLength, valuesLength), StandardCharsets.US_ASCII);
        for (final String label : labels) {
            manager.allocate(label);
        }
        final LatencyTable latencies = new LatencyTable(
            new UnsafeBuffer(mapped, tableOffset, LatencyTable.length(kinds.size())), kinds.size());
        for (int kind = 0; kind < kinds.size(); kind++) {
            latencies.name(kind, kinds.get(kind));
        }
        header.putInt(VERSION_OFFSET, VERSION);
        header.putInt(LABELS_LENGTH_OFFSET, labelsLength);
        header.putInt(VALUES_LENGTH_OFFSET, valuesLength);
        header.putInt(KINDS_OFFSET, kinds.size());
        header.putLong(STARTED_OFFSET, now);
        header.putLong(UPDATED_OFFSET, now);
        header.putLongRelease(MAGIC_OFFSET, MAGIC);
        return new CountersFile(mapped, header, manager, manager, latencies);
    }

    /**
     * Maps an existing file for reading.
     *
     * @throws IOException when it is missing, or not (yet) a counters file of this version
     */
    static CountersFile open(final Path file) throws IOException {
        final MappedByteBuffer mapped;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() < HEADER_LENGTH) {
                throw new IOException(file + " is not a counters file");
            }
            mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        final UnsafeBuffer header = new UnsafeBuffer(mapped, 0, HEADER_LENGTH);
        if (header.getLongVolatile(MAGIC_OFFSET) != MAGIC || header.getInt(VERSION_OFFSET) != VERSION) {
            IoUtil.unmap(mapped);
            throw new IOException(file + " is not a counters file of version " + VERSION);
        }
        final int labelsLength = header.getInt(LABELS_LENGTH_OFFSET);
        final int valuesLength = header.getInt(VALUES_LENGTH_OFFSET);
        final int kinds = header.getInt(KINDS_OFFSET);
        final CountersReader reader = new CountersReader(
            new UnsafeBuffer(mapped, HEADER_LENGTH, labelsLength),
            new UnsafeBuffer(mapped, HEADER_LENGTH + labelsLength, valuesLength), StandardCharsets.US_ASCII);
        final LatencyTable latencies = new LatencyTable(new UnsafeBuffer(mapped,
            HEADER_LENGTH + labelsLength + valuesLength, LatencyTable.length(kinds)), kinds);
        return new CountersFile(mapped, header, reader, null, latencies);
    }

    /** Sets a counter; for the daemon, which has one thread that does. */
    void set(final int counter, final long value) {
        manager.setCounterValue(counter, value);
    }

    /** Says that the counters were brought up to date. */
    void updated(final long now) {
        header.putLongRelease(UPDATED_OFFSET, now);
    }

    long startedMillis() {
        return header.getLong(STARTED_OFFSET);
    }

    long updatedMillis() {
        return header.getLongVolatile(UPDATED_OFFSET);
    }

    /** All counters by label, in the file's order. */
    Map<String, Long> values() {
        final Map<String, Long> values = new LinkedHashMap<>();
        reader.forEach((value, id, label) -> values.put(label, value));
        return values;
    }

    LatencyTable latencies() {
        return latencies;
    }

    /** Unmaps the file; nothing of this object may be used afterwards. */
    @Override
    public void close() {
        IoUtil.unmap(mapped);
    }
}
