package io.quire.engine.cache;

/**
 * Off-heap bytes that a cache uses beside its pages, by what they are for.
 *
 * @param descriptors 64 bytes for each frame that the cache may use
 * @param treeNodes   320 bytes for each node in use; a file of one page needs none
 * @param tables      where leaves of trees were last seen, which frames are free, and which pages were evicted: their whole size,
 *                    used or not
 */
public record MemoryOverhead(long descriptors, long treeNodes, long tables) {
    /**
     * All of it.
     *
     * @return bytes
     */
    public long total() {
        return descriptors + treeNodes + tables;
    }
}
