package io.quire.fuse.trace;

import java.util.concurrent.locks.LockSupport;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;

/**
 * A file that has a size and reads as zeros; what is written to it is forgotten. Each transfer, truncation and sync takes a time
 * that is set beforehand. Thread-safe.
 */
final class GeneratedFile implements StoreFile {
    private static final long LONGEST_SPIN_NANOS = 100_000;

    private final long costNanos;
    private long size;
    private long changes;

    GeneratedFile(final long size, final long costNanos) {
        this.size = size;
        this.costNanos = costNanos;
    }

    private void pay() {
        if (costNanos > 0) {
            final long end = System.nanoTime() + costNanos;
            for (long left = costNanos; left > 0; left = end - System.nanoTime()) {
                if (left > LONGEST_SPIN_NANOS) {
                    LockSupport.parkNanos(left - LONGEST_SPIN_NANOS / 2);
                } else {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Override
    public long read(final long offset, final IoVector target) {
        pay();
        final long count;
        synchronized (this) {
            count = Math.clamp(size - offset, 0, target.bytes());
        }
        long left = count;
        for (int i = 0; left > 0; i++) {
            final long length = Math.min(left, target.length(i));
            OffHeap.zero(target.address(i), length);
            left -= length;
        }
        return count;
    }

    @Override
    public long write(final long offset, final IoVector source) throws StoreException {
        pay();
        if (offset > Long.MAX_VALUE - source.bytes()) {
            throw new StoreException(Errno.EFBIG, "a write beyond the largest file");
        }
        synchronized (this) {
            size = Math.max(size, offset + source.bytes());
            changes++;
        }
        return source.bytes();
    }

    @Override
    public void truncate(final long newSize) {
        pay();
        synchronized (this) {
            size = newSize;
            changes++;
        }
    }

    @Override
    public void punch(final long offset, final long length) {
        pay();
        synchronized (this) {
            changes++;
        }
    }

    @Override
    public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
        pay();
        synchronized (this) {
            if (!keepSize) {
                size = Math.max(size, offset + length);
            }
            changes++;
        }
    }

    @Override
    public void sync(final boolean dataOnly) {
        pay();
    }

    @Override
    public synchronized void attributes(final StoreAttributes target) {
        target.size = size;
        target.modified = changes;
        target.changed = changes;
    }

    @Override
    public void close() {
        // There is nothing to give back.
    }
}
