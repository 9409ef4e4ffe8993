package io.quire.engine.memory;

import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;

/**
 * Hands out frames that belong to no page, singly or in aligned blocks of up to 2 MiB.
 *
 * <pre>
 *                  allocate()                 stack empty: a batch                 none: a batch
 *   (page) &lt;------------------- STACK &lt;---------------------------- BLOCKS    &lt;---------------- UNUSED
 *      \   free(frame)       ^  |  more than two batches, or a block is wanted  ^       |
 *       +--------------------+  +----------------------------------------------+       | allocate(order)
 *      \   free(frame, order), or at and above the limit                       |       v
 *       +----------------------------------------------------------------------+    (compound page)
 * </pre>
 *
 * <p>In front stands a lock-free stack of single frames ({@link FrameStack}): most faults and evictions touch nothing else.
 * Behind it free frames are kept in the largest aligned blocks that they form ({@link BuddyBlocks}), under a lock. Above a
 * mark lie the frames that were never used, and are never touched. The lowest frames are given first.
 *
 * <p>Frames at and above {@link #limit} are out of service: kept when they are freed, never given out.
 *
 * <p>Thread-safe; allocates nothing on the heap on the way of allocate and free. Sources: Treiber, "Systems programming: coping
 * with parallelism", IBM RJ 5118, 1986; the per-CPU lists of Linux {@code mm/page_alloc.c}.
 */
public final class FrameAllocator implements AutoCloseable {
    /** Returned when no frame is free. */
    public static final int NONE = -1;
    /** log2 of the number of frames of the largest block: 2 MiB. */
    public static final int MAX_ORDER = 9;

    private static final int BATCH_ORDER = 6;
    private static final int BATCH = 1 << BATCH_ORDER;
    private static final int MOST_STACKED = 3 * BATCH;

    private final PageDescriptors descriptors;
    private final int frames;
    private final Runnable lock;
    private final Runnable unlock;
    private final long words;
    private final long size;
    private final FrameStack stack;
    private final BuddyBlocks blocks;
    // Written under the lock, read by anyone.
    private volatile int limit;
    private volatile int unused;
    private volatile int blocked;
    private boolean closed;

    /**
     * Makes an allocator of every frame of a table, with a lock of its own.
     *
     * @param descriptors the table; the link fields of free frames belong to this allocator
     */
    public FrameAllocator(final PageDescriptors descriptors) {
        this(descriptors, new ReentrantLock());
    }

    private FrameAllocator(final PageDescriptors descriptors, final ReentrantLock own) {
        this(descriptors, own::lock, own::unlock);
    }

    /**
     * Makes an allocator of every frame of a table.
     *
     * @param descriptors the table; the link fields of free frames belong to this allocator
     * @param lock        takes the lock of the blocks; nothing else is waited for under it
     * @param unlock      gives it back
     */
    public FrameAllocator(final PageDescriptors descriptors, final Runnable lock, final Runnable unlock) {
        this.descriptors = descriptors;
        this.frames = descriptors.frames();
        this.lock = Objects.requireNonNull(lock, "lock");
        this.unlock = Objects.requireNonNull(unlock, "unlock");
        this.size = FrameStack.SIZE + BuddyBlocks.bytes(frames);
        this.words = NativeMemory.reserve(size, false);
        this.stack = new FrameStack(descriptors, words);
        this.blocks = new BuddyBlocks(words + FrameStack.SIZE, frames);
        this.limit = frames;
    }

    /**
     * The bytes of the tables that tell which frames are free.
     *
     * @return bytes
     */
    public long tableBytes() {
        return size;
    }

    /**
     * Takes a frame. Its contents are whatever the last page left.
     *
     * @return a frame number, reference count 0, or {@link #NONE}
     */
    public int allocate() {
        while (true) {
            final int frame = stack.pop();
            if (frame == NONE) {
                return refill();
            }
            if (frame < limit) {
                return frame;
            }
            // Freed by someone who had not yet seen the limit.
            keep(frame, 0);
        }
    }

