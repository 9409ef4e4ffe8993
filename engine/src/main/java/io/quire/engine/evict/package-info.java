/**
 * Replacement policies: the implementations of {@link io.quire.engine.cache.ReplacementPolicy}.
 */
package io.quire.engine.evict;
