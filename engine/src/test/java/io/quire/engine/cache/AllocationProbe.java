package io.quire.engine.cache;

import java.io.IOException;
import java.lang.management.ManagementFactory;

import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreFile;
import io.quire.engine.write.WritePolicies;

/**
 * Prints how many heap bytes an operation allocates, for {@link AllocationTest}, which runs it in a virtual machine of its own
 * because the lock-order validator allocates.
 */
public final class AllocationProbe {
    private static final int LENGTH = 64 << 10;
    private static final int WARM_UP = 6_000;
    private static final int MEASURED = 2_000;

    private AllocationProbe() {
    }

    /** An operation under measurement. */
    private interface Operation {
        void run(int i) throws IOException;
    }

    /**
     * Runs every operation and prints a line "name bytes" for each: heap bytes over {@link #MEASURED} operations.
     *
     * @param arguments none
     * @throws IOException when an operation fails
     */
    public static void main(final String[] arguments) throws IOException {
        final long buffer = NativeMemory.reserve(LENGTH, false);
        final byte[] array = new byte[LENGTH];
        try (PageCache cache = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(16L << 20).build();
            CachedFile file = cache.open(new NullFile()); CachedFile large = cache.open(new NullFile())) {
            file.truncate(4L << 20);
            large.truncate(1L << 40);
            measure("hit-8", i -> file.read((i * 4096L + i * 8L & (4 << 20) - 1) & -8, buffer, 8));
            measure("get", i -> file.getLong((i * 4096L + i * 8L & (4 << 20) - 1) & -8));
            measure("get-split", i -> file.getLong(i * 4096L + 4093 & (2 << 20) - 1));
            measure("hit-4k", i -> file.read(i * 4096L & (4 << 20) - 1, buffer, 4096));
            measure("hit-64k", i -> file.read(i * 4096L & (2 << 20) - 1, buffer, LENGTH));
            measure("hit-array", i -> file.read(i * 4096L & (2 << 20) - 1, array, 0, LENGTH));
            for (final WritePolicy policy : WritePolicies.all()) {
                cache.writePolicy(policy);
                measure(policy.name() + "-64k", i -> file.write(i * 4096L & (2 << 20) - 1, buffer, LENGTH));
                measure(policy.name() + "-partial", i -> file.write(i * 4097L & (2 << 20) - 1, buffer, 100));
                measure(policy.name() + "-array", i -> file.write(i * 4096L & (2 << 20) - 1, array, 0, LENGTH));
                measure(policy.name() + "-evicting", i -> large.write(i * 4096L, buffer, LENGTH));
            }
            measure("fault-evicting", i -> large.read((i * 0x9E3779B97F4A7C15L >>> 25) & -4096, buffer, 4096));
        }
        NativeMemory.release(buffer, LENGTH);
    }

    private static void measure(final String name, final Operation operation) throws IOException {
        final var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < WARM_UP; i++) {
            operation.run(i);
        }
        long least = Long.MAX_VALUE;
        // Compilation may finish in the middle of a round: one round without an allocation shows that none is needed.
        for (int round = 0; round < 20 && least > 0; round++) {
            threads.getCurrentThreadAllocatedBytes();
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED; i++) {
                operation.run(i);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        System.out.println(name + " " + least);
    }

    /** A store that moves nothing and remembers nothing. */
    private static final class NullFile implements StoreFile {
        @Override
        public long read(final long offset, final IoVector target) {
            return target.bytes();
        }

        @Override
        public long write(final long offset, final IoVector source) {
            return source.bytes();
        }

        @Override
        public void truncate(final long size) {
        }

        @Override
        public void punch(final long offset, final long length) {
        }

        @Override
        public void allocate(final long offset, final long length, final boolean keepSize) {
        }

        @Override
        public void sync(final boolean dataOnly) {
        }

        @Override
        public void attributes(final StoreAttributes target) {
            target.size = 0;
        }

        @Override
        public void close() {
        }
    }
}
