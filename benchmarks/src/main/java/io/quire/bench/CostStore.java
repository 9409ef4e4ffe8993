package io.quire.bench;

import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.cache.PageCache;
import io.quire.engine.store.ExtentMap;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.Store;
import io.quire.engine.store.StoreAttributes;
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

    private final class CostFile implements StoreFile {
        private final StoreFile file;

        private CostFile(final StoreFile file) {
            this.file = file;
        }

        @Override
        public long read(final long offset, final IoVector target) throws StoreException {
            pay(target.bytes());
            return file.read(offset, target);
        }

        @Override
        public long write(final long offset, final IoVector source) throws StoreException {
            pay(source.bytes());
            return file.write(offset, source);
        }

        @Override
        public void mapRange(final long offset, final long length, final ExtentMap target) throws StoreException {
            pay(0);
            file.mapRange(offset, length, target);
        }

        @Override
        public void truncate(final long size) throws StoreException {
            file.truncate(size);
        }

        @Override
        public void punch(final long offset, final long length) throws StoreException {
            file.punch(offset, length);
        }

        @Override
        public void allocate(final long offset, final long length, final boolean keepSize) throws StoreException {
            file.allocate(offset, length, keepSize);
        }

        @Override
        public void sync(final boolean dataOnly) throws StoreException {
            file.sync(dataOnly);
        }

        @Override
        public void attributes(final StoreAttributes target) throws StoreException {
            file.attributes(target);
        }

        @Override
        public void close() throws StoreException {
            file.close();
        }
    }
}
