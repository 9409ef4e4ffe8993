package io.quire.engine.cache;

/** What a {@link PageCache} counts. Counts since the cache was made, unless described as a gauge. */
public enum CacheCounter {
    /** Pages found uptodate by a read. */
    HITS("pages found in the cache"),
    /** Pages that a read had to wait for or fetch. */
    MISSES("pages fetched or waited for"),
    /** Pages fetched before anyone asked for them. */
    READ_AHEAD("pages read ahead"),
    /** Read calls to the store. */
    STORE_READS("read calls to the store"),
    /** Bytes read from the store. */
    STORE_READ_BYTES("bytes read from the store"),
    /** Write calls to the store. */
    STORE_WRITES("write calls to the store"),
    /** Bytes written to the store. */
    STORE_WRITE_BYTES("bytes written to the store"),
    /** Pages evicted to make room. */
    EVICTIONS("pages evicted"),
    /** Evicted pages that came back soon enough to be known. */
    REFAULTS("evicted pages that came back soon"),
    /** Pages dropped by truncate, punch and invalidate. */
    REMOVALS("pages dropped by truncate, punch and invalidate"),
    /** Pages moved to another frame, by resize and compaction. */
    MIGRATIONS("pages moved to another frame"),
    /** Compound pages that came into the cache. */
    LARGE_PAGES("compound pages brought in"),
    /** Compound pages that were split into pages of one frame. */
    SPLITS("compound pages split"),
    /** Gauge: pages in the cache. */
    PAGES("pages cached"),
    /** Gauge: pages whose bytes are on their way to the store. */
    DIRTY("pages newer than the store"),
    /** Gauge: frames that hold no page. */
    FREE_FRAMES("frames free"),
    /** How often a thread slept for a page. */
    LOCK_WAITS("sleeps for a locked page");

    private final String description;

    CacheCounter(final String description) {
        this.description = description;
    }

    /**
     * What is counted, for people.
     *
     * @return a short phrase
     */
    public String description() {
        return description;
    }
}
