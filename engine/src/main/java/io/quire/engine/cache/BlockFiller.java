package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;
import static io.quire.engine.memory.PageDescriptors.ALL_BLOCKS;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;

/**
 * Completes pages of which only some blocks are valid: what a write by blocks leaves (C14).
 *
 * <p>The page is locked while its missing blocks are read, and a valid block is never read into: it may be newer than the store,
 * with its writer on the way there.
 */
final class BlockFiller {
    private final PageCache cache;

    BlockFiller(final PageCache cache) {
        this.cache = cache;
    }

    /** Whether a page that is not uptodate has some valid blocks; under its lock. */
    boolean isPartial(final int frame) {
        return cache.descriptors.validBlocks(frame) != 0;
    }

    /**
     * Unlocks a page of which [from, to) is to be read. When a block of that is missing all that is missing is read first. A page
     * that misses nothing of the file becomes uptodate in any case.
     *
     * @throws CacheException when the store failed to give what is to be read; the page stays, with the blocks that were valid or
     *                        could be read, unlocked
     */
    void complete(final Mapping mapping, final long index, final int frame, final int from, final int to,
        final ThreadState state) throws CacheException {
        final int inFile = Math.clamp(mapping.size() - (index << FRAME_SHIFT), 0, FRAME_SIZE);
        final int wanted = Blocks.touched(from, to);
        final int missing = ~cache.descriptors.validBlocks(frame);
        try {
            if ((wanted & missing) != 0 || (Blocks.touched(0, inFile) & missing) == 0) {
                fill(mapping, index, frame, state);
            }
        } catch (final StoreException e) {
            if ((wanted & ~cache.descriptors.validBlocks(frame)) != 0) {
                throw new CacheException("reading blocks of page " + index, e);
            }
            cache.logger.log(System.Logger.Level.DEBUG, "other blocks than those asked for cannot be read", e);
        } finally {
            if (cache.descriptors.validBlocks(frame) == ALL_BLOCKS) {
                cache.locker.unlockUptodate(frame, 0);
            } else {
                cache.locker.unlock(frame);
            }
        }
    }

    private void fill(final Mapping mapping, final long index, final int frame, final ThreadState state) throws StoreException {
        int valid = cache.descriptors.validBlocks(frame);
        while (valid != ALL_BLOCKS) {
            final int missing = ALL_BLOCKS & ~valid;
            final int from = Blocks.start(missing);
            final int to = Blocks.endOfFirstRun(missing);
            read(mapping, index, frame, from, to, state);
            valid |= Blocks.within(from, to);
            cache.descriptors.validBlocks(frame, valid);
        }
    }

    /** Reads a run of blocks; what lies beyond the end of the file, or of what the store has, is zeros. C6. */
    private void read(final Mapping mapping, final long index, final int frame, final int from, final int to,
        final ThreadState state) throws StoreException {
        final long start = index << FRAME_SHIFT;
        final long address = cache.arena.address(frame);
        final IoVector vector = state.vector;
        vector.clear();
        vector.add(address + from, to - from);
        int done = from;
        while (done < to && start + done < mapping.size()) {
            state.count(CacheCounter.STORE_READS, 1);
            final long n = mapping.file.read(start + done, vector);
            if (n == 0) {
                break;
            }
            state.count(CacheCounter.STORE_READ_BYTES, n);
            done += (int) n;
            vector.advance(n);
        }
        final int inFile = Math.clamp(mapping.size() - start, 0, FRAME_SIZE);
        final int known = Math.max(from, Math.min(done, inFile));
        if (known < to) {
            OffHeap.zero(address + known, to - known);
        }
    }
}
