package io.quire.engine.lock;

import java.util.Objects;

/**
 * A mutual exclusion lock that has a {@link LockClass} and a name, and tells {@link LockOrder} what happens to it. Every
 * lock of the engine that is neither a page lock nor a stripe is one of these.
 *
 * <p>Not reentrant: a thread that asks for a lock that it holds gets an exception. Interrupts do not end a wait; the
 * interrupt status is kept. Thread-safe; allocates nothing unless it has to sleep.
 */
public final class OrderedMutex {
    private final Mutex mutex;
    private final LockClass lockClass;
    private final Object name;

    /**
     * Makes a free lock.
     *
     * @param lockClass its place in the lock order
     * @param name      what a report calls it, when it is turned into a string: not before there is a report, unless the validator is on
     */
    public OrderedMutex(final LockClass lockClass, final Object name) {
        this.lockClass = Objects.requireNonNull(lockClass, "lockClass");
        // The validator's graph outlives the locks in it, and must keep nothing alive that a lock is named after.
        this.name = LockOrder.ENABLED ? name.toString() : Objects.requireNonNull(name, "name");
        this.mutex = new Mutex(LockOrder.ENABLED
            ? new LockRef(lockClass, this, 0, LockOrder.nextGroup(), 0, name.toString()) : null);
    }

    /**
     * Takes the lock, sleeping as long as another thread has it.
     *
     * @throws IllegalMonitorStateException when this thread holds it already
     * @throws LockOrderViolation           when the validator is on and the lock order forbids it
     */
    public void lock() {
        mutex.lock();
    }

    /**
     * Takes the lock if no thread has it.
     *
     * @return whether it was taken
     */
    public boolean tryLock() {
        return mutex.tryLock();
    }

    /**
     * Gives the lock back.
     *
     * @throws IllegalMonitorStateException when this thread does not hold it
     */
    public void unlock() {
        mutex.unlock();
    }

    /**
     * Whether this thread holds the lock.
     *
     * @return whether it does
     */
    public boolean isHeldByCurrentThread() {
        return mutex.isHeldByCurrentThread();
    }

    @Override
    public String toString() {
        return lockClass + " (" + name + ")";
    }
}
