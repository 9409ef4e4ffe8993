package io.quire.bench.replacement;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreException;
import io.quire.engine.write.WritePolicies;
import io.quire.fuse.trace.PageConsumer;
import io.quire.fuse.trace.Replay;
import io.quire.fuse.trace.TraceException;

/** Drives caches of the whole engine, without read-ahead, with what a policy is measured by. */
final class EngineWork {
    private static final int LENGTH = 100;

    private EngineWork() {
    }

    /** The operations of a trace; hits are counted of the pages that reads ask for. */
    static HitRatios.Work replayed(final Replay replay) {
        return (policy, bytes) -> {
            try {
                return replay.run(new Replay.Options(bytes, WritePolicies.MULTI_PAGE, policy, 0, 0, false)).hitRatio();
            } catch (final CacheException | TraceException e) {
                throw new IllegalStateException("the trace cannot be replayed into a cache of " + bytes + " bytes", e);
            }
        };
    }

    /** Reads of one page each, of files in memory that have no contents. */
    static HitRatios.Work read(final Consumer<PageConsumer> string) {
        return (policy, bytes) -> {
            try (MemoryStore store = new MemoryStore(); PageCache cache = cache(policy, bytes); Reader reader = new Reader(store, cache)) {
                string.accept(reader);
                final long hits = cache.counters().get(CacheCounter.HITS);
                return (double) hits / (hits + cache.counters().get(CacheCounter.MISSES));
            }
        };
    }

    private static PageCache cache(final ReplacementPolicies.Named policy, final long bytes) {
        return PageCache.builder(WritePolicies.MULTI_PAGE, policy).smallCapacity(bytes).readAhead(0).build();
    }

    /** Reads pages as they are told. */
    private static final class Reader implements PageConsumer, AutoCloseable {
        private final MemoryStore store;
        private final PageCache cache;
        private final Map<Long, CachedFile> files = new HashMap<>();
        private final long buffer = NativeMemory.reserve(PageCache.PAGE_SIZE, false);

        Reader(final MemoryStore store, final PageCache cache) {
            this.store = store;
            this.cache = cache;
        }

        @Override
        public void read(final long file, final long page) {
            try {
                CachedFile opened = files.get(file);
                if (opened == null) {
                    opened = cache.open(store.open("file " + file, true));
                    files.put(file, opened);
                }
                if (opened.size() < (page + 1) * PageCache.PAGE_SIZE) {
                    opened.truncate((page + 1) * PageCache.PAGE_SIZE);
                }
                opened.read(page * PageCache.PAGE_SIZE, buffer, LENGTH);
            } catch (final CacheException | StoreException e) {
                throw new IllegalStateException("page " + page + " of file " + file + " cannot be read", e);
            }
        }

        @Override
        public void written(final long file, final long page, final boolean whole) {
            throw new UnsupportedOperationException("strings that are made consist of reads");
        }

        @Override
        public void removed(final long file, final long from, final long to) {
            throw new UnsupportedOperationException("strings that are made remove nothing");
        }

        /** Files close with the cache. */
        @Override
        public void close() {
            NativeMemory.release(buffer, PageCache.PAGE_SIZE);
        }
    }
}
