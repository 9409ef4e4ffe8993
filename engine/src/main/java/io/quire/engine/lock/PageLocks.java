package io.quire.engine.lock;

import java.util.Objects;
import java.util.function.IntConsumer;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;

/**
 * The page lock: one bit of {@link PageDescriptors}' state word, and a hashed table of queues for those who must sleep.
 *
 * <p><b>Benefit.</b> A page lock costs one bit and no memory of its own; taking and giving it back without contention is
 * one atomic operation each, whatever the number of pages. <b>Cost.</b> A contended unlock takes a bucket lock; pages whose
 * frames hash to one bucket share a queue; a running thread may take the lock past a woken one, five times per sleeper.
 *
 * <pre>
 *             lock: or(LOCKED) found it clear                 unlock: add(-LOCKED), WAITERS clear
 *   running ----------------------------------&gt; holding ------------------------------------------&gt; running
 *      |                                            ^  \
 *      | or(LOCKED|WAITERS) under the bucket lock   |   \ unlock: add(-LOCKED) told WAITERS:
 *      | found LOCKED: enqueue                      |    \ the waker walks the bucket
 *      v                                            |     v
 *   queued --- waker: WOKEN, unlinks last ---&gt; woken: or(LOCKED) --- lost (a steal) ---&gt; queued at the end
 *      |                                            ^
 *      +--- after 5 steals, waker: or(LOCKED) for the sleeper, DONE, WOKEN, unlinks last: holding
 * </pre>
 *
 * <p><b>Modes of sleeping.</b> Exclusive: {@link #lock}. Shared: {@link #waitUnlocked}, {@link #waitWriteback} only wait.
 * Drop: {@link #waitUnlockedDropping} gives its reference up before it sleeps.
 *
 * <p>Thread-safe. Nothing is allocated but by a thread's first sleep. Interrupts do not end a wait unless the method says
 * so; the interrupt status is kept. Not reentrant. With {@link LockOrder} on, a lock is given back by the thread that took
 * or last {@link #adopted} it.
 *
 * <p>Source: Linux {@code mm/filemap.c}, {@code folio_wait_bit_common}, {@code wake_page_function}, {@code folio_wake_bit}
 * and {@code folio_unlock}, as rewritten in 2020.
 */
public final class PageLocks implements AutoCloseable {
    /** How often a sleeper may lose the lock to a running thread before it is handed over. */
    public static final int MAX_STEALS = WaitTable.MAX_STEALS;

    private static final long LOCKED = PageDescriptors.LOCKED;
    private static final long WAITERS = PageDescriptors.WAITERS;
    private static final long WRITEBACK = PageDescriptors.WRITEBACK;

    private final PageDescriptors descriptors;
    private final WaitTable table;

    /**
     * Makes the page locks of a table of descriptors. The lock bits are in the table; this holds the queues.
     *
     * @param d          the descriptors, open as long as this is used
     * @param processors processors that may sleep and wake at once, 1 to 65536
     */
    public PageLocks(final PageDescriptors d, final int processors) {
        this(d, processors, StopPoint.NONE);
    }

    PageLocks(final PageDescriptors d, final int processors, final StopPoint stop) {
        descriptors = Objects.requireNonNull(d, "d");
        table = new WaitTable(d, processors, stop);
    }

    /**
     * Takes the lock of a page if it is free. Never sleeps.
     *
     * @param frame frame number; the caller holds a reference, or owns the frame
     * @return whether it was taken
     */
    public boolean tryLock(final int frame) {
        final boolean taken = take(frame);
        if (LockOrder.ENABLED && taken) {
            LockOrder.acquired(ref(frame), true);
        }
        return taken;
    }

    /**
     * Takes the lock of a page, sleeping as long as another thread has it. The page may have left its mapping meanwhile:
     * the caller checks the binding again.
     *
     * @param frame frame number; the caller holds a reference
     * @throws LockOrderViolation when the validator is on and the lock order forbids it, this thread holds the lock
     *                            already, or threads wait for each other
     */
    public void lock(final int frame) {
        final LockRef ref = LockOrder.ENABLED ? ref(frame) : null;
        if (LockOrder.ENABLED) {
            LockOrder.acquiring(ref);
        }
        if (!take(frame)) {
            table.sleep(frame, LOCKED, true, null, ref);
        }
        if (LockOrder.ENABLED) {
            LockOrder.acquired(ref, false);
        }
    }

    /**
     * As {@link #lock}, but an interrupt ends the wait. A wake that the interrupt raced with is not lost: then the lock is
     * taken, or another sleeper gets it.
     *
     * @param frame frame number; the caller holds a reference
     * @throws InterruptedException when interrupted while waiting; the lock is not held and the interrupt status is clear
     * @throws LockOrderViolation   as for {@link #lock}
     */
    public void lockInterruptibly(final int frame) throws InterruptedException {
        final LockRef ref = LockOrder.ENABLED ? ref(frame) : null;
        if (LockOrder.ENABLED) {
            LockOrder.acquiring(ref);
        }
        if (!take(frame) && !table.sleepInterruptibly(frame, ref)) {
            throw new InterruptedException("interrupted while waiting for the lock of frame " + frame);
        }
        if (LockOrder.ENABLED) {
            LockOrder.acquired(ref, false);
        }
    }

    /**
     * Gives the lock back: one atomic addition that clears LOCKED and tells whether anybody sleeps.
     *
     * @param frame frame number, locked by the caller
     * @throws IllegalMonitorStateException when the page was not locked
     */
    public void unlock(final int frame) {
        unlockWith(frame, 0);
    }

