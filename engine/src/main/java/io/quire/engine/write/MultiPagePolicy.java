package io.quire.engine.write;

import static io.quire.engine.cache.PageCache.PAGE_SIZE;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;
import io.quire.engine.cache.WritePolicy;

/**
 * Many pages per store write, and no page locked while another is copied.
 *
 * <p>Benefit: one store call for up to a megabyte. A page that is uptodate, or becomes so because it is overwritten whole, is
 * unlocked before any further copy from the source; a partial page that is not uptodate stays locked and ends the batch. So
 * a source that is a mapping of the very file being written can always be faulted in (W1). <b>Cost</b>: a page is visible to
 * readers before the store has it; when the store then fails the page is dropped (W3), and the reference held meanwhile keeps
 * it from being evicted and read back old (W2). Source: Linux {@code fuse_fill_write_pages} after the fix.
 */
final class MultiPagePolicy implements WritePolicy {
    @Override
    public String name() {
        return "multi-page";
    }

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

    /** Bytes stored; 0 when the source must be faulted in first; negative when the store failed. */
    private static long writeBatch(final WriteOperation operation, final long start) throws CacheException {
        final long position = operation.offset() + start;
        final long firstIndex = position / PAGE_SIZE;
        final int[] frames = operation.frames();
        final int limit = operation.batchLimit();
        int pages = 0;
        long gathered = 0;
        long stored = 0;
        // The page at the end of the batch that is still locked: partial and not uptodate. At most one.
        boolean lastLocked = false;
        operation.clear();
        try {
            while (pages < limit && start + gathered < operation.length() && !lastLocked) {
                final long index = firstIndex + pages;
                final int from = (int) (position + gathered & PAGE_SIZE - 1);
                final int wanted = (int) Math.min(PAGE_SIZE - from, operation.length() - start - gathered);
                final int frame = operation.grab(index, pages == 0);
                if (frame < 0) {
                    break;
                }
                frames[pages++] = frame;
                lastLocked = true;
                final int copied = operation.copyIn(frame, from, start + gathered, wanted);
                if (copied > 0) {
                    operation.add(frame, from, copied);
                    gathered += copied;
                }
                if (operation.isUptodate(frame)) {
                    operation.unlockUptodate(frame);
                    lastLocked = false;
                } else if (copied > 0 && operation.coversPage(index, from, copied)) {
                    operation.zeroAround(frame, from, copied);
                    operation.unlockUptodate(frame);
                    lastLocked = false;
                }
                if (copied < wanted) {
                    break;
                }
            }
            if (gathered == 0) {
                return 0;
            }
            stored = operation.store(position);
            return stored == gathered ? stored : -1;
        } finally {
            giveBack(operation, firstIndex, pages, lastLocked, position + stored, position + gathered);
        }
    }

    /** Ends a batch: pages with bytes that did not reach the store leave the cache, all references are given back. */
    private static void giveBack(final WriteOperation operation, final long firstIndex, final int pages,
        final boolean lastLocked, final long storedEnd, final long gatheredEnd) {
        final int[] frames = operation.frames();
        int unlocked = pages;
        if (lastLocked) {
            // First, because the locks of the pages before it come before its own.
            unlocked--;
            operation.unlockIncomplete(firstIndex + unlocked, frames[unlocked]);
        }
        final boolean failed = storedEnd < gatheredEnd;
        for (int i = 0; i < unlocked; i++) {
            final long index = firstIndex + i;
            if (failed && index >= storedEnd / PAGE_SIZE) {
                operation.discard(index, frames[i]);
            }
        }
        for (int i = 0; i < pages; i++) {
            operation.release(frames[i]);
        }
    }
}
