package io.quire.engine.cache;

import io.quire.engine.memory.PageDescriptors;

/** Makes a replacement policy over the descriptors of a cache. */
@FunctionalInterface
public interface ReplacementFactory {
    /**
     * Makes the policy.
     *
     * @param descriptors the cache's page descriptors; the queue fields belong to the policy
     * @return the policy
     */
    ReplacementPolicy create(PageDescriptors descriptors);
}
