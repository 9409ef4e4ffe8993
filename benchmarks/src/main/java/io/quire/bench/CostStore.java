package io.quire.bench;

import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.cache.PageCache;
import io.quire.engine.store.ExtentMap;
import io.quire.engine.store.ForwardingStoreFile;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.Store;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;

/**
 * A store whose calls take as long as one likes: what a system call, a network or a disk adds to each call, and what each page adds.
 * The caller's processor is kept busy meanwhile, as a sleep of a microsecond takes fifty. Thread-safe when the store below is.
 */
final class CostStore implements Store {
    private final Store store;
    private final long callNanos;
    private final long pageNanos;
    private final AtomicLong calls = new AtomicLong();

    /**
     * @param callNanos what a transfer, or a question where data is, takes more than in the store below
     * @param pageNanos what each page of a transfer, begun pages included, takes more
     */
    CostStore(final Store store, final long callNanos, final long pageNanos) {
        this.store = store;
        this.callNanos = callNanos;
        this.pageNanos = pageNanos;
    }

    /** How many calls have been paid. */
    long calls() {
        return calls.get();
    }

    @Override
    public StoreFile open(final String name, final boolean create) throws StoreException {
        return new CostFile(store.open(name, create));
    }

    @Override
    public void close() throws StoreException {
        store.close();
    }

    private void pay(final long bytes) {
        calls.incrementAndGet();
        final long end = System.nanoTime() + callNanos + pageNanos * ((bytes + PageCache.PAGE_SIZE - 1) / PageCache.PAGE_SIZE);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private final class CostFile extends ForwardingStoreFile {
        private CostFile(final StoreFile file) {
            super(file);
        }

        @Override
        public long read(final long offset, final IoVector target) throws StoreException {
            pay(target.bytes());
            return super.read(offset, target);
        }

        @Override
        public long write(final long offset, final IoVector source) throws StoreException {
            pay(source.bytes());
            return super.write(offset, source);
        }

        @Override
        public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
            pay(0);
            super.mapRange(offset, length, target);
        }
    }
}
