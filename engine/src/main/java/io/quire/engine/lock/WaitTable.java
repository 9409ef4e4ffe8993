package io.quire.engine.lock;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

import io.quire.engine.memory.PageDescriptors;

/**
 * The queues of those who sleep for a bit of a page's state word, hashed by frame number into padded buckets.
 *
 * <p><b>No wake is lost.</b> A sleeper sets WAITERS and reads the bit in one atomic operation, under the bucket lock, and
 * is queued before that lock is free again. A waker first clears the bit, in an operation that returns WAITERS, and walks
 * the bucket under its lock when WAITERS was set. If the sleeper's operation came first, the waker saw WAITERS and finds it
 * queued; if the waker's came first, the sleeper saw the bit clear and does not sleep. WAITERS is cleared only under the
 * bucket lock, when no sleeper of that page is left.
 *
 * <p><b>A sleeper's entry</b> belongs to its thread again when it is not linked. The waker's unlinking is the last thing
 * that it does to it; flags may therefore be believed only after {@link #leave}.
 *
 * <p>Access modes: {@code head}, {@code tail}, {@code next}, {@code previous}, {@code steals} while queued: under the bucket's
 * monitor. {@code flags}: written under it, read with acquire. {@code linked}: written under it, last; read with acquire.
 */
final class WaitTable {
    static final int MAX_STEALS = 5;

    private static final int MIN_BUCKETS = 256;
    private static final int PER_PROCESSOR = 16;
    private static final int MAX_PROCESSORS = 1 << 16;
    private static final long LOCKED = PageDescriptors.LOCKED;
    private static final long WAITERS = PageDescriptors.WAITERS;

    private static final int WOKEN = 1;
    private static final int DONE = 2;

    /** Why a sleep ended. */
    private enum End { GRANTED, INTERRUPTED }

    /** One sleeper. Each thread has one that it uses again and again. */
    private static final class Waiter {
        final Thread thread = Thread.currentThread();
        boolean busy;
        int frame;
        long bit;
        boolean exclusive;
        int steals;
        Waiter next;
        Waiter previous;
        volatile int flags;
        volatile boolean linked;
    }

    /** A queue; its monitor is the bucket lock. */
    private static class Bucket {
        Waiter head;
        Waiter tail;

        void append(final Waiter waiter) {
            waiter.previous = tail;
            waiter.next = null;
            if (tail == null) {
                head = waiter;
            } else {
                tail.next = waiter;
            }
            tail = waiter;
            waiter.linked = true;
        }

        void unlink(final Waiter waiter) {
            if (waiter.previous == null) {
                head = waiter.next;
            } else {
                waiter.previous.next = waiter.next;
            }
            if (waiter.next == null) {
                tail = waiter.previous;
            } else {
                waiter.next.previous = waiter.previous;
            }
            waiter.next = null;
            waiter.previous = null;
            waiter.linked = false;
        }
    }

    /** Keeps the headers (the monitors) and queues of two buckets on different cache lines. */
    private static final class PaddedBucket extends Bucket {
        @SuppressWarnings("unused") // padding
        private long p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;
    }

    private final ThreadLocal<Waiter> waiters = ThreadLocal.withInitial(Waiter::new);
    private final PageDescriptors descriptors;
    private final StopPoint stop;
    private final Bucket[] buckets;
    private final int shift;
    private final LongAdder sleeps = new LongAdder();

    WaitTable(final PageDescriptors descriptors, final int processors, final StopPoint stop) {
        if (processors < 1 || processors > MAX_PROCESSORS) {
            throw new IllegalArgumentException("processors must be 1 to " + MAX_PROCESSORS + ", not " + processors);
        }
        this.descriptors = descriptors;
        this.stop = stop;
        final int count = Integer.highestOneBit(Math.max(MIN_BUCKETS, processors * PER_PROCESSOR) - 1) << 1;
        buckets = new Bucket[count];
        for (int i = 0; i < count; i++) {
            buckets[i] = new PaddedBucket();
        }
        shift = Integer.SIZE - Integer.numberOfTrailingZeros(count);
    }

    /**
     * Sleeps until the bit is clear, and until it is this thread's when {@code exclusive}.
     *
     * @param put drops the caller's reference once it is queued, or null; always called
     * @param ref for the validator, null when it has nothing to say
     */
    void sleep(final int frame, final long bit, final boolean exclusive, final IntConsumer put, final LockRef ref) {
        wait(frame, bit, exclusive, false, put, ref);
    }

    /** As {@link #sleep} for the lock; false when an interrupt ended it, whose status is then clear. */
    boolean sleepInterruptibly(final int frame, final LockRef ref) {
        return wait(frame, LOCKED, true, true, null, ref) == End.GRANTED;
    }

    /** The bit was cleared and WAITERS was set: wakes every waiter for it, up to and including the first exclusive one. */
    void wake(final int frame, final long bit) {
        stop.reached(StopPoint.At.BEFORE_WAKE, frame);
        final Bucket bucket = bucket(frame);
        synchronized (bucket) {
            boolean left = false;
            boolean enough = false;
            Waiter next;
            for (Waiter waiter = bucket.head; waiter != null && !(left && enough); waiter = next) {
                next = waiter.next;
                if (waiter.frame == frame) {
                    if (enough || waiter.bit != bit) {
                        left = true;
                    } else if (waiter.exclusive && !grant(waiter)) {
                        enough = true;
                        left = true;
                    } else {
                        enough = waiter.exclusive;
                        release(bucket, waiter);
                    }
                }
            }
            if (!left) {
                descriptors.clear(frame, WAITERS);
            }
        }
    }

