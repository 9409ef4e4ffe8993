package io.quire.fuse.command;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * How long requests took, by kind: for each kind a histogram with four buckets per power of two, from 256 ns to a
 * minute, so that a quantile is at most a quarter too high (the idea of HdrHistogram, with fewer digits).
 *
 * <pre>
 *   0       24     32      40        48 ...
 *   +-------+------+-------+---------+-------------------+
 *   | name  | sum  | max   | (spare) | buckets           |   one row per kind; sum and max in nanoseconds
 *   +-------+------+-------+---------+-------------------+
 * </pre>
 *
 * <p>Recording is two atomic additions and, for a new maximum, a compare-and-set; any number of threads may record
 * while others read. What a reader sees was true of every bucket at some time during the reading.
 */
final class LatencyTable {
    private static final int NAME_LENGTH = 24;
    private static final int SUM_OFFSET = 24;
    private static final int MAX_OFFSET = 32;
    private static final int BUCKETS_OFFSET = 48;

    private static final int SHIFT = 8;
    private static final int SUB_BITS = 2;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    private static final int POWERS = 28;
    /** Bucket 0 holds what is shorter than 2^SHIFT ns, the last one what is longer than all others. */
    private static final int BUCKETS = 1 + POWERS * SUB_BUCKETS;
    private static final int ROW_LENGTH = BUCKETS_OFFSET + BUCKETS * Long.BYTES;

    private final UnsafeBuffer rows;
    private final int kinds;

    LatencyTable(final UnsafeBuffer rows, final int kinds) {
        this.rows = rows;
        this.kinds = kinds;
    }

    static int length(final int kinds) {
        return kinds * ROW_LENGTH;
    }

    int kinds() {
        return kinds;
    }

    void name(final int kind, final String name) {
        rows.putStringWithoutLengthAscii(row(kind), name, 0, NAME_LENGTH - 1);
    }

    String name(final int kind) {
        final byte[] bytes = new byte[NAME_LENGTH];
        rows.getBytes(row(kind), bytes);
        int length = 0;
        while (length < NAME_LENGTH && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }

    void record(final int kind, final long nanos) {
        final int row = row(kind);
        rows.getAndAddLong(row + BUCKETS_OFFSET + bucket(nanos) * Long.BYTES, 1);
        rows.getAndAddLong(row + SUM_OFFSET, Math.max(0, nanos));
        long max = rows.getLongVolatile(row + MAX_OFFSET);
        while (nanos > max && !rows.compareAndSetLong(row + MAX_OFFSET, max, nanos)) {
            max = rows.getLongVolatile(row + MAX_OFFSET);
        }
    }

    /**
     * What is known about one kind.
     *
     * @param count    requests
     * @param mean     nanoseconds
     * @param median   nanoseconds, an upper bound
     * @param high     the 99th percentile in nanoseconds, an upper bound
     * @param max      nanoseconds, exact
     */
    record Summary(long count, long mean, long median, long high, long max) {
    }

    Summary summary(final int kind) {
        final int row = row(kind);
        final long[] buckets = new long[BUCKETS];
        Arrays.setAll(buckets, i -> rows.getLongVolatile(row + BUCKETS_OFFSET + i * Long.BYTES));
        final long count = Arrays.stream(buckets).sum();
        if (count == 0) {
            return new Summary(0, 0, 0, 0, 0);
        }
        final long max = rows.getLongVolatile(row + MAX_OFFSET);
        return new Summary(count, rows.getLongVolatile(row + SUM_OFFSET) / count,
            Math.min(max, quantile(buckets, count, 50)), Math.min(max, quantile(buckets, count, 99)), max);
    }

    private static long quantile(final long[] buckets, final long count, final int percent) {
        // The rank is at least one: with one request every quantile is that request.
        final long rank = Math.max(1, (count * percent + 99) / 100);
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += buckets[i];
            if (seen >= rank) {
                return upperBound(i);
            }
        }
        return Long.MAX_VALUE;
    }

    static int bucket(final long nanos) {
        if (nanos < 1L << SHIFT) {
            return 0;
        }
        final int power = 63 - Long.numberOfLeadingZeros(nanos);
        final int sub = (int) (nanos >>> power - SUB_BITS) & SUB_BUCKETS - 1;
        return Math.min(BUCKETS - 1, 1 + (power - SHIFT << SUB_BITS) + sub);
    }

    /** The first duration that no longer belongs to the bucket. */
    static long upperBound(final int bucket) {
        if (bucket == 0) {
            return 1L << SHIFT;
        }
        if (bucket == BUCKETS - 1) {
            return Long.MAX_VALUE;
        }
        final int power = SHIFT + (bucket - 1 >> SUB_BITS);
        final int sub = bucket - 1 & SUB_BUCKETS - 1;
        return (1L << power) + (sub + 1L << power - SUB_BITS);
    }

    private static int row(final int kind) {
        return kind * ROW_LENGTH;
    }
}