    /**
     * Sets flags and gives the lock back, in one atomic addition, so that whoever sees the page unlocked sees the flags.
     *
     * @param frame frame number, locked by the caller
     * @param set   flags that are clear and that only the holder of the lock may set, such as
     *              {@link PageDescriptors#UPTODATE}; 0 for none
     * @throws IllegalMonitorStateException when the page was not locked or a flag was already set; the state is then as
     *                                      before
     */
    public void unlockWith(final int frame, final long set) {
        assert (set & (LOCKED | WAITERS)) == 0 && set >>> PageDescriptors.GENERATION_SHIFT == 0 : Long.toHexString(set);
        if (LockOrder.ENABLED) {
            LockOrder.released(ref(frame));
        }
        // LOCKED is set and the flags are clear, so the addition neither borrows nor carries: each bit changes alone.
        final long word = descriptors.address(frame) + PageDescriptors.STATE_OFFSET;
        final long before = OffHeap.getAndAddLong(word, set - LOCKED);
        if ((before & (LOCKED | WAITERS | set)) != LOCKED) {
            unlockSlow(frame, set, before);
        }
    }

    /**
     * Waits until the page is unlocked, however short. It may be locked again when this returns.
     *
     * @param frame frame number; the caller holds a reference
     * @throws LockOrderViolation as for {@link #lock}
     */
    public void waitUnlocked(final int frame) {
        waitBit(frame, LOCKED, null);
    }

    /**
     * Waits until the page is unlocked, and gives the caller's reference up as soon as it is queued, so that the sleeper
     * does not keep the page from being removed. On return the frame may hold anything: the caller looks the page up again.
     *
     * @param frame frame number; the caller holds a reference and has none afterwards
     * @param put   drops the reference; called exactly once, also when this throws
     * @throws LockOrderViolation as for {@link #lock}
     */
    public void waitUnlockedDropping(final int frame, final IntConsumer put) {
        waitBit(frame, LOCKED, Objects.requireNonNull(put, "put"));
    }

    /**
     * Waits until the page is not under writeback. A caller that holds the page lock knows that it stays so.
     *
     * @param frame frame number; the caller holds a reference
     */
    public void waitWriteback(final int frame) {
        if (descriptors.has(frame, WRITEBACK)) {
            table.sleep(frame, WRITEBACK, false, null, null);
        }
    }

    /**
     * Ends writeback of a page and wakes those who wait for that.
     *
     * @param frame frame number, under writeback
     * @throws IllegalStateException when it was not under writeback
     */
    public void endWriteback(final int frame) {
        final long before = descriptors.clear(frame, WRITEBACK);
        if ((before & WRITEBACK) == 0) {
            throw new IllegalStateException("end of writeback of frame " + frame + ", which was not under writeback");
        }
        if ((before & WAITERS) != 0) {
            table.wake(frame, WRITEBACK);
        }
    }

    /**
     * Whether the page is locked, by any thread.
     *
     * @param frame frame number
     * @return a recent value
     */
    public boolean isLocked(final int frame) {
        return descriptors.has(frame, LOCKED);
    }

    /**
     * Tells the validator that this thread has the lock of a page that it did not take here: a frame bound locked, or one
     * whose lock another thread passes to it. Nothing happens when the validator is off.
     *
     * @param frame frame number, locked
     */
    public void adopted(final int frame) {
        assert isLocked(frame) : "adopted frame " + frame + " is not locked";
        if (LockOrder.ENABLED) {
            LockOrder.adopted(ref(frame));
        }
    }

    /**
     * How often a thread had to sleep, in any mode.
     *
     * @return sleeps since this was made
     */
    public long sleeps() {
        return table.sleeps();
    }

    /**
     * Ends the use of these locks.
     *
     * @throws IllegalStateException when a thread still sleeps
     */
    @Override
    public void close() {
        table.close();
        if (LockOrder.ENABLED) {
            LockOrder.forget(this);
        }
    }

    WaitTable table() {
        return table;
    }

    private boolean take(final int frame) {
        final long word = descriptors.address(frame) + PageDescriptors.STATE_OFFSET;
        // The read first: a failed attempt then does not take the line from the holder.
        return (OffHeap.getLongAcquire(word) & LOCKED) == 0 && (OffHeap.getAndOrLong(word, LOCKED) & LOCKED) == 0;
    }

    private void waitBit(final int frame, final long bit, final IntConsumer put) {
        LockRef ref = null;
        if (LockOrder.ENABLED) {
            ref = ref(frame);
            try {
                LockOrder.acquiring(ref);
            } catch (final LockOrderViolation e) {
                if (put != null) {
                    put.accept(frame);
                }
                throw e;
            }
        }
        if (descriptors.has(frame, bit)) {
            table.sleep(frame, bit, false, put, ref);
        } else if (put != null) {
            put.accept(frame);
        }
    }

    private void unlockSlow(final int frame, final long set, final long before) {
        if ((before & LOCKED) == 0 || (before & set) != 0) {
            OffHeap.getAndAddLong(descriptors.address(frame) + PageDescriptors.STATE_OFFSET, LOCKED - set);
            throw new IllegalMonitorStateException("unlock of frame " + frame + " setting " + Long.toHexString(set)
                + " found the state " + Long.toHexString(before));
        }
        table.wake(frame, LOCKED);
    }

    private LockRef ref(final int frame) {
        return new LockRef(LockClass.PAGE, this, frame, descriptors.mapping(frame), descriptors.index(frame), null);
    }
}
