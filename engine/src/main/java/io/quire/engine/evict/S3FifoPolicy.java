package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/**
 * S3-FIFO as published: a small probationary queue, a main clock, and a memory of what was evicted from the small queue.
 *
 * <p>Benefit: a page seen once leaves through the small queue without disturbing the main one, so scans do little harm; a hit
 * writes one plain byte, and only while the count is below 3. <b>Cost</b>: queues change under one mutex, at each insertion
 * and removal; and what is reused at a distance between the small queue and the cache is missed once too often.
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
 * for a page that was read ahead, whose first touch is not reuse. The memory of evictions is the shadow in the tree, and where the
 * tree gave it up, a {@link GhostTable}: the queue, and the count of evictions from that queue so far, so that at a refault the
 * difference tells by how much that queue was too short. R1 to R4, R9, R11 and R12 in {@code native-notes/replacement.md}.
 * Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023; shadows as in Linux
 * {@code mm/workingset.c}.
 */
class S3FifoPolicy extends QueuePolicy {
    static final int SMALL = 0;
    static final int MAIN = 1;

    /** The small queue's share of the frames, as in the paper: a tenth. */
    static final int SMALL_SHARE = 10;

    /** Pages in the hands of others that are passed over in SMALL before MAIN gives instead. */
    static final int MOST_IN_HANDS = 8;

    private static final byte MOST_USES = SATURATED;
    private static final byte UNTOUCHED = -1;
    /** A shadow: the queue in the lowest bit, above it the low bits of the count of evictions. */
    private static final int DISTANCE_MASK = (1 << 29) - 1;

    private final FrameList small;
    private final FrameList main;
    private volatile int evictedFromSmall;
    private volatile int evictedFromMain;
    private final GhostTable ghosts;

    S3FifoPolicy(final PageDescriptors descriptors) {
        super(descriptors, 2);
        this.small = queue(SMALL);
        this.main = queue(MAIN);
        this.ghosts = new GhostTable(descriptors.frames());
    }

    @Override
    public void capacity(final int frames) {
        super.capacity(frames);
        ghosts.capacity(frames);
    }

    @Override
    public final long tableBytes() {
        return ghosts.bytes();
    }

    @Override
    public final void forget(final long mapping, final long index) {
        ghosts.take(mapping, index, 0, 0);
    }

    @Override
    public final void close() {
        ghosts.close();
    }

    /** Frames that the small queue may have before it is the one that gives; under the mutex. */
    int smallTarget() {
        return Math.max(1, capacity() / SMALL_SHARE);
    }

    /**
     * A page came back that a queue gave up, and so many frames went from that queue since; under the mutex.
     *
     * @return whether that proves that the page belongs into MAIN
     */
    boolean refaulted(final int queue, final int distance) {
        return queue == SMALL && distance <= capacity() - capacity() / SMALL_SHARE;
    }

    @Override
    public final boolean inserted(final int frame, final boolean readAhead, final int shadow) {
        descriptors.use(frame, readAhead ? UNTOUCHED : 0);
        mutex.lock();
        try {
            boolean proven = false;
            // Also where the tree has a shadow: nothing may remain of this eviction when the page ceases to exist.
            final long ghost = ghosts.take(descriptors.mapping(frame), descriptors.index(frame), evictedFromSmall, evictedFromMain);
            if (shadow != NO_SHADOW) {
                final int from = shadow & 1;
                final int evicted = from == SMALL ? evictedFromSmall : evictedFromMain;
                proven = refaulted(from, evicted - (shadow >>> 1) & DISTANCE_MASK);
            } else if (ghost != GhostTable.UNKNOWN) {
                proven = refaulted((int) ghost & 1, (int) Math.min(ghost >>> 1, Integer.MAX_VALUE));
            }
            (proven ? main : small).add(frame);
            return proven;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public final void touched(final int frame) {
        final byte use = descriptors.use(frame);
        if (use < MOST_USES) {
            descriptors.use(frame, (byte) (use + 1));
        }
    }

    @Override
    final int pollVictim() {
        final int smallTarget = smallTarget();
        // Every step takes a page out, moves one to MAIN or lowers a count: four rounds over all pages always end it, unless
        // pages are touched faster than the hand moves.
        int inHands = 0;
        for (long steps = 4L * (small.size() + main.size()) + 1; steps > 0; steps--) {
            // R9. What cannot go gathers in MAIN, and may be all there is.
            final boolean must = main.size() == 0 || isRefused() && small.size() > 0;
            final boolean fromSmall = must || small.size() > smallTarget && inHands < MOST_IN_HANDS;
            final int frame = fromSmall ? small.poll() : main.poll();
            if (frame == FrameList.NONE) {
                return frame;
            }
            if (!isUsed(frame)) {
                if (fromSmall && !must && isInHands(frame)) {
                    inHands++;
                    small.add(frame);
                    continue;
                }
                return frame;
            }
            age(frame, fromSmall ? MOST_USES : 1);
            main.add(frame);
        }
        return FrameList.NONE;
    }

    /** Whether somebody fills a page, writes it or reads it now, which is over soon: R11. */
    private boolean isInHands(final int frame) {
        return descriptors.has(frame, PageDescriptors.LOCKED) || descriptors.refs(frame) > 1;
    }

    @Override
    final FrameList rejectedTo() {
        return main;
    }

    @Override
    final FrameList pieceTo(final int frame) {
        return descriptors.use(frame) > 0 ? main : small;
    }

    @Override
    public final int shadow(final int frame) {
        final int frames = 1 << descriptors.order(frame);
        final int now;
        final int from = origin(frame) == MAIN ? MAIN : SMALL;
        ghosts.add(descriptors.mapping(frame), descriptors.index(frame), from, evictedFromSmall, evictedFromMain);
        // Two evictors may count as one: a distance that is short by one does no harm.
        if (from == MAIN) {
            now = evictedFromMain;
            evictedFromMain = now + frames;
        } else {
            now = evictedFromSmall;
            evictedFromSmall = now + frames;
        }
        return (now & DISTANCE_MASK) << 1 | from;
    }
}
