package io.quire.bench;

import java.util.concurrent.Executor;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * A page cache as an application makes one of Caffeine: a bounded cache from page number to slot, over a slab of native memory.
 *
 * <p>It is given every advantage. The slab has huge pages, as the cache has. Slots are objects made once. Nothing keeps a slot from being reused while it is copied out, which
 * an application needs and pays for. There is one file, so that a page number is the whole key.
 */
final class SlabCache implements AutoCloseable {
    private static final int PAGE_SIZE = 4096;

    private final long bytes;
    private final long slab;
    private final Cache<Long, Slot> slots;

    /** Where a page lies. */
    private record Slot(long address) { }

    /**
     * @param bytes    of all pages, as many as the cache may hold
     * @param executor who does Caffeine's housekeeping, or null for Caffeine's own choice
     */
    SlabCache(final long bytes, final Executor executor) {
        this.bytes = bytes;
        this.slab = NativeMemory.reserve(bytes, true);
        final long pages = bytes / PAGE_SIZE;
        final Caffeine<Object, Object> builder = Caffeine.newBuilder().maximumSize(pages).initialCapacity((int) pages);
        if (executor != null) {
            builder.executor(executor);
        }
        slots = builder.build();
        for (long page = 0; page < pages; page++) {
            final long address = slab + page * PAGE_SIZE;
            for (int word = 0; word < PAGE_SIZE; word += Long.BYTES) {
                OffHeap.putLong(address + word, page * PAGE_SIZE + word);
            }
            slots.put(page, new Slot(address));
        }
        slots.cleanUp();
        if (slots.estimatedSize() != pages) {
            throw new IllegalStateException(slots.estimatedSize() + " pages are cached, not " + pages);
        }
    }

    /** Copies a range out, a page at a time as they may lie anywhere; it must be cached. */
    int read(final long offset, final long target, final int length) {
        int done = 0;
        while (done < length) {
            final long at = offset + done;
            final int within = (int) at & PAGE_SIZE - 1;
            final int count = Math.min(length - done, PAGE_SIZE - within);
            final Slot slot = slots.getIfPresent(at / PAGE_SIZE);
            if (slot == null) {
                throw new IllegalStateException("page " + at / PAGE_SIZE + " is not cached");
            }
            OffHeap.copy(slot.address() + within, target + done, count);
            done += count;
        }
        return done;
    }

    /** One word; a read of a fixed length saves the loop. */
    int readWord(final long offset, final long target) {
        final Slot slot = slots.getIfPresent(offset / PAGE_SIZE);
        if (slot == null) {
            throw new IllegalStateException("page " + offset / PAGE_SIZE + " is not cached");
        }
        OffHeap.putLong(target, OffHeap.getLong(slot.address() + (offset & PAGE_SIZE - 1)));
        return 8;
    }

    @Override
    public void close() {
        NativeMemory.release(slab, bytes);
    }
}
