package io.quire.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.Quire;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.write.WritePolicies;

/** 64 MiB of files over any store, by any write policy, all of them in the cache or hardly any. */
@State(Scope.Benchmark)
public class Requests {
    /** Bytes of all files together. */
    static final long BYTES = 64L << 20;

    private static final int CHUNK = 1 << 20;

    /** What is below the cache. */
    @Param("memory")
    public StoreKind store;

    /** The write policy. */
    @Param("multi-page")
    public String policy;

    /** Whether the pages are cached. */
    @Param("cached")
    public Temperature temperature;

    /** Into how many files the bytes are divided; each thread has the file of its number. */
    @Param("1")
    public int files;

    /** Nanoseconds that a call of {@link StoreKind#cost} takes. */
    @Param("0")
    public long callNanos;

    /** Nanoseconds that a page of a call of {@link StoreKind#cost} takes. */
    @Param("0")
    public long pageNanos;

    /** The cache, to be looked at. */
    PageCache cache;
    /** The store, to be looked at. */
    StoreKind.Made made;

    private List<CachedFile> open;

    /** Whether what is asked for is in the cache. */
    public enum Temperature {
        /** All of it. */
        cached,
        /** Hardly any: the cache has room for a sixteenth. */
        cold
    }

    /** Made by JMH. */
    public Requests() {
        files = 1;
    }

    /**
     * Fills the files, and the cache.
     *
     * @throws Exception when the store or the cache fails
     */
    @Setup(Level.Trial)
    public void fill() throws Exception {
        made = store.make(callNanos, pageNanos);
        cache = Quire.cache().capacity(temperature == Temperature.cached ? BYTES + (16L << 20) : PageCache.MIN_CAPACITY)
            .writePolicy(WritePolicies.byName(policy)).build();
        open = new ArrayList<>();
        final long buffer = NativeMemory.reserve(CHUNK, false);
        for (int i = 0; i < files; i++) {
            final CachedFile file = cache.open(made.store().open("file" + i, true));
            for (long at = 0; at < fileBytes(); at += CHUNK) {
                if (file.write(at, buffer, CHUNK) != CHUNK) {
                    throw new IllegalStateException("a short write");
                }
            }
            file.sync(false);
            open.add(file);
        }
        NativeMemory.release(buffer, CHUNK);
    }

    /**
     * Closes everything.
     *
     * @throws IOException when the store or the cache fails
     */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        for (final CachedFile file : open) {
            file.close();
        }
        cache.close();
        made.close();
    }

    /** The file of a thread. */
    CachedFile file(final int thread) {
        return open.get(thread % files);
    }

    /** Bytes of one file. */
    long fileBytes() {
        return BYTES / files;
    }
}
