package io.quire.engine.lock;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;

/**
 * A mutual exclusion lock that is not reentrant, has its word inside itself, and is padded: the words of two of them are
 * never closer than 128 bytes, so threads on neighbouring stripes do not fight for a cache line (or an adjacent pair).
 *
 * <p>Interrupts do not end a wait; the status is kept. A thread that waits for itself is refused at once instead of
 * hanging. Allocates nothing unless it has to sleep.
 */
final class Mutex extends AbstractQueuedSynchronizer {
    private static final long serialVersionUID = 1L;

    /** What the validator calls this lock, null when the validator is off. */
    private final transient LockRef ref;

    @SuppressWarnings("unused") // padding
    private transient long p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14;

    Mutex(final LockRef ref) {
        this.ref = ref;
    }

    void lock() {
        if (LockOrder.ENABLED) {
            LockOrder.acquiring(ref);
        }
        if (!tryAcquire(1)) {
            sleep();
        }
        if (LockOrder.ENABLED) {
            LockOrder.acquired(ref, false);
        }
    }

    boolean tryLock() {
        final boolean taken = tryAcquire(1);
        if (LockOrder.ENABLED && taken) {
            LockOrder.acquired(ref, true);
        }
        return taken;
    }

    void unlock() {
        if (getExclusiveOwnerThread() != Thread.currentThread()) {
            throw new IllegalMonitorStateException("unlock by a thread that does not hold the lock");
        }
        if (LockOrder.ENABLED) {
            LockOrder.released(ref);
        }
        release(1);
    }

    boolean isHeldByCurrentThread() {
        return getExclusiveOwnerThread() == Thread.currentThread();
    }

    private void sleep() {
        if (getExclusiveOwnerThread() == Thread.currentThread()) {
            throw new IllegalMonitorStateException("a thread waits for a lock that it holds");
        }
        if (LockOrder.ENABLED) {
            sleepWatching();
        } else {
            acquire(1);
        }
    }

    /** As {@code acquire}, but wakes now and then to look for a circle of waiting threads. */
    private void sleepWatching() {
        boolean interrupted = false;
        LockOrder.startWait(ref);
        try {
            while (true) {
                try {
                    if (tryAcquireNanos(1, TimeUnit.MILLISECONDS.toNanos(LockOrder.CHECK_MILLIS))) {
                        return;
                    }
                    LockOrder.checkDeadlock();
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            LockOrder.endWait();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    protected boolean tryAcquire(final int ignored) {
        if (compareAndSetState(0, 1)) {
            setExclusiveOwnerThread(Thread.currentThread());
            return true;
        }
        return false;
    }

    @Override
    protected boolean tryRelease(final int ignored) {
        setExclusiveOwnerThread(null);
        setState(0);
        return true;
    }

    @Override
    protected boolean isHeldExclusively() {
        return isHeldByCurrentThread();
    }
}