    /**
     * Takes a block of frames that follow each other, naturally aligned. Their contents are whatever the last pages left.
     *
     * @param order log2 of the number of frames, 0 to {@link #MAX_ORDER}
     * @return the first frame, a multiple of {@code 1 << order}; each frame with reference count 0; or {@link #NONE}
     * @throws IllegalArgumentException when there is no such order
     */
    public int allocate(final int order) {
        checkOrder(order);
        if (order == 0) {
            return allocate();
        }
        lock.run();
        try {
            int frame = blocks.take(order);
            if (frame == NONE) {
                frame = takeUnused(order);
            }
            if (frame == NONE && drain(Integer.MAX_VALUE) > 0) {
                frame = blocks.take(order);
            }
            blocked = blocks.below();
            return frame;
        } finally {
            unlock.run();
        }
    }

    /**
     * Gives a frame back.
     *
     * @param frame a frame that was allocated, reference count 0, bound to nothing
     */
    public void free(final int frame) {
        assert descriptors.refs(frame) == 0 : "free of frame " + frame + " in use";
        if (frame >= limit) {
            keep(frame, 0);
        } else if (stack.push(frame) > MOST_STACKED) {
            lock.run();
            try {
                drain(BATCH);
                blocked = blocks.below();
            } finally {
                unlock.run();
            }
        }
    }

    /**
     * Gives a block of frames back.
     *
     * @param frame the first frame of an aligned block, all of it allocated (in one piece or not), each frame with reference
     *              count 0 and bound to nothing
     * @param order log2 of the number of frames, 0 to {@link #MAX_ORDER}
     * @throws IllegalArgumentException when there is no such order
     */
    public void free(final int frame, final int order) {
        checkOrder(order);
        assert (frame & (1 << order) - 1) == 0 : "a block of order " + order + " at frame " + frame;
        if (order == 0) {
            free(frame);
        } else {
            keep(frame, order);
        }
    }

    /**
     * How many frames are free and in service. Exact when nothing else runs; otherwise a recent value.
     *
     * @return 0 to {@link #frames()}
     */
    public int available() {
        return Math.max(0, stack.size()) + blocked + Math.max(0, limit - unused);
    }

    /**
     * How many frames the allocator hands out in all, free or not: those below the limit.
     *
     * @return frames in service
     */
    public int frames() {
        return limit;
    }

    /**
     * How many frames were ever given out, or passed over for a block: those at and above were never touched.
     *
     * @return frames, 0 to the number of frames of the table
     */
    public int used() {
        return unused;
    }

    /**
     * Sets which frames are in service. Frames at and above the limit that are allocated stay so until they are freed; they
     * are not given out again. When the limit rises they are.
     *
     * @param newLimit 1 to the number of frames of the table
     * @throws IllegalArgumentException outside that range
     */
    public void limit(final int newLimit) {
        if (newLimit < 1 || newLimit > frames) {
            throw new IllegalArgumentException("a limit must be 1 to " + frames + " frames, not " + newLimit);
        }
        lock.run();
        try {
            // First, so that who frees a frame from now on keeps it away from the stack; whoever looked before is found by allocate.
            limit = newLimit;
            drain(Integer.MAX_VALUE);
            blocks.limit(newLimit);
            blocked = blocks.below();
        } finally {
            unlock.run();
        }
    }

    /**
     * How many frames at and above the limit are allocated. Exact when nothing else runs; never too small for good.
     *
     * @return frames
     */
    public int stranded() {
        lock.run();
        try {
            drain(Integer.MAX_VALUE);
            blocked = blocks.below();
            return Math.max(0, unused - limit) - blocks.above();
        } finally {
            unlock.run();
        }
    }

    /**
     * Forgets that the frames at and above the limit were used, if all of them are free: their memory may be given back.
     *
     * @return whether they were
     */
    public boolean retire() {
        lock.run();
        try {
            final int from = limit;
            if (unused > from) {
                drain(Integer.MAX_VALUE);
                if (unused - from != blocks.above()) {
                    return false;
                }
                blocks.removeAll(from, unused, null);
                unused = from;
                blocked = blocks.below();
            }
            return true;
        } finally {
            unlock.run();
        }
    }

    /**
     * Takes every free frame of a range, so that nobody else gets it while the range is emptied. Each is the caller's to
     * {@link #free}.
     *
     * @param first the first frame
     * @param count number of frames; the range is in service
     * @param taken receives how far from the first each is
     * @return how many were taken
     */
    public int claim(final int first, final int count, final BitSet taken) {
        lock.run();
        try {
            drain(Integer.MAX_VALUE);
            if (first + count > unused && first + count <= limit) {
                blocks.putRange(unused, first + count);
                unused = first + count;
            }
            final int found = blocks.removeAll(first, Math.min(first + count, limit), taken);
            blocked = blocks.below();
            return found;
        } finally {
            unlock.run();
        }
    }

