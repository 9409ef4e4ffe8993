package io.quire.engine.stress;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One writer of a stress run and its model in plain memory.
 *
 * <p>Files are cut into lanes of odd sizes, each written by one worker only, which therefore knows what every byte of its
 * lanes must be: its own last write, or zero when a truncate or punch by anybody came later, or either of the two when they
 * overlapped in time. Everybody reads everything: a byte in another's lane must be zero or carry the mark of its place.
 */
final class StressWorker {
    static final int FILES = 3;
    static final int FILE_SIZE = 3 << 20;

    private static final int MAX_LANE = 200_000;
    private static final byte CERTAIN = 0;
    private static final byte MAYBE_ZERO = 1;

    private final int id;
    private final EventLog log;
    private final StressTarget target;
    private final Random random;
    private final List<int[]> lanes = new ArrayList<>();
    private final byte[][] value = new byte[FILES][FILE_SIZE];
    private final byte[][] doubt = new byte[FILES][FILE_SIZE];
    private final long[][] writeStart = new long[FILES][FILE_SIZE];
    private final long[][] writeEnd = new long[FILES][FILE_SIZE];
    private final List<Long> pending = new ArrayList<>();
    private final byte[] buffer = new byte[MAX_LANE];
    private final String name;
    private final boolean errorsExpected;
    private long position;
    private int sequence;
    private long operations;

    StressWorker(final long seed, final int id, final int workers, final EventLog log, final StressTarget target,
        final boolean errorsExpected) {
        this.id = id;
        this.log = log;
        this.target = target;
        this.errorsExpected = errorsExpected;
        this.random = new Random(seed * 1_000_003 + id);
        this.name = "seed " + seed + ", worker " + id;
        final Random cuts = new Random(seed);
        for (int file = 0; file < FILES; file++) {
            int start = 0;
            int lane = 0;
            while (start < FILE_SIZE) {
                final int length = Math.min(FILE_SIZE - start,
                    cuts.nextInt(4) == 0 ? 20_000 + cuts.nextInt(MAX_LANE - 20_000) : 1 + cuts.nextInt(9000));
                if (lane++ % workers == id) {
                    lanes.add(new int[] {file, start, length});
                }
                start += length;
            }
        }
    }

    static byte mark(final int file, final long position) {
        long h = (position * FILES + file) * 0x9E3779B97F4A7C15L;
        h ^= h >>> 29;
        return (byte) (1 + Math.floorMod(h, 15));
    }

    long operations() {
        return operations;
    }

    void run(final long maxOperations) throws IOException {
        while (!log.stopped() && operations < maxOperations) {
            step();
            operations++;
        }
        // Checked to the end before it is retired: nobody may overwrite an event that still matters here.
        log.passed(id, position);
    }

    /** Everybody has stopped: no more tolerance for operations in progress. */
    void checkAll() throws IOException {
        for (final int[] lane : lanes) {
            readOwn(lane[0], lane[1], lane[2]);
        }
        log.retire(id);
    }

    private void step() throws IOException {
        collectEvents();
        final int choice = random.nextInt(1000);
        if (choice < 420) {
            final int[] lane = lanes.get(random.nextInt(lanes.size()));
            final int length = 1 + random.nextInt(lane[2]);
            write(lane[0], lane[1] + random.nextInt(lane[2] - length + 1), length);
        } else if (choice < 750) {
            final int[] lane = lanes.get(random.nextInt(lanes.size()));
            final int length = 1 + random.nextInt(lane[2]);
            readOwn(lane[0], lane[1] + random.nextInt(lane[2] - length + 1), length);
        } else if (choice < 960) {
            final int length = 1 + random.nextInt(random.nextInt(8) == 0 ? MAX_LANE : 9000);
            readForeign(random.nextInt(FILES), random.nextInt(FILE_SIZE - length), length);
        } else if (choice < 972) {
            truncate(random.nextInt(FILES), random.nextInt(10) == 0 ? random.nextInt(FILE_SIZE)
                : FILE_SIZE - random.nextInt(FILE_SIZE / 8));
        } else if (choice < 990) {
            final int from = random.nextInt(FILE_SIZE - 1);
            punch(random.nextInt(FILES), from, 1 + random.nextInt(Math.min(60_000, FILE_SIZE - from)));
        } else {
            try {
                target.disturb(random.nextInt(FILES), random.nextInt(4));
            } catch (final IOException e) {
                onError(e);
            }
        }
    }

    private void write(final int file, final int offset, final int length) throws IOException {
        sequence++;
        for (int i = 0; i < length; i++) {
            buffer[i] = (byte) (sequence << 4 | mark(file, offset + i));
        }
        final long start = log.tick();
        int written;
        try {
            written = target.write(file, offset, buffer, length);
        } catch (final IOException e) {
            onError(e);
            written = 0;
        }
        final long end = log.tick();
        for (int i = 0; i < written; i++) {
            final int at = offset + i;
            value[file][at] = (byte) (sequence << 4 | mark(file, at));
            doubt[file][at] = CERTAIN;
            writeStart[file][at] = start;
            writeEnd[file][at] = end;
        }
    }

