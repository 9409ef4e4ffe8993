package io.quire.engine.lock;

import static io.quire.engine.lock.GenerationMemory.BINDING;
import static io.quire.engine.lock.GenerationMemory.LEFT;
import static io.quire.engine.lock.GenerationMemory.RIGHT;
import static io.quire.engine.lock.GenerationMemory.STATE;
import static io.quire.engine.memory.PageDescriptors.GENERATION_ONE;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;

/**
 * The optimistic read (C4) and what it races with, as {@code Mapping.copyPage} and {@code PageDescriptors.bind} and
 * {@code unbind} do it, over either memory.
 */
final class OptimisticPage {
    private static final long SAME = -GENERATION_ONE | UPTODATE;

    private final GenerationMemory memory;

    /** A page bound to 1 whose bytes are 1. */
    OptimisticPage(final GenerationMemory memory) {
        this.memory = memory;
        bind(1);
        fill(1);
    }

    private void moveGeneration(final long flags) {
        long before;
        do {
            before = memory.getVolatile(STATE);
        } while (!memory.compareAndSet(STATE, before, (before & -GENERATION_ONE) + GENERATION_ONE | flags));
        memory.storeFence();
    }

    void bind(final long binding) {
        moveGeneration(LOCKED);
        memory.put(BINDING, binding);
    }

    void fill(final long bytes) {
        memory.put(LEFT, bytes);
        memory.put(RIGHT, bytes);
        memory.getAndAdd(STATE, UPTODATE - LOCKED);
    }

    void unbind() {
        moveGeneration(0);
        memory.put(BINDING, 0);
    }

    /** The bytes of the page bound to 1, left word first, or -1 when the copy does not count. */
    long read() {
        final long before = memory.getAcquire(STATE);
        if ((before & UPTODATE) == 0 || memory.get(BINDING) != 1) {
            return -1;
        }
        final long left = memory.get(LEFT);
        final long right = memory.get(RIGHT);
        memory.loadFence();
        return ((memory.get(STATE) ^ before) & SAME) != 0 ? -1 : left * 10 + right;
    }
}
