package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.ALL_BLOCKS;
import static io.quire.engine.memory.PageDescriptors.BLOCK_SIZE;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.ExtentMap;
import io.quire.engine.store.StoreException;

/**
 * Which blocks of a page a write makes valid: those that it covers, and those of which nothing else is stored.
 *
 * <p>The store is asked for holes at most once in a write, for the whole range, by the first page that needs to know. What it
 * says holds until the write ends, but for what the write itself has stored since: whoever else stores bytes of this file, a writeback of dirty pages among them, does it under
 * the mapping's write lock, and a dirty page that is not in the store yet is in the cache and uptodate (W11). Linux has no such
 * lock and needs {@code iomap_valid}. Source: Linux {@code iomap_write_begin}.
 */
final class WriteBlocks {
    private final ExtentMap holes = new ExtentMap();
    private Mapping mapping;
    private long offset;
    private long end;
    private boolean mapped;

    void begin(final Mapping target, final long at, final long length) {
        mapping = target;
        offset = at;
        end = at + length;
        mapped = false;
    }

    void end() {
        mapping = null;
    }

    /**
     * The valid blocks of a locked page after a piece was copied into it; what it leaves of an otherwise empty block is zeroed.
     *
     * @param valid   the blocks that were valid before
     * @param address where the page's bytes are
     * @param from    first byte of the piece in the page
     * @param to      first byte after it
     */
    int after(final int valid, final long index, final long address, final int from, final int to) throws CacheException {
        int now = valid | Blocks.within(from, to);
        final int inFile = Math.clamp(mapping.size() - (index << FRAME_SHIFT), 0, FRAME_SIZE);
        int unknown = ALL_BLOCKS & ~now;
        while (unknown != 0) {
            final int first = Blocks.start(unknown);
            final int last = first + BLOCK_SIZE;
            final int block = Integer.lowestOneBit(unknown);
            unknown &= ~block;
            if (isUntouched(index, first, Math.min(last, from))
                && isEmpty(index, first, Math.min(Math.min(last, from), inFile))
                && isEmpty(index, Math.max(first, to), Math.min(last, inFile))) {
                zero(address, first, Math.min(last, from));
                zero(address, Math.max(first, to), last);
                now |= block;
            }
        }
        return now;
    }

    /** Whether the write began behind [from, to) of a page, which ends where the piece begins or before: nothing of it is there. */
    private boolean isUntouched(final long index, final int from, final int to) {
        return from >= to || (index << FRAME_SHIFT) + to <= offset;
    }

    /** Whether the store had nothing in [from, to) of a page when it was asked. */
    private boolean isEmpty(final long index, final int from, final int to) throws CacheException {
        if (from >= to) {
            return true;
        }
        map();
        final long start = index << FRAME_SHIFT;
        return holes.isHole(start + from, start + to);
    }

    private void map() throws CacheException {
        if (mapped) {
            return;
        }
        // From page to page, as far as the file goes: the rest of the first and of the last page is what is asked about.
        final long first = offset & -FRAME_SIZE;
        final long last = end > Long.MAX_VALUE - FRAME_SIZE ? Long.MAX_VALUE : end + FRAME_SIZE - 1 & -FRAME_SIZE;
        mapped = true;
        holes.begin(first);
        try {
            mapping.file.mapRange(first, last - first, holes);
        } catch (final StoreException e) {
            throw new CacheException("looking for holes in " + (end - offset) + " bytes at " + offset, e);
        }
    }

    private static void zero(final long address, final int from, final int to) {
        if (from < to) {
            OffHeap.zero(address + from, to - from);
        }
    }
}