    private void readOwn(final int file, final int offset, final int length) throws IOException {
        final long start = log.tick();
        int read;
        try {
            read = target.read(file, offset, buffer, length);
        } catch (final IOException e) {
            onError(e);
            return;
        }
        final long end = log.tick();
        java.util.Arrays.fill(buffer, read, length, (byte) 0);
        collectEvents();
        applyEnded(start);
        final List<long[]> overlapping = new ArrayList<>();
        for (final long event : pending) {
            if (log.file(event) == file && log.start(event) <= end) {
                overlapping.add(new long[] {log.from(event), log.to(event)});
            }
        }
        for (int i = 0; i < length; i++) {
            check(file, offset + i, buffer[i], overlapping, read, length);
        }
    }

    private void check(final int file, final int at, final byte seen, final List<long[]> overlapping, final int read,
        final int length) {
        final byte expected = value[file][at];
        boolean racing = false;
        for (final long[] range : overlapping) {
            racing |= at >= range[0] && at < range[1];
        }
        if (seen == expected) {
            if (!racing) {
                doubt[file][at] = CERTAIN;
            }
            return;
        }
        if (seen == 0 && racing) {
            return;
        }
        if (seen == 0 && doubt[file][at] == MAYBE_ZERO) {
            value[file][at] = 0;
            doubt[file][at] = CERTAIN;
            return;
        }
        throw new AssertionError(name + ", operation " + operations + ": file " + file + " byte " + at + " (page " + at / 4096
            + " + " + at % 4096 + ") is " + Integer.toHexString(seen & 0xff) + ", expected "
            + Integer.toHexString(expected & 0xff) + (doubt[file][at] == MAYBE_ZERO ? " or 0" : "") + ", mark "
            + mark(file, at) + ", written at " + writeStart[file][at] + ".." + writeEnd[file][at] + ", read " + read + " of "
            + length + " bytes");
    }

    private void readForeign(final int file, final int offset, final int length) throws IOException {
        final int read;
        try {
            read = target.read(file, offset, buffer, length);
        } catch (final IOException e) {
            onError(e);
            return;
        }
        for (int i = 0; i < read; i++) {
            if (buffer[i] != 0 && (buffer[i] & 15) != mark(file, offset + i)) {
                throw new AssertionError(name + ", operation " + operations + ": file " + file + " byte " + (offset + i)
                    + " is " + Integer.toHexString(buffer[i] & 0xff) + ", which belongs elsewhere; its mark is "
                    + mark(file, offset + i));
            }
        }
    }

    private void truncate(final int file, final long size) throws IOException {
        zeroing(file, size, Long.MAX_VALUE, () -> target.truncate(file, size));
    }

    private void punch(final int file, final long from, final long length) throws IOException {
        zeroing(file, from, from + length, () -> target.punch(file, from, length));
    }

    private interface Operation {
        void run() throws IOException;
    }

    private void zeroing(final int file, final long from, final long to, final Operation operation) throws IOException {
        while (log.full()) {
            collectEvents();
            applyEnded(log.tick());
            if (log.stopped()) {
                return;
            }
            Thread.onSpinWait();
        }
        final long event = log.begin(file, from, to);
        boolean done = false;
        try {
            operation.run();
            done = true;
        } catch (final IOException e) {
            onError(e);
        } finally {
            log.end(event, done);
        }
    }

    private void onError(final IOException e) throws IOException {
        if (!errorsExpected) {
            throw new IOException(name + ", operation " + operations, e);
        }
    }

    private void collectEvents() {
        final long count = log.count();
        for (; position < count; position++) {
            pending.add(position);
        }
        log.passed(id, pending.isEmpty() ? position : pending.get(0));
    }

    /** Applies what ended before a time to the model. */
    private void applyEnded(final long time) {
        pending.removeIf(event -> {
            final long end = log.end(event);
            if (end == 0 || end >= time) {
                return false;
            }
            apply(log.file(event), log.from(event), log.to(event), log.start(event), end);
            return true;
        });
        log.passed(id, pending.isEmpty() ? position : pending.get(0));
    }

    private void apply(final int file, final long from, final long to, final long start, final long end) {
        for (final int[] lane : lanes) {
            if (lane[0] != file || lane[1] >= to || lane[1] + lane[2] <= from) {
                continue;
            }
            final int first = (int) Math.max(from, lane[1]);
            final int last = (int) Math.min(to, lane[1] + lane[2]);
            for (int at = first; at < last; at++) {
                if (start > writeEnd[file][at]) {
                    value[file][at] = 0;
                    doubt[file][at] = CERTAIN;
                } else if (end >= writeStart[file][at] && value[file][at] != 0) {
                    doubt[file][at] = MAYBE_ZERO;
                }
            }
        }
    }
}
