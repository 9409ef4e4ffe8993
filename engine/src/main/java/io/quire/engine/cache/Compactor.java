package io.quire.engine.cache;

import java.util.Arrays;
import java.util.BitSet;

import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;

/**
 * Gathers free frames into free blocks: the pages of an aligned block that has few of them move elsewhere. Runs under the
 * cache's capacity lock; one block at a time.
 *
 * <p>The block's free frames are claimed first, so that nobody gets them while it is emptied, and each frame that a page
 * leaves joins them. When a page cannot be moved, all of them go back, and nothing is lost but the work. Nothing is evicted and
 * nothing waited for, so the work is bounded by the moves (G11). Source: Linux {@code mm/compaction.c}.
 */
final class Compactor {
    /** Moves of one call at most: 64 MiB. */
    static final int MOST_MOVES = 16_384;
    /** Blocks looked at in one call at most, from where the last one ended. */
    private static final int MOST_BLOCKS = 16_384;

    private final PageCache cache;
    private final PageDescriptors descriptors;
    private int cursor;
    private int moves;

    Compactor(final PageCache cache) {
        this.cache = cache;
        this.descriptors = cache.descriptors;
    }

    /** Empties blocks of 2 MiB, those with the fewest pages first; how many became free. */
    int compact() {
        final int order = FrameAllocator.MAX_ORDER;
        final int[] candidates = candidates(order);
        int room = 0;
        for (final int block : candidates) {
            room += (1 << order) - used(block, order);
        }
        int gathered = 0;
        moves = 0;
        for (final int block : candidates) {
            final int used = used(block, order);
            // Room in the other blocks that are partly used: to break a free block up for it would gain nothing.
            room -= (1 << order) - used;
            if (used > room || moves + used > MOST_MOVES) {
                break;
            }
            if (used > 0 && empty(block << order, order)) {
                cache.allocator.free(block << order, order);
                room -= used;
                gathered++;
            }
        }
        return gathered;
    }

    /** Blocks that are partly used, the cheapest first. */
    private int[] candidates(final int order) {
        final int blocks = cache.allocator.frames() >>> order;
        final int looked = Math.min(blocks, MOST_BLOCKS);
        final long[] costs = new long[looked];
        int found = 0;
        for (int i = 0; i < looked; i++) {
            final int block = (int) (((long) cursor + i) % blocks);
            final int used = used(block, order);
            if (used > 0 && used < 1 << order) {
                costs[found++] = (long) used << Integer.SIZE | block;
            }
        }
        cursor = blocks == 0 ? 0 : (int) (((long) cursor + looked) % blocks);
        return Arrays.stream(costs, 0, found).sorted().mapToInt(cost -> (int) cost).toArray();
    }

    private int used(final int block, final int order) {
        return (1 << order) - cache.allocator.freeIn(block << order, 1 << order);
    }

    /** Empties a block; then all of it is the caller's. Otherwise none of it is. */
    private boolean empty(final int first, final int order) {
        final int size = 1 << order;
        final BitSet taken = new BitSet(size);
        cache.allocator.claim(first, size, taken);
        int at = taken.nextClearBit(0);
        while (at < size && move(first + at)) {
            taken.set(at);
            at = taken.nextClearBit(at);
        }
        if (at < size) {
            taken.stream().forEach(i -> cache.allocator.free(first + i));
            return false;
        }
        return true;
    }

    /** Moves the page of a frame away, if it has one and nobody uses it; then the frame is the caller's. */
    private boolean move(final int frame) {
        // Read without any right: what is found is looked up and confirmed by the migration.
        final Mapping mapping = cache.mappings.hold(descriptors.mapping(frame));
        if (mapping == null) {
            return false;
        }
        try {
            final int target = cache.allocator.allocate();
            if (target == FrameAllocator.NONE) {
                return false;
            }
            if (cache.migrator.migrate(mapping, descriptors.index(frame), frame, target) != Migrator.Outcome.MOVED) {
                cache.allocator.free(target);
                return false;
            }
            moves++;
            cache.threads.current().count(CacheCounter.MIGRATIONS, 1);
            return true;
        } finally {
            cache.mappings.release(mapping);
        }
    }
}
