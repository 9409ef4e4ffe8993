package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.tree.PageTree;

/**
 * A file of 2^62 bytes is cut, again and again, under 64 threads that fault pages in: near the new end, far away and at
 * the very end. No page beyond the size survives, and no read that began after a truncate returned finds a byte there. Half
 * of the threads read, and now and then store, through mapped regions where there is one.
 *
 * <p>Seconds, or as many as {@code -Dquire.storm.seconds} says; {@code -Dquire.seed} repeats the places.
 */
class TruncateStormTest extends CacheFixture {
    private static final int FAULTERS = 64;
    private static final long LARGE = 1L << 62;
    private static final int SLOT = 64;
    /** Every page of the head of the file has its number in each word, from 1 on: a zero there was never written. */
    private static final int HEAD_PAGES = 64;
    /** Length of each region: one over the head of the file, one over its end. */
    private static final long REGION = 1L << 41;

    @RegisterExtension
    final Seed seed = new Seed();

    /** From the return of a truncate until the file is about to grow; another object each time. */
    private record Cut(long size) { }

    /** What holds for a read that begins now, null when nothing does. */
    private volatile Cut cut;
    private final AtomicLong readsAfter = new AtomicLong();
    private final AtomicLong readsWithBytes = new AtomicLong();
    private final AtomicLong regionReads = new AtomicLong();
    private final AtomicLong refusedAccesses = new AtomicLong();
    private volatile boolean ended;

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(16 * PAGE);
    }

    private long seconds() {
        return Long.getLong("quire.storm.seconds", 3);
    }

    /** Where a faulter reads: in the head, about the end that is to come, anywhere, or at the very end. */
    private static long place(final Random random, final long end) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(HEAD_PAGES * PAGE);
            case 1, 2 -> Math.max(0, end + random.nextInt(16 * PAGE) - 8 * PAGE);
            case 3 -> random.nextLong(LARGE);
            default -> LARGE - 1 - random.nextInt(8 * PAGE);
        };
    }

    /** One faulter. What it reads is judged by what was known before it began. */
    private void fault(final CachedFile of, final List<MappedRegion> regions, final Random random, final AtomicLong nextEnd,
        final long memory) throws CacheException {
        while (!ended) {
            final Cut known = cut;
            final long at = place(random, nextEnd.get()) & -8;
            final MappedRegion region = regions.stream()
                .filter(r -> at >= r.fileOffset() && at - r.fileOffset() < r.length()).findAny().orElse(null);
            final int n = region == null ? of.read(at, memory, 8) : access(region, at, random.nextInt(8) == 0, memory);
            if (n > 0) {
                readsWithBytes.incrementAndGet();
            }
            // The file does not grow as long as this is the same object: so it holds for the whole of the read.
            if (known != null && cut == known) {
                readsAfter.incrementAndGet();
                if (n > 0 && at + n > known.size()) {
                    throw new AssertionError("a read of " + n + " bytes at " + at + " that began after the truncate to "
                        + known.size() + " returned");
                }
            }
            final long word = OffHeap.getLong(memory);
            if (n == 8 && word != 0 && word != at / PAGE + 1) {
                throw new AssertionError("the word at " + at + " is " + word);
            }
        }
    }

    /** A load, or a store of what belongs there; bytes found, 0 when the access was refused as beyond the end. */
    private int access(final MappedRegion region, final long at, final boolean store, final long memory)
        throws CacheException {
        try {
            final long value;
            if (store) {
                value = at / PAGE + 1;
                region.putLong(at - region.fileOffset(), value);
            } else {
                value = region.getLong(at - region.fileOffset());
            }
            OffHeap.putLong(memory, value);
            regionReads.incrementAndGet();
            return 8;
        } catch (final BeyondEndException e) {
            refusedAccesses.incrementAndGet();
            return 0;
        }
    }

    @Test
    @DisplayName("K1, K2, C5, M4: 2^62 bytes cut under 64 faulters: no page beyond the size survives, none is seen after the return")
    void storm() throws Exception {
        final Random random = new Random(seed.value());
        final AtomicLong nextEnd = new AtomicLong(LARGE);
        final long memory = NativeMemory.reserve(FAULTERS * SLOT, false);
        int rounds = 0;
        final CountDownLatch running = new CountDownLatch(FAULTERS);
        try (MemoryStore giants = new MemoryStore(); CachedFile giant = cache.open(giants.open("giant", true));
            AddressSpace space = new AddressSpace()) {
            final byte[] page = new byte[PAGE];
            for (int index = 0; index < HEAD_PAGES; index++) {
                Arrays.fill(page, (byte) 0);
                for (int word = 0; word < PAGE; word += 8) {
                    page[word] = (byte) (index + 1);
                }
                giant.write((long) index * PAGE, page, 0, PAGE);
            }
            final List<MappedRegion> regions = List.of(
                space.map(giant, 0, REGION, Sharing.SHARED, Protection.READ_WRITE),
                space.map(giant, LARGE - REGION, REGION, Sharing.SHARED, Protection.READ_WRITE));
            final List<Future<?>> faulters = new ArrayList<>();
            for (int i = 0; i < FAULTERS; i++) {
                final Random own = new Random(random.nextLong());
                final long address = memory + i * SLOT;
                final List<MappedRegion> through = i % 2 == 0 ? List.of() : regions;
                faulters.add(start(() -> {
                    running.countDown();
                    try {
                        fault(giant, through, own, nextEnd, address);
                    } finally {
                        ended = true;
                    }
                    return null;
                }));
            }
            running.await();
            final long stop = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds());
            try {
                do {
                    rounds++;
                    round(giant, random, nextEnd);
                } while (System.nanoTime() < stop && !ended);
            } finally {
                // Before the file is closed under them.
                ended = true;
                for (final Future<?> faulter : faulters) {
                    end(faulter);
                }
            }
            assertThat(rounds).isPositive();
            assertThat(readsAfter.get()).as("reads between two truncates").isPositive();
            assertThat(readsWithBytes.get()).as("reads that found bytes").isPositive();
            assertThat(regionReads.get()).as("accesses of regions that found bytes").isPositive();
            assertThat(refusedAccesses.get()).as("accesses of regions beyond the end").isPositive();
        } catch (final AssertionError e) {
            throw new AssertionError("round " + rounds, e);
        }
        NativeMemory.release(memory, FAULTERS * SLOT);
    }

    /** The file grows to 2^62 bytes, is faulted all over, and is cut. */
    private void round(final CachedFile giant, final Random random, final AtomicLong nextEnd) throws Exception {
        cut = null;
        giant.truncate(LARGE);
        final long end = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(HEAD_PAGES * PAGE);
            case 1 -> (long) HEAD_PAGES * PAGE;
            case 2 -> LARGE - REGION + (random.nextLong(REGION) & -PAGE);
            default -> random.nextLong(LARGE / 2);
        };
        nextEnd.set(end);
        final long before = readsWithBytes.get();
        final long regionsBefore = regionReads.get();
        await("faults of the large file",
            () -> readsWithBytes.get() > before + FAULTERS && regionReads.get() > regionsBefore || ended);
        giant.truncate(end);
        cut = new Cut(end);
        final long[] indices = new long[1];
        assertThat(cache.mappings.get(2L).tree.gang(PageFiller.pages(end), PageTree.MAX_INDEX, indices, new int[1]))
            .as("pages beyond %d, for example %d", end, indices[0]).isZero();
        final long after = readsAfter.get();
        final long refusedBefore = refusedAccesses.get();
        await("reads of the cut file",
            () -> readsAfter.get() > after + FAULTERS && refusedAccesses.get() > refusedBefore || ended);
    }
}
