package io.quire.engine.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * One page's words (state, binding, two words of bytes) in either memory: off-heap, by the accessors that the engine uses, and in a
 * heap array, by the access modes that the Java memory model defines. The protocol of {@link OptimisticPage} is written once over
 * both. What holds on the heap holds by the model; what holds off-heap, by how the accessors are compiled.
 */
interface GenerationMemory {
    /** The state word. */
    int STATE = 0;
    /** The binding. */
    int BINDING = 1;
    /** The first word of the bytes. */
    int LEFT = 2;
    /** The last word of the bytes. */
    int RIGHT = 3;
    /** Number of words. */
    int WORDS = 4;

    long getAcquire(int word);

    long get(int word);

    void put(int word, long value);

    long getVolatile(int word);

    boolean compareAndSet(int word, long expected, long value);

    long getAndAdd(int word, long value);

    void storeFence();

    void loadFence();

    /** Words of the heap. */
    final class Heap implements GenerationMemory {
        private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

        private final long[] words = new long[WORDS];

        @Override
        public long getAcquire(final int word) {
            return (long) WORD.getAcquire(words, word);
        }

        @Override
        public long get(final int word) {
            // Plain accesses to one word race: opaque is what the model gives them at least, off-heap they are the same loads.
            return (long) WORD.getOpaque(words, word);
        }

        @Override
        public void put(final int word, final long value) {
            WORD.setOpaque(words, word, value);
        }

        @Override
        public long getVolatile(final int word) {
            return (long) WORD.getVolatile(words, word);
        }

        @Override
        public boolean compareAndSet(final int word, final long expected, final long value) {
            return WORD.compareAndSet(words, word, expected, value);
        }

        @Override
        public long getAndAdd(final int word, final long value) {
            return (long) WORD.getAndAdd(words, word, value);
        }

        @Override
        public void storeFence() {
            VarHandle.releaseFence();
            VarHandle.storeStoreFence();
        }

        @Override
        public void loadFence() {
            VarHandle.acquireFence();
        }
    }

    /** Words of native memory, in a ring of lines of which far more are there than states alive at a time. */
    final class Native implements GenerationMemory {
        private static final int LINE = 64;
        private static final int LINES = 1 << 18;
        private static final long BASE = NativeMemory.reserve((long) LINES * LINE, false);
        private static final AtomicInteger NEXT = new AtomicInteger();

        private final long line = BASE + (long) (NEXT.getAndIncrement() & LINES - 1) * LINE;

        Native() {
            for (int word = 0; word < WORDS; word++) {
                OffHeap.putLong(at(word), 0);
            }
        }

        private long at(final int word) {
            return line + 8L * word;
        }

        @Override
        public long getAcquire(final int word) {
            return OffHeap.getLongAcquire(at(word));
        }

        @Override
        public long get(final int word) {
            return OffHeap.getLong(at(word));
        }

        @Override
        public void put(final int word, final long value) {
            OffHeap.putLong(at(word), value);
        }

        @Override
        public long getVolatile(final int word) {
            return OffHeap.getLongVolatile(at(word));
        }

        @Override
        public boolean compareAndSet(final int word, final long expected, final long value) {
            return OffHeap.compareAndSetLong(at(word), expected, value);
        }

        @Override
        public long getAndAdd(final int word, final long value) {
            return OffHeap.getAndAddLong(at(word), value);
        }

        @Override
        public void storeFence() {
            OffHeap.storeFence();
        }

        @Override
        public void loadFence() {
            OffHeap.loadFence();
        }
    }
}
