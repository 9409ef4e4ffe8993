package io.quire.engine.lock;

/**
 * The fault mutexes: a fill of (mapping, index) takes the stripe that the pair hashes to, so that two faults on one page
 * do not both read it, and truncation can wait for the faults that may not have seen the new size.
 *
 * <p>A power of two of stripes, at least 8 per processor, each on cache lines of its own. Stripes are not reentrant. One
 * thread that needs two takes them in ascending order (they may be the same stripe). Interrupts do not end a wait.
 *
 * <p>Thread-safe; allocates nothing unless it has to sleep, but for the map of stripes passed by {@link #passRange} in
 * tables of more than 64. Source: Linux {@code mm/hugetlb.c}, {@code hugetlb_fault_mutex_table} and
 * {@code hugetlb_fault_mutex_hash}; for {@link #passRange}, the hang on a range ending near 2^64 that taking the mutex of
 * every index caused there.
 */
public final class FaultMutexTable {
    private static final int PER_PROCESSOR = 8;
    private static final int MAX_PROCESSORS = 1 << 16;

    /** What tests can stop at, or count. */
    enum Point {
        /** A stripe is about to be passed. The number is the stripe. */
        PASSING
    }

    private final Mutex[] stripes;
    private final int mask;

    /**
     * Makes a table with every stripe free.
     *
     * @param processors processors that may fault at once, 1 to 65536
     */
    public FaultMutexTable(final int processors) {
        if (processors < 1 || processors > MAX_PROCESSORS) {
            throw new IllegalArgumentException("processors must be 1 to " + MAX_PROCESSORS + ", not " + processors);
        }
        final int wanted = processors * PER_PROCESSOR;
        final int count = wanted == 1 ? 1 : Integer.highestOneBit(wanted - 1) << 1;
        stripes = new Mutex[count];
        mask = count - 1;
        final long group = LockOrder.ENABLED ? LockOrder.nextGroup() : 0;
        for (int i = 0; i < count; i++) {
            stripes[i] = new Mutex(LockOrder.ENABLED
                ? new LockRef(LockClass.STRIPE, this, i, group, i, "stripe " + i) : null);
        }
    }

    /**
     * Number of stripes.
     *
     * @return a power of two, 8 or more per processor
     */
    public int stripes() {
        return stripes.length;
    }

    /**
     * The stripe of a page.
     *
     * @param mapping mapping id
     * @param index   page index
     * @return 0 to {@link #stripes()} - 1; always the same for the same arguments
     */
    public int stripe(final long mapping, final long index) {
        // Both words are spread over the whole product, of which only the high half is well mixed: power-of-two strides of
        // the index (64 KiB requests at random) must not fall on one stripe.
        final long mixed = (mapping * 0x9E3779B97F4A7C15L + index) * 0xD1B54A32D192ED03L;
        return (int) ((mixed ^ mixed >>> 29) * 0xBF58476D1CE4E5B9L >>> 32) & mask;
    }

    /**
     * Takes a stripe, sleeping as long as another thread has it.
     *
     * @param stripe 0 to {@link #stripes()} - 1
     * @throws IllegalMonitorStateException when this thread holds it already
     * @throws LockOrderViolation           when the validator is on and the lock order forbids it
     */
    public void lock(final int stripe) {
        stripes[stripe].lock();
    }

    /**
     * Takes a stripe if no thread has it.
     *
     * @param stripe 0 to {@link #stripes()} - 1
     * @return whether it was taken
     */
    public boolean tryLock(final int stripe) {
        return stripes[stripe].tryLock();
    }

    /**
     * Gives a stripe back.
     *
     * @param stripe 0 to {@link #stripes()} - 1
     * @throws IllegalMonitorStateException when this thread does not hold it
     */
    public void unlock(final int stripe) {
        stripes[stripe].unlock();
    }

    /**
     * Whether this thread holds a stripe.
     *
     * @param stripe 0 to {@link #stripes()} - 1
     * @return whether it does
     */
    public boolean isHeldByCurrentThread(final int stripe) {
        return stripes[stripe].isHeldByCurrentThread();
    }

    /**
     * Takes and gives back each stripe once: when it returns, every fault that began before the call has ended, or has not
     * yet taken its stripe and will see what the caller published before.
     *
     * @return how many stripes were passed: all of them
     */
    public int passAll() {
        for (int i = 0; i < stripes.length; i++) {
            pass(i);
        }
        return stripes.length;
    }

    /**
     * Takes and gives back each stripe that a page of a range can hash to, each at most once. A range of as many pages as
     * there are stripes, or more, passes all of them, so that the cost is O(min(pages, stripes)) whatever its length.
     *
     * @param mapping mapping id
     * @param first   first page index, 0 or more
     * @param last    last page index, inclusive; less than {@code first} for an empty range
     * @return how many stripes were passed
     */
    public int passRange(final long mapping, final long first, final long last) {
        if (first < 0) {
            throw new IllegalArgumentException("first page index " + first + " is negative");
        }
        if (last < first) {
            return 0;
        }
        // first is 0 or more, so the difference cannot overflow.
        return last - first >= stripes.length - 1 ? passAll() : passFew(mapping, first, last);
    }

    /** Whether a thread sleeps for a stripe. For tests. */
    boolean hasSleepers(final int stripe) {
        return stripes[stripe].hasQueuedThreads();
    }

    private int passFew(final long mapping, final long first, final long last) {
        final long[] more = stripes.length > Long.SIZE ? new long[stripes.length / Long.SIZE] : null;
        long few = 0;
        // Collected first and passed in ascending order, which is the order declared for stripes.
        final int pages = (int) (last - first) + 1;
        for (int i = 0; i < pages; i++) {
            final int stripe = stripe(mapping, first + i);
            if (more == null) {
                few |= 1L << stripe;
            } else {
                more[stripe / Long.SIZE] |= 1L << stripe;
            }
        }
        if (more == null) {
            return passWord(0, few);
        }
        int passed = 0;
        for (int word = 0; word < more.length; word++) {
            passed += passWord(word * Long.SIZE, more[word]);
        }
        return passed;
    }

    private int passWord(final int base, final long bits) {
        for (long rest = bits; rest != 0; rest &= rest - 1) {
            pass(base + Long.numberOfTrailingZeros(rest));
        }
        return Long.bitCount(bits);
    }

    private void pass(final int stripe) {
        StopPoints.reached(Point.PASSING, 0, stripe);
        stripes[stripe].lock();
        stripes[stripe].unlock();
    }
}
