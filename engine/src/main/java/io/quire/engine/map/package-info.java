/**
 * Mapped regions: files as memory, with soft page-table entries instead of the processor's.
 *
 * <p>Start at {@link io.quire.engine.map.AddressSpace}, which hands out virtual addresses and finds the region of one without a
 * lock, and {@link io.quire.engine.map.MappedRegion}, which is read and written at byte offsets. Behind them, package-private:
 * {@code PageTable} (the entries), {@code Window} (what a region covers at one moment), {@code FaultHandler},
 * {@code FaultAround} and {@code CopyOnWrite} (how an entry comes to show a page), {@code RegionMapper} (how it is taken
 * back) and {@code TableMemory}.
 *
 * {@snippet file="EmbeddingTest.java" region="regions"}
 *
 * <p>The invariants that these classes keep are numbered in {@code native-notes/regions.md} (M1 and on).
 */
package io.quire.engine.map;
