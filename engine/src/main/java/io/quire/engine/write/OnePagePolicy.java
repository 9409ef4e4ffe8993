package io.quire.engine.write;

import static io.quire.engine.cache.PageCache.PAGE_SIZE;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;
import io.quire.engine.cache.WritePolicy;

/**
 * Lock, copy, store write, unlock, page by page.
 *
 * <p>Benefit: at most one page is locked, whatever the source does. <b>Cost</b>: one store call per 4 KiB. Source: Linux
 * {@code fuse_perform_write} before several pages went into one request.
 */
final class OnePagePolicy implements WritePolicy {
    @Override
    public String name() {
        return "one-page";
    }

    @Override
    public long write(final WriteOperation operation) throws CacheException {
        long done = 0;
        while (done < operation.length()) {
            final long position = operation.offset() + done;
            final int from = (int) (position & PAGE_SIZE - 1);
            final int wanted = (int) Math.min(PAGE_SIZE - from, operation.length() - done);
            final int stored = writePage(operation, position / PAGE_SIZE, from, done, wanted);
            if (stored == 0) {
                if (operation.faultIn(done, wanted) == 0) {
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
    private static int writePage(final WriteOperation operation, final long index, final int from, final long at,
        final int wanted) throws CacheException {
        final int frame = operation.grab(index, true);
        boolean settled = false;
        try {
            final int copied = operation.copyIn(frame, from, at, wanted);
            if (copied == 0) {
                settled = true;
                return 0;
            }
            operation.markCovered(index, frame, from, copied);
            operation.frames()[0] = frame;
            settled = operation.store(index * PAGE_SIZE + from, copied) == copied;
            return settled ? copied : -1;
        } finally {
            if (settled) {
                operation.unlockValid(index, frame);
            } else {
                operation.unlockUnstored(index, frame);
            }
            operation.release(frame);
        }
    }
}
