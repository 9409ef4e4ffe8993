package io.quire.engine.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A descriptor of the source that is opened when it is needed and may be closed when it is not: one of the many that
 * share the budget of a {@link DescriptorCache}.
 *
 * <pre>
 *   state, 64 bits:   | pins (31) | 0 | close when idle (1) | descriptor + 1 (31) |
 *
 *   closed (0) --install: CAS 0 -> fd+1, pins 1--> pinned --release: pins-1--> idle --evict: CAS -> 0--> closed
 *                                                   ^------acquire: CAS pins+1--/
 * </pre>
 *
 * <p>A descriptor number is only used between {@link #acquire} and {@link #release}: the pin keeps it from being closed
 * and its number from being given to another file. Using an open descriptor takes one CAS and no lock. Every change to
 * closed is made under the cache's lock, together with leaving its list.
 */
abstract class BoundedDescriptor {
    /** Answer of {@link #tryAcquire} when the descriptor is closed. No error number is this small. */
    static final int CLOSED = Integer.MIN_VALUE;

    private static final long PIN = 1L << 33;
    private static final long CLOSE_WHEN_IDLE = 1L << 31;
    private static final long FD_MASK = CLOSE_WHEN_IDLE - 1;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(BoundedDescriptor.class, "state", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The list of the cache, all three under its lock. */
    BoundedDescriptor previous;
    BoundedDescriptor next;
    boolean linked;

    /** A hint for the cache: set by use, cleared when the cache passes it over. Races lose a hint at most. */
    boolean referenced;

    private final DescriptorCache cache;
    private volatile long state;

    BoundedDescriptor(final DescriptorCache cache) {
        this.cache = cache;
    }

    /**
     * Opens the file, without any lock held.
     *
     * @return a descriptor that the caller owns, or negative errno
     */
    abstract int openNow();

    /** Told right before a descriptor of the file is closed, without any lock held. */
    void closing(final int fd) {
        // What can be opened again as it was has nothing to remember.
    }

    /** Told when closing gave an error, which tells of an earlier write. */
    void closeFailed(final int errno) {
        // A descriptor that was not written to has nothing to lose.
    }

    /**
     * Pins the descriptor, opening it when it is closed.
     *
     * @return the descriptor, to be given back with {@link #release}, or negative errno
     */
    final int acquire() {
        final int fd = tryAcquire();
        return fd != CLOSED ? fd : cache.open(this);
    }

    /**
     * Pins the descriptor if it is open.
     *
     * @return the descriptor, to be given back with {@link #release}, or {@link #CLOSED}
     */
    final int tryAcquire() {
        long seen = state;
        while ((seen & FD_MASK) != 0) {
            if (STATE.compareAndSet(this, seen, seen + PIN)) {
                if (!referenced) {
                    referenced = true;
                }
                return (int) (seen & FD_MASK) - 1;
            }
            seen = state;
        }
        return CLOSED;
    }

    /** The descriptor that the caller has pinned. */
    final int pinned() {
        final long seen = state;
        assert seen >= PIN : "not pinned";
        return (int) (seen & FD_MASK) - 1;
    }

    /** Gives a pin back. */
    final void release() {
        final long before = (long) STATE.getAndAdd(this, -PIN);
        assert before >= PIN : "a pin was given back twice";
        if (before - PIN < PIN && (before & CLOSE_WHEN_IDLE) != 0) {
            cache.closeIdle(this);
        }
    }

    /** Closes the descriptor as soon as nobody has it pinned; it is opened again when it is needed. */
    final void closeSoon() {
        long seen = state;
        while ((seen & FD_MASK) != 0) {
            if (STATE.compareAndSet(this, seen, seen | CLOSE_WHEN_IDLE)) {
                if (seen < PIN) {
                    cache.closeIdle(this);
                }
                return;
            }
            seen = state;
        }
    }

    /**
     * Gives the cache a descriptor that is open already. It is closed when there is one.
     *
     * @param fd a descriptor that the caller owned
     */
    final void adopt(final int fd) {
        if (install(fd)) {
            cache.link(this);
            release();
        } else {
            cache.closeDescriptor(this, fd);
        }
    }

    final boolean isOpen() {
        return (state & FD_MASK) != 0;
    }

    /** Makes the descriptor open, with one pin, unless it is. */
    final boolean install(final int fd) {
        return STATE.compareAndSet(this, 0L, PIN + fd + 1);
    }

    /**
     * Makes the descriptor closed unless it is pinned. Under the cache's lock.
     *
     * @return the descriptor, to be closed by the caller, or {@link #CLOSED} when it was pinned or not open
     */
    final int takeIdle() {
        final long seen = state;
        if ((seen & FD_MASK) != 0 && seen < PIN && STATE.compareAndSet(this, seen, 0L)) {
            return (int) (seen & FD_MASK) - 1;
        }
        return CLOSED;
    }
}
