package io.quire.engine.memory;

import java.util.BitSet;

/**
 * Free frames in blocks of 2^order, naturally aligned: the buddy system. A block that comes back joins its free buddy, again
 * and again; a block that is too large is halved. The lowest block of an order is given first, so that frames ascend and the
 * high end of the arena empties.
 *
 * <p>A limit parts the frames: those at and above it are kept, but not given out, and no block lies across it.
 *
 * <p>The blocks of an order are a bitmap beside the frames, so that neither a merge nor a search touches a descriptor. Not
 * thread-safe: guarded by the allocator's lock. Source: Knowlton, "A fast storage allocator", CACM 8(10), 1965; Linux
 * {@code mm/page_alloc.c}.
 */
final class BuddyBlocks {
    static final int NONE = FrameAllocator.NONE;

    private static final int ORDERS = FrameAllocator.MAX_ORDER + 1;

    private final int frames;
    private final FrameBitmap[] blocks = new FrameBitmap[ORDERS];
    private int limit;
    private int below;
    private int above;
    private int lastOrder;

    BuddyBlocks(final long address, final int frames) {
        this.frames = frames;
        this.limit = frames;
        long at = address;
        for (int order = 0; order < ORDERS; order++) {
            blocks[order] = new FrameBitmap(at, blocks(frames, order));
            at += FrameBitmap.bytes(blocks(frames, order));
        }
    }

    static long bytes(final int frames) {
        long sum = 0;
        for (int order = 0; order < ORDERS; order++) {
            sum += FrameBitmap.bytes(blocks(frames, order));
        }
        return sum;
    }

    private static int blocks(final int frames, final int order) {
        return (frames - 1 >>> order) + 1;
    }

    /** Free frames below the limit. */
    int below() {
        return below;
    }

    /** Free frames at and above the limit. */
    int above() {
        return above;
    }

    /** Takes a block of an order: the lowest of the smallest blocks that are large enough, halved as often as needed. */
    int take(final int order) {
        for (int from = order; from < ORDERS; from++) {
            final int first = lowest(from);
            if (first != NONE) {
                split(first, from, order);
                return first;
            }
        }
        return NONE;
    }

    /** Takes the lowest of the smallest blocks there are, halved to an order at most; {@link #lastOrder} tells its order. */
    int takeSmallest(final int most) {
        for (int from = 0; from < ORDERS; from++) {
            final int first = lowest(from);
            if (first != NONE) {
                lastOrder = Math.min(from, most);
                split(first, from, lastOrder);
                return first;
            }
        }
        return NONE;
    }

    int lastOrder() {
        return lastOrder;
    }

    private int lowest(final int order) {
        final int block = blocks[order].next(0);
        return block != FrameBitmap.NONE && block << order < limit ? block << order : NONE;
    }

    private void split(final int first, final int from, final int order) {
        blocks[from].remove(first >>> from);
        for (int half = from - 1; half >= order; half--) {
            blocks[half].add(first + (1 << half) >>> half);
        }
        below -= 1 << order;
    }

    /** Gives a block back. */
    void put(final int frame, final int order) {
        assert coveringOrder(frame) < 0 : "frame " + frame + " is freed twice";
        count(frame, 1 << order);
        join(frame, order);
    }

    private void join(final int frame, final int order) {
        int first = frame;
        int n = order;
        while (n < FrameAllocator.MAX_ORDER) {
            final int buddy = first ^ 1 << n;
            final int both = Math.min(first, buddy);
            if (!blocks[n].contains(buddy >>> n) || both < limit && both + (2 << n) > limit) {
                break;
            }
            blocks[n].remove(buddy >>> n);
            first = both;
            n++;
        }
        blocks[n].add(first >>> n);
    }

    private void count(final int frame, final int delta) {
        if (frame < limit) {
            below += delta;
        } else {
            above += delta;
        }
    }

