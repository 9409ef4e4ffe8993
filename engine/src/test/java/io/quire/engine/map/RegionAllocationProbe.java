package io.quire.engine.map;

import java.io.IOException;
import java.lang.management.ManagementFactory;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.write.WritePolicies;

/**
 * Prints how many heap bytes accesses through regions allocate, for {@link RegionAllocationTest}, which runs it in a virtual
 * machine of its own because the lock-order validator allocates.
 */
public final class RegionAllocationProbe {
    private static final int LENGTH = 1 << 20;
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 2_000;

    private RegionAllocationProbe() {
    }

    /** An access under measurement. */
    private interface Access {
        void run(int i) throws IOException;
    }

    /**
     * Runs every access and prints a line "name bytes" for each: heap bytes over {@link #MEASURED} accesses.
     *
     * @param arguments none
     * @throws IOException when an access fails
     */
    public static void main(final String[] arguments) throws IOException {
        final long buffer = NativeMemory.reserve(LENGTH, false);
        final byte[] array = new byte[LENGTH];
        try (MemoryStore store = new MemoryStore();
            PageCache cache = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(16L << 20).build();
            CachedFile file = cache.open(store.open("file", true)); AddressSpace space = new AddressSpace()) {
            file.truncate(LENGTH);
            final MappedRegion shared = space.map(file, 0, LENGTH, Sharing.SHARED, Protection.READ_WRITE);
            final MappedRegion own = space.map(file, 0, LENGTH, Sharing.PRIVATE, Protection.READ_WRITE);
            measure("load", i -> shared.getLong(place(i)));
            measure("load-table", i -> space.getLong(shared.address() + place(i)));
            measure("load-private", i -> own.getLong(place(i)));
            measure("store", i -> shared.putLong(place(i), i));
            measure("store-table", i -> space.putLong(shared.address() + place(i), i));
            measure("store-private", i -> own.putLong(place(i), i));
            measure("copy-out", i -> shared.get(place(i) & LENGTH / 2 - 1, buffer, 10_000));
            measure("copy-out-array", i -> shared.get(place(i) & LENGTH / 2 - 1, array, 0, 10_000));
            measure("copy-in", i -> shared.put(place(i) & LENGTH / 2 - 1, buffer, 10_000));
        }
        NativeMemory.release(buffer, LENGTH);
    }

    private static long place(final int i) {
        return (long) i * 4096 + i * 8L & LENGTH - 1 & -8;
    }

    private static void measure(final String name, final Access access) throws IOException {
        final var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM_UP; i++) {
            access.run(i);
        }
        long least = Long.MAX_VALUE;
        // Compilation may finish in the middle of a round: one round without an allocation shows that none is needed.
        for (int round = 0; round < 20 && least > 0; round++) {
            threads.getCurrentThreadAllocatedBytes();
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED; i++) {
                access.run(i);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.println(name + " " + least);
    }
}
