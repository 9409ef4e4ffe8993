package io.quire.engine.map;

import io.quire.engine.cache.CacheException;

/**
 * Asked before a page of a shared region is made writable for the first time, and again after each writeback (Linux:
 * {@code page_mkwrite}): to reserve space, say, or to refuse.
 *
 * <p>Runs in the storing thread, which holds nothing: no lock of the cache, no page, no region. It may use all of them, and
 * may wait for others. Region, size and page are looked at again afterwards, so it may be called more than once for one store,
 * and for a page that is then not made writable.
 */
@FunctionalInterface
public interface PageMadeWritable {
    /**
     * A page is about to be made writable.
     *
     * @param region       through which the store goes
     * @param fileOffset   first byte of the page in the file, a multiple of 4096
     * @throws CacheException to refuse: the store fails with it
     */
    void pageMadeWritable(MappedRegion region, long fileOffset) throws CacheException;
}
