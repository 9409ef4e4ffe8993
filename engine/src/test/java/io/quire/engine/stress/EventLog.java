package io.quire.engine.stress;

import io.quire.engine.memory.OffHeap;

/**
 * A clock and a log of the operations that zero ranges (truncate, punch), in memory that threads or processes share.
 *
 * <p>An event is published before its operation starts and ended after it returned, so whoever looks after a read knows every
 * operation that can have touched what it read. The log is a ring; who appends waits for the slowest reader.
 */
final class EventLog {
    static final int MAX_WORKERS = 64;
    /** Bytes of shared memory, zero at the start. */
    static final long SIZE = 1 << 20;

    private static final int CLOCK = 0;
    private static final int LOCK = 64;
    private static final int COUNT = 128;
    private static final int STOP = 192;
    private static final int ARRIVED = 256;
    private static final int POSITIONS = 320;
    private static final int EVENTS = POSITIONS + MAX_WORKERS * Long.BYTES;
    private static final int EVENT_SIZE = 40;
    private static final int CAPACITY = 16384;

    private final long base;

    EventLog(final long base) {
        this.base = base;
    }

    /** A worker that takes no part is not waited for. */
    void retire(final int worker) {
        OffHeap.putLongVolatile(base + POSITIONS + worker * 8L, Long.MAX_VALUE);
    }

    void retireAllFrom(final int first) {
        for (int worker = first; worker < MAX_WORKERS; worker++) {
            retire(worker);
        }
    }

    long tick() {
        return OffHeap.getAndAddLong(base + CLOCK, 1) + 1;
    }

    void stop() {
        OffHeap.putLongVolatile(base + STOP, 1);
    }

    boolean stopped() {
        return OffHeap.getLongVolatile(base + STOP) != 0;
    }

    /** A worker has stopped and will start no further operation before its final check. */
    void arrive() {
        OffHeap.getAndAddLong(base + ARRIVED, 1);
    }

    long arrived() {
        return OffHeap.getLongVolatile(base + ARRIVED);
    }

    long count() {
        return OffHeap.getLongVolatile(base + COUNT);
    }

    void passed(final int worker, final long position) {
        OffHeap.putLongVolatile(base + POSITIONS + worker * 8L, position);
    }

    /** Whether a further event would overwrite one that somebody has not passed. */
    boolean full() {
        final long count = count();
        for (int worker = 0; worker < MAX_WORKERS; worker++) {
            if (count - OffHeap.getLongVolatile(base + POSITIONS + worker * 8L) >= CAPACITY - 1) {
                return true;
            }
        }
        return false;
    }

    long begin(final int file, final long from, final long to) {
        while (!OffHeap.compareAndSetLong(base + LOCK, 0, 1)) {
            Thread.onSpinWait();
        }
        final long number = count();
        final long event = event(number);
        OffHeap.putLong(event + 8, 0);
        OffHeap.putLong(event + 16, file);
        OffHeap.putLong(event + 24, from);
        OffHeap.putLong(event + 32, to);
        OffHeap.putLongVolatile(event, tick());
        OffHeap.putLongVolatile(base + COUNT, number + 1);
        OffHeap.putLongVolatile(base + LOCK, 0);
        return number;
    }

    /** Ends an event; one that failed has changed nothing that lasts. */
    void end(final long number, final boolean done) {
        final long event = event(number);
        if (!done) {
            OffHeap.putLong(event + 24, Long.MAX_VALUE);
        }
        OffHeap.putLongVolatile(event + 8, tick());
    }

    long start(final long number) {
        return OffHeap.getLongVolatile(event(number));
    }

    /** When the event ended, 0 while it runs. */
    long end(final long number) {
        return OffHeap.getLongVolatile(event(number) + 8);
    }

    int file(final long number) {
        return (int) OffHeap.getLong(event(number) + 16);
    }

    long from(final long number) {
        return OffHeap.getLong(event(number) + 24);
    }

    long to(final long number) {
        return OffHeap.getLong(event(number) + 32);
    }

    private long event(final long number) {
        return base + EVENTS + number % CAPACITY * EVENT_SIZE;
    }
}