    /**
     * How many frames of a range are in free blocks or were never used. Those on the stack in front are not seen.
     *
     * @param first the first frame
     * @param count number of frames
     * @return frames, 0 to {@code count}
     */
    public int freeIn(final int first, final int count) {
        lock.run();
        try {
            final int end = first + count;
            return blocks.free(first, end) + Math.max(0, end - Math.max(first, unused));
        } finally {
            unlock.run();
        }
    }

    /**
     * Checks the stack and the blocks: no frame is free twice, each is unused, and the counts are right. Only when nothing
     * else runs.
     *
     * @param inUse whether a frame is known to be in use
     * @throws AssertionError naming the frame that is wrong
     */
    public void verify(final IntPredicate inUse) {
        final BitSet free = new BitSet();
        blocks.verify(free);
        BuddyBlocks.require(blocks.below() == blocked, "the blocks have " + blocks.below() + " frames, the allocator says "
            + blocked);
        BuddyBlocks.require(free.length() <= unused, "frame " + (free.length() - 1) + " is free and was never used");
        int stacked = 0;
        for (int frame = stack.top(); frame != NONE; frame = stack.below(frame)) {
            BuddyBlocks.require(!free.get(frame), "frame " + frame + " is free twice");
            BuddyBlocks.require(frame < limit, "frame " + frame + " is on the stack and out of service");
            free.set(frame);
            stacked++;
        }
        final int counted = stack.size();
        BuddyBlocks.require(stacked == counted, "the stack counts " + counted + " frames and links " + stacked);
        for (int frame = free.nextSetBit(0); frame >= 0; frame = free.nextSetBit(frame + 1)) {
            BuddyBlocks.require(descriptors.refs(frame) == 0 && descriptors.mapping(frame) == 0 && !inUse.test(frame),
                "frame " + frame + " is free and in use");
        }
    }

    // ---- the blocks; under the lock ----

    /** Moves a batch from the blocks to the stack and takes its first frame. */
    private int refill() {
        lock.run();
        try {
            final int stacked = stack.pop();
            if (stacked != NONE && stacked < limit) {
                return stacked;
            }
            if (stacked != NONE) {
                blocks.put(stacked, 0);
            }
            int first = NONE;
            int last = NONE;
            int gathered = 0;
            while (gathered < BATCH) {
                int start = blocks.takeSmallest(BATCH_ORDER);
                int count = start == NONE ? 0 : 1 << blocks.lastOrder();
                if (start == NONE && first == NONE) {
                    start = unused;
                    count = Math.min(BATCH, Math.max(0, limit - start));
                    unused = start + count;
                }
                if (count == 0) {
                    break;
                }
                for (int frame = start; frame < start + count; frame++) {
                    if (first == NONE) {
                        first = frame;
                    } else {
                        stack.link(last, frame);
                    }
                    last = frame;
                }
                gathered += count;
            }
            blocked = blocks.below();
            if (gathered > 1) {
                stack.pushChain(stack.below(first), last, gathered - 1);
            }
            return first;
        } finally {
            unlock.run();
        }
    }

    private int takeUnused(final int order) {
        final int count = 1 << order;
        final int before = unused;
        final int first = before + count - 1 & -count;
        if (first > limit - count) {
            return NONE;
        }
        blocks.putRange(before, first);
        unused = first + count;
        return first;
    }

    /** Moves frames from the stack to the blocks; how many. */
    private int drain(final int most) {
        int moved = 0;
        while (moved < most) {
            final int frame = stack.pop();
            if (frame == NONE) {
                break;
            }
            blocks.put(frame, 0);
            moved++;
        }
        return moved;
    }

    private void keep(final int frame, final int order) {
        lock.run();
        try {
            if (frame < limit && frame + (1 << order) > limit) {
                blocks.putRange(frame, frame + (1 << order));
            } else {
                blocks.put(frame, order);
            }
            blocked = blocks.below();
        } finally {
            unlock.run();
        }
    }

    private static void checkOrder(final int order) {
        if (order < 0 || order > MAX_ORDER) {
            throw new IllegalArgumentException("a block has order 0 to " + MAX_ORDER + ", not " + order);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(words, size);
        }
    }
}
