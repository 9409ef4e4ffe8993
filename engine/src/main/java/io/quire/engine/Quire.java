package io.quire.engine;

import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.PageCacheBuilder;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.write.WritePolicies;

/** The way in for programs that embed the engine: a page cache with the usual policies. */
public final class Quire {
    private Quire() {
    }

    /**
     * Starts to describe a cache with the {@code multi-page} write policy and the default replacement policy.
     *
     * @return a builder
     */
    public static PageCacheBuilder cache() {
        return PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT);
    }
}
