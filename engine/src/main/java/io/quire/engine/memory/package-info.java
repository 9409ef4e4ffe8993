/**
 * Off-heap memory: page frames, the table that describes them, and the slabs that protocols keep their words in.
 *
 * <p>Start at {@link io.quire.engine.memory.FrameArena} (the bytes of the cached pages) and
 * {@link io.quire.engine.memory.PageDescriptors} (one 64-byte line per frame, Linux's {@code struct page}).
 * {@link io.quire.engine.memory.OffHeap} is the one place from which the engine touches raw memory.
 *
 * <p>This is the lowest package of the engine: it knows nothing of locks, files or pages' contents.
 */
package io.quire.engine.memory;
