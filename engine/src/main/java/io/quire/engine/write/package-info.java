/**
 * How a write moves through the pages to the store: the implementations of
 * {@link io.quire.engine.cache.WritePolicy}. {@link io.quire.engine.write.WritePolicies} names them all.
 *
 * <p>The cases of failure are numbered in {@code native-notes/write-path.md} (W1 and on).
 */
package io.quire.engine.write;
