/**
 * The page cache: files read and written through a bounded set of off-heap pages.
 *
 * <p>Start at {@link io.quire.engine.cache.PageCache} and {@link io.quire.engine.cache.CachedFile}. Behind them,
 * package-private: {@code Mapping} (one per file, Linux's {@code address_space}), {@code PageFiller} (faults and
 * read-ahead), {@code PageRemover} (truncate, punch, invalidate) and {@code Reclaimer} (eviction). Two service interfaces
 * are implemented by the packages above this one: {@link io.quire.engine.cache.WritePolicy} and
 * {@link io.quire.engine.cache.ReplacementPolicy}.
 *
 * <p>The invariants that these classes keep are numbered in {@code native-notes/page-cache.md} (C1 and on).
 */
package io.quire.engine.cache;
