package io.quire.engine.write;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteOperation;
import io.quire.engine.lock.LockOrderViolation;
import io.quire.engine.store.Errno;

/**
 * The historic deadlock, for the laboratory only: gathers a batch and keeps every page of it locked over the copies from the
 * source and the store write.
 *
 * <p>It breaks W1 on purpose: the source is faulted in while pages are locked. When the source is a page of the batch, the thread
 * waits for itself. With the validator on ({@link io.quire.engine.lock.LockOrder}) that is found before the thread sleeps, and
 * the write ends with EDEADLK; every page of the batch leaves the cache unlocked. <b>With the validator off it really hangs</b>,
 * and so does everybody who then wants the file. Source: Linux {@code fuse_fill_write_pages} before the fix.
 */
final class MultiPageLockedPolicy extends BatchPolicy {
    @Override
    public String name() {
        return "multi-page-locked";
    }

    @Override
    public boolean isLaboratory() {
        return true;
    }

    @Override
    public long write(final WriteOperation operation) throws CacheException {
        try {
            return super.write(operation);
        } catch (final LockOrderViolation e) {
            final CacheException refused = new CacheException(Errno.EDEADLK, "a write of " + operation.length() + " bytes at "
                + operation.offset() + " would wait for a page that it keeps locked; choose another write policy");
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    int copy(final WriteOperation operation, final int frame, final int from, final long at, final int bytes)
        throws CacheException {
        int copied = operation.copyIn(frame, from, at, bytes);
        while (copied < bytes && operation.faultInLocked(at + copied, bytes - copied) > 0) {
            final int more = operation.copyIn(frame, from + copied, at + copied, bytes - copied);
            if (more == 0) {
                break;
            }
            copied += more;
        }
        return copied;
    }

    @Override
    boolean keepsLocked() {
        return true;
    }
}
