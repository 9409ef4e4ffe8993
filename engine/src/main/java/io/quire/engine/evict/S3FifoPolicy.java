package io.quire.engine.evict;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
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
public final class S3FifoPolicy implements ReplacementPolicy {
    private static final byte NOWHERE = 0;
    private static final byte SMALL = 1;
    private static final byte MAIN = 2;
    private static final byte TRANSIT = 3;

    private static final byte MOST_USES = SATURATED;
    private static final byte UNTOUCHED = -1;
    private static final int SHADOW_MASK = (1 << 30) - 1;
    /** The small queue's share of the frames, as in the paper: a tenth. */
    private static final int SMALL_SHARE = 10;

    private final PageDescriptors descriptors;
    private final OrderedMutex mutex = new OrderedMutex(LockClass.ALLOCATOR, "replacement queues");
    private final FrameList small;
    private final FrameList main;
    private volatile int capacity;
    private volatile int evictions;

    /**
     * Makes a policy.
     *
     * @param descriptors of the cache; bytes 40, 41 and 48 to 55 of each line belong to the policy
     */
    public S3FifoPolicy(final PageDescriptors descriptors) {
        this.descriptors = descriptors;
        this.small = new FrameList(descriptors, SMALL);
        this.main = new FrameList(descriptors, MAIN);
        this.capacity = descriptors.frames();
    }

    @Override
    public void capacity(final int frames) {
        capacity = frames;
    }

    @Override
    public boolean inserted(final int frame, final boolean readAhead, final int shadow) {
        descriptors.use(frame, readAhead ? UNTOUCHED : 0);
        mutex.lock();
        try {
            final boolean recent = shadow != NO_SHADOW && (evictions - shadow & SHADOW_MASK) <= capacity;
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
    public void removed(final int frame) {
        mutex.lock();
        try {
            switch (FrameList.tag(descriptors.queue(frame))) {
                case SMALL -> small.remove(frame);
                case MAIN -> main.remove(frame);
                default -> { }
            }
            descriptors.queue(frame, NOWHERE);
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public int nextVictims(final int[] victims) {
        mutex.lock();
        try {
            int found = 0;
            // A batch is as many frames as the array has room for, or one page more.
            int frames = 0;
            // Every step takes a page out, moves one to MAIN or lowers a count: four rounds over all pages always end it.
            final int smallTarget = Math.max(1, capacity / SMALL_SHARE);
            long steps = 4L * (small.size() + main.size()) + victims.length;
            while (frames < victims.length && steps-- > 0) {
                final boolean fromSmall = small.size() > smallTarget || main.size() == 0;
                final int frame = fromSmall ? small.poll() : main.poll();
                if (frame == FrameList.NONE) {
                    break;
                }
                final byte use = descriptors.use(frame);
                if (use > 0) {
                    descriptors.use(frame, (byte) (fromSmall ? 0 : use - 1));
                    main.add(frame);
                } else {
                    descriptors.queue(frame, TRANSIT);
                    victims[found++] = frame;
                    frames += 1 << descriptors.order(frame);
                }
            }
            return found;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void rejected(final int frame) {
        mutex.lock();
        try {
            // A frame whose page was removed meanwhile is no longer in transit, and may already hold another page.
            if (descriptors.queue(frame) == TRANSIT) {
                main.add(frame);
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void migrated(final int from, final int to) {
        mutex.lock();
        try {
            switch (FrameList.tag(descriptors.queue(from))) {
                case SMALL -> small.replace(from, to);
                case MAIN -> main.replace(from, to);
                // The evictor that has it in hand will find nothing there.
                default -> main.add(to);
            }
            descriptors.queue(from, NOWHERE);
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void split(final int head, final int order) {
        mutex.lock();
        try {
            final boolean placed = switch (FrameList.tag(descriptors.queue(head))) {
                case SMALL -> small.split(head);
                case MAIN -> main.split(head);
                default -> false;
            };
            for (int tail = head + 1; !placed && tail < head + (1 << order); tail++) {
                (descriptors.use(tail) > 0 ? main : small).add(tail);
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public int shadow(final int frame) {
        // Two evictors may count as one: a distance that is short by one does no harm.
        final int now = evictions;
        evictions = now + (1 << descriptors.order(frame));
        return now & SHADOW_MASK;
    }

    @Override
    public void verify(final long frames) {
        mutex.lock();
        try {
            small.verify();
            main.verify();
            if (small.size() + main.size() != frames) {
                throw new AssertionError("the queues hold " + small.size() + " + " + main.size() + " frames, the cache "
                    + frames);
            }
        } finally {
            mutex.unlock();
        }
    }
}
