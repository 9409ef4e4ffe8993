package io.quire.engine.write;

import static io.quire.engine.cache.PageCache.PAGE_SIZE;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;
import io.quire.engine.cache.WritePolicy;

/**
 * What the policies that gather many pages for one store write have in common.
 *
 * <p>A batch is gathered page by page: grab, copy, mark what became valid. A page whose touched bytes are all valid is unlocked
 * at once; what a policy leaves locked stays so until the store has the batch, and ends the batch unless the policy is the one
 * that shows why that must be (W1). Then one vectored store write, and everything is given back: pages whose bytes did not
 * reach the store leave the cache (W3). References are held throughout (W2). Whole pages that are not in the cache are
 * overwritten many at a time, as one compound page, where that can be had; those that are there as neighbours in one compound page
 * are overwritten under one hold of its lock.
 */
abstract class BatchPolicy implements WritePolicy {
    /** Fewer pages than this are written one by one. */
    private static final long SMALLEST_LARGE = 4;

    @Override
    public long write(final WriteOperation operation) throws CacheException {
        long done = 0;
        while (done < operation.length()) {
            final long stored = writeBatch(operation, done);
            if (stored == 0) {
                if (operation.faultIn(done, (int) Math.min(PAGE_SIZE, operation.length() - done)) == 0) {
                    break;
                }
            } else if (stored < 0) {
                break;
            } else {
                done += stored;
            }
        }
        return operation.result();
    }

    /**
     * Locks and references the page for a piece.
     *
     * @param first whether no other page is held
     * @param last  whether no page follows
     * @return its frame, negative when there is none at once
     */
    int grab(final WriteOperation operation, final long index, final int from, final int bytes, final boolean first,
        final boolean last) throws CacheException {
        final int frame = operation.grab(index, first);
        if (frame >= 0 && keepsLocked()) {
            operation.isolate(frame);
        }
        return frame;
    }

    /** Copies a piece from the source; 0 when the source must be faulted in first. */
    int copy(final WriteOperation operation, final int frame, final int from, final long at, final int bytes)
        throws CacheException {
        return operation.copyIn(frame, from, at, bytes);
    }

    /** Marks what a piece made valid; whether every block that it touched is. */
    boolean mark(final WriteOperation operation, final long index, final int frame, final int from, final int bytes)
        throws CacheException {
        return operation.markCovered(index, frame, from, bytes);
    }

    /** Whether pages stay locked until the store has the batch. */
    boolean keepsLocked() {
        return false;
    }

    /** Bytes stored; 0 when the source must be faulted in first; negative when the store failed. */
    private long writeBatch(final WriteOperation operation, final long start) throws CacheException {
        final long position = operation.offset() + start;
        final long firstIndex = position / PAGE_SIZE;
        final int[] frames = operation.frames();
        final int limit = operation.batchLimit();
        int pages = 0;
        // Pages from this one on are locked.
        int locked = 0;
        // Whether the bytes of the last page are known: not while it is copied into.
        boolean whole = true;
        boolean large = !keepsLocked();
        long gathered = 0;
        long stored = 0;
        try {
            while (pages < limit && start + gathered < operation.length()) {
                final long index = firstIndex + pages;
                final int from = (int) (position + gathered & PAGE_SIZE - 1);
                final long left = operation.length() - start - gathered;
                if (large && from == 0 && index % SMALLEST_LARGE == 0 && left >= SMALLEST_LARGE * PAGE_SIZE) {
                    final int most = (int) Math.min(limit - pages, left / PAGE_SIZE);
                    final int overwritten = operation.overwriteLarge(index, start + gathered, most, pages);
                    if (overwritten > 0) {
                        pages += overwritten;
                        locked = pages;
                        gathered += (long) overwritten * PAGE_SIZE;
                        continue;
                    }
                    // What stood in the way of a compound page here is likely to do so again.
                    large = false;
                }
                final int wanted = (int) Math.min(PAGE_SIZE - from, left);
                if (!keepsLocked() && wanted < left && pages + 1 < limit) {
                    final long most = Math.min((long) (limit - pages) * PAGE_SIZE - from, left);
                    final int copied = operation.overwriteRun(index, from, start + gathered, (int) most, pages);
                    if (copied > 0) {
                        pages += (from + copied + PAGE_SIZE - 1) / PAGE_SIZE;
                        locked = pages;
                        gathered += copied;
                        if ((position + gathered) % PAGE_SIZE != 0) {
                            break;
                        }
                        continue;
                    }
                }
                final int frame = grab(operation, index, from, wanted, pages == 0, wanted == left);
                if (frame < 0) {
                    break;
                }
                frames[pages++] = frame;
                whole = false;
                final int copied = copy(operation, frame, from, start + gathered, wanted);
                final boolean valid = copied > 0 && mark(operation, index, frame, from, copied);
                whole = true;
                gathered += copied;
                if (valid && !keepsLocked()) {
                    operation.unlockValid(index, frame);
                    locked = pages;
                } else if (!keepsLocked()) {
                    break;
                }
                if (copied < wanted) {
                    break;
                }
            }
            if (gathered == 0) {
                return 0;
            }
            stored = operation.store(position, gathered);
            return stored == gathered ? stored : -1;
        } finally {
            final boolean failed = stored < gathered;
            // First, because the locks of the pages before them come before their own. W8.
            for (int i = locked; i < pages; i++) {
                if (failed && firstIndex + i >= (position + stored) / PAGE_SIZE || !whole && i == pages - 1) {
                    operation.unlockUnstored(firstIndex + i, frames[i]);
                } else {
                    operation.unlockValid(firstIndex + i, frames[i]);
                }
            }
            for (int i = 0; i < locked; i++) {
                if (failed && firstIndex + i >= (position + stored) / PAGE_SIZE) {
                    operation.discard(firstIndex + i, frames[i]);
                }
            }
            operation.releaseAll(pages);
        }
    }
}