    /** Moves the limit. */
    void limit(final int newLimit) {
        final int oldLimit = limit;
        final int moved = free(Math.min(oldLimit, newLimit), Math.max(oldLimit, newLimit));
        limit = newLimit;
        for (int order = FrameAllocator.MAX_ORDER; order > 0; order--) {
            final int block = newLimit >>> order;
            if ((newLimit & (1 << order) - 1) != 0 && blocks[order].contains(block)) {
                blocks[order].remove(block);
                blocks[order - 1].add(2 * block);
                blocks[order - 1].add(2 * block + 1);
            }
        }
        final int sign = newLimit < oldLimit ? -1 : 1;
        below += sign * moved;
        above -= sign * moved;
        final int order = coveringOrder(oldLimit);
        if (order >= 0 && oldLimit != newLimit) {
            // Buddies that the old limit kept apart.
            blocks[order].remove(oldLimit >>> order);
            join(oldLimit >>> order << order, order);
        }
    }

    /** Takes every free frame of a range out, and notes how far from the first each is; how many there were. */
    int removeAll(final int first, final int end, final BitSet taken) {
        int found = 0;
        int frame = first;
        while (frame < end) {
            final int order = coveringOrder(frame);
            if (order < 0) {
                frame = Math.min(end, nextFree(frame));
                continue;
            }
            final int start = frame >>> order << order;
            final int stop = Math.min(end, start + (1 << order));
            blocks[order].remove(start >>> order);
            count(start, -(1 << order));
            putRange(start, frame);
            putRange(stop, start + (1 << order));
            if (taken != null) {
                taken.set(frame - first, stop - first);
            }
            found += stop - frame;
            frame = stop;
        }
        return found;
    }

    /** Gives a range of frames back. */
    void putRange(final int first, final int end) {
        for (int frame = first; frame < end; frame++) {
            put(frame, 0);
        }
    }

    /** Free frames in a range. */
    int free(final int first, final int end) {
        int found = 0;
        int frame = first;
        while (frame < end) {
            final int order = coveringOrder(frame);
            if (order < 0) {
                frame = nextFree(frame);
            } else {
                final int stop = Math.min(end, (frame >>> order) + 1 << order);
                found += stop - frame;
                frame = stop;
            }
        }
        return found;
    }

    /** The first frame of the next block that begins at or after a frame, or the end. */
    private int nextFree(final int frame) {
        int nearest = frames;
        for (int order = 0; order < ORDERS; order++) {
            final int from = frame + (1 << order) - 1 >>> order;
            final int block = blocks[order].next(from);
            if (block != FrameBitmap.NONE) {
                nearest = Math.min(nearest, block << order);
            }
        }
        return nearest;
    }

    /** The order of the free block that a frame is in, or a negative number. */
    int coveringOrder(final int frame) {
        for (int order = 0; order < ORDERS; order++) {
            if (blocks[order].contains(frame >>> order)) {
                return order;
            }
        }
        return -1;
    }

    /** Checks that no two blocks overlap, none lies across the limit, none should have joined, and the counts are right. */
    void verify(final BitSet free) {
        int lower = 0;
        int upper = 0;
        for (int order = 0; order < ORDERS; order++) {
            int members = 0;
            for (int block = blocks[order].next(0); block != FrameBitmap.NONE; block = blocks[order].next(block + 1)) {
                final int first = block << order;
                final int end = first + (1 << order);
                final String where = "the free block of order " + order + " at frame " + first;
                require(end <= frames, where + " lies beyond the last frame");
                require(first >= limit || end <= limit, where + " lies across the limit " + limit);
                // Within the block only: a search beyond it would make the check quadratic.
                final int taken = free.get(first, end).nextSetBit(0);
                require(taken < 0, where + " overlaps another free block at frame " + (first + taken));
                final int both = first & ~(1 << order);
                require(order == FrameAllocator.MAX_ORDER || !blocks[order].contains(block ^ 1)
                    || both < limit && both + (2 << order) > limit, where + " did not join its free buddy");
                free.set(first, end);
                lower += first < limit ? 1 << order : 0;
                upper += first < limit ? 0 : 1 << order;
                members++;
            }
            require(members == blocks[order].size(), "order " + order + " counts " + blocks[order].size() + " blocks, not "
                + members);
        }
        require(lower == below && upper == above, "counted " + below + " and " + above + " free frames below and above the "
            + "limit, found " + lower + " and " + upper);
    }

    static void require(final boolean condition, final String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
