package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/**
 * S3-FIFO: a small probationary queue, a main clock, and a memory of what was evicted from the small queue.
 *
 * <p>Benefit: a page seen once leaves through the small queue without disturbing the main one, so scans do little harm; a hit
 * writes one plain byte, and only while the count is below 3. <b>Cost</b>: queues change under one mutex, at each insertion
 * and removal.
 *
 * <pre>
 *                     inserted                       count &gt; 0
 *   (new) ------------------------------&gt; SMALL -----------------&gt; MAIN --+ count &gt; 0: count - 1
 *     |  evicted from SMALL not long ago            | count = 0     ^  |    | back to the young end
 *     +------------------------------------&gt; MAIN   v               +--|----+
 *                                             evicted, shadow          v count = 0
 *                                                                      evicted, shadow
 * </pre>
 *
 * <p>Sizes are in frames: a compound page weighs what it takes. The use byte of a descriptor: 0 to 3 uses; {@link #UNTOUCHED}
 * for a page that was read ahead, whose first touch is not reuse. The memory of evictions is the shadow in the tree: the count
 * of evictions so far, so that at a refault the difference tells how many pages went in between. Source: Yang et al., "FIFO
 * queues are all you need for cache eviction", SOSP 2023; shadows as in Linux {@code mm/workingset.c}.
 */
public final class S3FifoPolicy extends QueuePolicy {
    private static final int SMALL = 0;
    private static final int MAIN = 1;

    private static final byte MOST_USES = SATURATED;
    private static final byte UNTOUCHED = -1;
    private static final int SHADOW_MASK = (1 << 30) - 1;
    /** The small queue's share of the frames, as in the paper: a tenth. */
    private static final int SMALL_SHARE = 10;

    private final FrameList small;
    private final FrameList main;
    private volatile int evictions;

    /**
     * Makes a policy.
     *
     * @param descriptors of the cache; bytes 40, 41 and 48 to 55 of each line belong to the policy
     */
    public S3FifoPolicy(final PageDescriptors descriptors) {
        super(descriptors, 2);
        this.small = queue(SMALL);
        this.main = queue(MAIN);
    }

    @Override
    public boolean inserted(final int frame, final boolean readAhead, final int shadow) {
        descriptors.use(frame, readAhead ? UNTOUCHED : 0);
        mutex.lock();
        try {
            final boolean recent = shadow != NO_SHADOW && (evictions - shadow & SHADOW_MASK) <= capacity();
            (recent ? main : small).add(frame);
            return recent;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void touched(final int frame) {
        final byte use = descriptors.use(frame);
        if (use < MOST_USES) {
            descriptors.use(frame, (byte) (use + 1));
        }
    }

    @Override
    int pollVictim() {
        final int smallTarget = Math.max(1, capacity() / SMALL_SHARE);
        // Every step takes a page out, moves one to MAIN or lowers a count: four rounds over all pages always end it, unless
        // pages are touched faster than the hand moves.
        for (long steps = 4L * (small.size() + main.size()) + 1; steps > 0; steps--) {
            final boolean fromSmall = small.size() > smallTarget || main.size() == 0;
            final int frame = fromSmall ? small.poll() : main.poll();
            if (frame == FrameList.NONE) {
                return frame;
            }
            final byte use = descriptors.use(frame);
            if (use <= 0) {
                return frame;
            }
            descriptors.use(frame, (byte) (fromSmall ? 0 : use - 1));
            main.add(frame);
        }
        return FrameList.NONE;
    }

    @Override
    FrameList rejectedTo() {
        return main;
    }

    @Override
    FrameList pieceTo(final int frame) {
        return descriptors.use(frame) > 0 ? main : small;
    }

    @Override
    public int shadow(final int frame) {
        // Two evictors may count as one: a distance that is short by one does no harm.
        final int now = evictions;
        evictions = now + (1 << descriptors.order(frame));
        return now & SHADOW_MASK;
    }
}
