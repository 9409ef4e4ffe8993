package io.quire.engine.stress;

import java.io.IOException;
import java.util.Arrays;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Store;

/** A file and what it must hold, in plain memory. Used by one thread. */
final class ModelFile implements AutoCloseable {
    static final int MAX_SIZE = 3 << 20;

    final String name;
    /** Zeros beyond the size. */
    final byte[] content = new byte[MAX_SIZE];
    int size;
    /** The handle through which the next operation goes. */
    CachedFile handle;

    private final PageCache cache;
    private final Store store;

    ModelFile(final String name, final PageCache cache, final Store store) throws IOException {
        this.name = name;
        this.cache = cache;
        this.store = store;
        this.handle = cache.open(store.open(name, true));
    }

    void write(final int offset, final byte[] bytes, final int from, final int length) {
        System.arraycopy(bytes, from, content, offset, length);
        size = Math.max(size, offset + length);
    }

    void truncate(final int newSize) {
        zero(newSize, size);
        size = newSize;
    }

    void zero(final int from, final int to) {
        if (from < to) {
            Arrays.fill(content, from, to, (byte) 0);
        }
    }

    /** Another handle of the same pages, the former one closed. */
    void reopen() throws IOException {
        final CachedFile next = handle.reopen();
        handle.close();
        handle = next;
    }

    /** No handle for a moment: what comes back comes from the store, unless a region keeps the pages. */
    void closeAndOpen() throws IOException {
        handle.close();
        handle = cache.open(store.open(name, false));
    }

    @Override
    public void close() throws IOException {
        handle.close();
    }
}