    long sleeps() {
        return sleeps.sum();
    }

    /** The number of the bucket of a frame. */
    int bucketOf(final int frame) {
        return frame * 0x9E3779B9 >>> shift;
    }

    /** How many threads are queued for a frame. For tests. */
    int queued(final int frame) {
        final Bucket bucket = bucket(frame);
        int count = 0;
        synchronized (bucket) {
            for (Waiter waiter = bucket.head; waiter != null; waiter = waiter.next) {
                count += waiter.frame == frame ? 1 : 0;
            }
        }
        return count;
    }

    void close() {
        for (final Bucket bucket : buckets) {
            synchronized (bucket) {
                if (bucket.head != null) {
                    throw new IllegalStateException("thread " + bucket.head.thread.getName()
                        + " still sleeps for frame " + bucket.head.frame);
                }
            }
        }
    }

    /**
     * Whether an exclusive waiter may be woken. If it lost too often it gets the bit here, and is not woken without it. A
     * bit that is set again was stolen between the unlock and this walk, which counts as a steal too.
     */
    private boolean grant(final Waiter waiter) {
        final boolean granted;
        if (waiter.steals >= MAX_STEALS) {
            granted = (descriptors.set(waiter.frame, waiter.bit) & waiter.bit) == 0;
            if (granted) {
                waiter.flags = DONE;
            }
        } else {
            granted = !descriptors.has(waiter.frame, waiter.bit);
            if (!granted) {
                waiter.steals++;
            }
        }
        return granted;
    }

    private void release(final Bucket bucket, final Waiter waiter) {
        final Thread thread = waiter.thread;
        waiter.flags |= WOKEN;
        LockSupport.unpark(thread);
        bucket.unlink(waiter); // the last access: the entry is its thread's again
    }

    private End wait(final int frame, final long bit, final boolean exclusive, final boolean interruptible,
                     final IntConsumer put, final LockRef ref) {
        final Waiter waiter = claim(frame, bit, exclusive);
        boolean interrupted = false;
        boolean dropped = put == null;
        if (LockOrder.ENABLED && ref != null) {
            LockOrder.startWait(ref);
        }
        try {
            while (true) {
                stop.reached(StopPoint.At.BEFORE_QUEUE, frame);
                if (!enqueue(waiter)) {
                    return End.GRANTED;
                }
                if (!dropped) {
                    dropped = true;
                    put.accept(frame);
                }
                stop.reached(StopPoint.At.QUEUED, frame);
                LockOrderViolation deadlock = null;
                boolean leaving = false;
                while (!leaving && (waiter.flags & WOKEN) == 0) {
                    deadlock = park(ref);
                    interrupted |= Thread.interrupted();
                    leaving = interrupted && interruptible || deadlock != null;
                }
                if (leaving) {
                    stop.reached(StopPoint.At.BEFORE_LEAVING, frame);
                }
                // A wake can race with leaving. Only now are the flags stable, and only they decide the result.
                leave(waiter);
                if ((waiter.flags & WOKEN) != 0 && granted(waiter)) {
                    return End.GRANTED;
                }
                // Not queued, and either not woken, or woken and robbed: then the thief will find WAITERS set if
                // anybody else is queued. So whoever leaves here takes no wake with it.
                if (deadlock != null) {
                    throw deadlock;
                }
                if (leaving) {
                    interrupted = false;
                    return End.INTERRUPTED;
                }
            }
        } finally {
            leave(waiter);
            waiter.busy = false;
            if (LockOrder.ENABLED && ref != null) {
                LockOrder.endWait();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (!dropped) {
                put.accept(frame);
            }
        }
    }

    /** The thread's own entry, or another when it sleeps while it gives up a reference for a sleep. */
    private Waiter claim(final int frame, final long bit, final boolean exclusive) {
        final Waiter own = waiters.get();
        final Waiter waiter = own.busy ? new Waiter() : own;
        waiter.busy = true;
        waiter.frame = frame;
        waiter.bit = bit;
        waiter.exclusive = exclusive;
        waiter.steals = 0;
        return waiter;
    }

    /** False when the bit turned out to be clear, and is then this thread's if it is exclusive. */
    private boolean enqueue(final Waiter waiter) {
        final Bucket bucket = bucket(waiter.frame);
        final long take = waiter.exclusive ? WAITERS | waiter.bit : WAITERS;
        synchronized (bucket) {
            waiter.flags = 0;
            if ((descriptors.set(waiter.frame, take) & waiter.bit) == 0) {
                return false;
            }
            bucket.append(waiter);
        }
        sleeps.increment();
        return true;
    }

    /** Sleeps; with the validator on, not for long, and then looks for a circle of waiting threads. */
    private LockOrderViolation park(final LockRef ref) {
        if (LockOrder.ENABLED && ref != null) {
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(LockOrder.CHECK_MILLIS));
            return LockOrder.findDeadlock();
        }
        LockSupport.park(this);
        return null;
    }

    private boolean granted(final Waiter waiter) {
        if (!waiter.exclusive || (waiter.flags & DONE) != 0) {
            return true;
        }
        stop.reached(StopPoint.At.WOKEN, waiter.frame);
        if ((descriptors.set(waiter.frame, waiter.bit) & waiter.bit) == 0) {
            return true;
        }
        waiter.steals++;
        return false;
    }

    private void leave(final Waiter waiter) {
        if (waiter.linked) {
            final Bucket bucket = bucket(waiter.frame);
            synchronized (bucket) {
                if (waiter.linked) {
                    bucket.unlink(waiter);
                }
            }
        }
    }

    private Bucket bucket(final int frame) {
        return buckets[bucketOf(frame)];
    }
}
