package io.quire.engine.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A sequence count: readers take no lock and write nothing, and find out afterwards whether a writer interfered.
 *
 * <pre>{@code
 * long seen = count.readBegin();
 * ... read the fields ...
 * if (count.retry(seen)) { ... read again, or take the lock ... }
 * }</pre>
 *
 * <p>The count is odd while a writer is at work. Writers exclude each other by a lock of their own; a second writer is
 * found and refused. Readers may see any mixture of old and new fields until {@link #retry} has answered: they must not
 * act on what they read before, and must not follow what they read anywhere it could fault.
 *
 * <p>Any number of readers, one writer at a time; allocates nothing. Source: Linux {@code include/linux/seqlock.h}; the
 * fences are those of Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
 */
public final class SequenceCount {
    /** Returned by {@link #tryReadBegin} while a writer is at work. No sequence has this value. */
    public static final long WRITING = -1;

    private static final int SPINS = 128;
    private static final VarHandle SEQUENCE;

    static {
        try {
            SEQUENCE = MethodHandles.lookup().findVarHandle(SequenceCount.class, "sequence", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through SEQUENCE
    private long sequence;

    /** Makes a count that no writer has touched. */
    public SequenceCount() {
        // The count starts at zero, which is even.
    }

    /**
     * Begins a read, waiting for a writer that is at work. Writers hold the count for a few stores only, so this spins, and
     * gives the processor away when that takes long.
     *
     * @return the sequence to hand to {@link #retry}, even
     */
    public long readBegin() {
        int spins = 0;
        while (true) {
            final long seen = (long) SEQUENCE.getAcquire(this);
            if ((seen & 1) == 0) {
                return seen;
            }
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /**
     * Begins a read unless a writer is at work, so that the caller can fall back to the lock.
     *
     * @return the sequence to hand to {@link #retry}, or {@link #WRITING}
     */
    public long tryReadBegin() {
        final long seen = (long) SEQUENCE.getAcquire(this);
        return (seen & 1) == 0 ? seen : WRITING;
    }

    /**
     * Ends a read: whether what was read since must be thrown away.
     *
     * @param seen what {@link #readBegin} or {@link #tryReadBegin} returned; {@link #WRITING} always asks for a retry
     * @return whether a writer was at work meanwhile
     */
    public boolean retry(final long seen) {
        VarHandle.acquireFence();
        return (long) SEQUENCE.getOpaque(this) != seen;
    }

    /**
     * Begins a write. The caller holds the lock that excludes other writers.
     *
     * @throws IllegalStateException when another write has not ended
     */
    public void writeBegin() {
        final long before = (long) SEQUENCE.getOpaque(this);
        if ((before & 1) != 0) {
            throw new IllegalStateException("two writers under one sequence count: " + before);
        }
        SEQUENCE.setOpaque(this, before + 1);
        VarHandle.releaseFence();
    }

    /**
     * Ends a write: readers that begin now see all of it.
     *
     * @throws IllegalStateException when no write has begun
     */
    public void writeEnd() {
        final long before = (long) SEQUENCE.getOpaque(this);
        if ((before & 1) == 0) {
            throw new IllegalStateException("write end without begin: " + before);
        }
        SEQUENCE.setRelease(this, before + 1);
    }
}
