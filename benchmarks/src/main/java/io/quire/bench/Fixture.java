package io.quire.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.write.WritePolicies;

/** 256 MiB of files in memory, every page of them cached. */
@State(Scope.Benchmark)
public class Fixture {
    /** Bytes of all files together. */
    static final long BYTES = 256L << 20;

    private static final long CAPACITY = BYTES + (32L << 20);
    private static final int CHUNK = 1 << 20;

    /** Into how many files the bytes are divided; each thread of a benchmark has the file of its number. */
    @Param("1")
    public int files;

    /** Whether the pages of a file lie in the order in which they are read, or anywhere. */
    @Param("ordered")
    public Layout layout;

    /** The write policy. */
    @Param("multi-page")
    public String policy;

    /** Whether huge pages are asked for, as a cache does unless told otherwise. */
    @Param("true")
    public boolean hugePages;

    private MemoryStore store;
    private PageCache cache;
    private List<CachedFile> open;

    /** Where the pages of a file lie in the cache. */
    public enum Layout {
        /** In the order of the file, as after a sequential read. */
        ordered,
        /** In no order, as after a long life. */
        scattered
    }

    /** Made by JMH. */
    public Fixture() {
        files = 1;
    }

    /**
     * Fills the files and the cache.
     *
     * @throws Exception when the store or the cache fails
     */
    @Setup(Level.Trial)
    public void fill() throws Exception {
        store = new MemoryStore();
        cache = Quire.cache().capacity(CAPACITY).hugePages(hugePages).writePolicy(WritePolicies.byName(policy)).build();
        open = new ArrayList<>();
        final long buffer = NativeMemory.reserve(CHUNK, false);
        for (int i = 0; i < files; i++) {
            final CachedFile file = cache.open(store.open("file" + i, true));
            for (long at = 0; at < fileBytes(); at += CHUNK) {
                for (int word = 0; word < CHUNK; word += Long.BYTES) {
                    OffHeap.putLong(buffer + word, at + word);
                }
                require(file.write(at, buffer, CHUNK) == CHUNK, "a short write");
            }
            if (layout == Layout.scattered) {
                scatter(file, buffer);
            }
            for (long at = 0; at < fileBytes(); at += CHUNK) {
                require(file.read(at, buffer, CHUNK) == CHUNK && OffHeap.getLong(buffer + 4096) == at + 4096,
                    "not what was written");
            }
            open.add(file);
        }
        NativeMemory.release(buffer, CHUNK);
        require(cache.counters().get(CacheCounter.PAGES) == BYTES / PageCache.PAGE_SIZE, "pages are missing");
    }

    private void scatter(final CachedFile file, final long buffer) throws Exception {
        file.invalidate();
        final List<Long> pages = new ArrayList<>();
        for (long page = 0; page < fileBytes() / PageCache.PAGE_SIZE; page++) {
            pages.add(page);
        }
        Collections.shuffle(pages, new Random(1));
        for (final long page : pages) {
            file.read(page * PageCache.PAGE_SIZE, buffer, 1);
        }
    }

    private static void require(final boolean condition, final String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }

    /**
     * Closes everything.
     *
     * @throws Exception when the store or the cache fails
     */
    @TearDown(Level.Trial)
    public void close() throws Exception {
        cache.close();
        store.close();
    }

    /** The file of a thread. */
    CachedFile file(final int thread) {
        return open.get(thread % files);
    }

    /** The cache, to be looked at. */
    PageCache cache() {
        return cache;
    }

    /** Bytes of one file. */
    long fileBytes() {
        return BYTES / files;
    }
}
