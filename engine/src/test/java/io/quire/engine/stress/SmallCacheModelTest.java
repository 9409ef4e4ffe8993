package io.quire.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.Quire;
import io.quire.engine.Seed;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;
import io.quire.engine.write.WritePolicies;

/** Caches of a few pages under one thread (C15): requests larger than the cache, every policy, files and regions. */
@Timeout(300)
class SmallCacheModelTest {
    private static final int[] PAGES = {16, 17, 31, 64, 1023};
    private static final int PAGE = PageCache.PAGE_SIZE;
    private static final int FILE_PAGES = 1200;
    private static final int LONGEST = 300 * PAGE;

    @RegisterExtension
    final Seed seed = new Seed();

    static Stream<Arguments> replacements() {
        return ReplacementPolicies.all().stream().flatMap(policy -> sizes().map(pages -> Arguments.of(policy, pages)));
    }

    static Stream<Arguments> writes() {
        return WritePolicies.all().stream().flatMap(policy -> sizes().map(pages -> Arguments.of(policy, pages)));
    }

    private static Stream<Integer> sizes() {
        return Arrays.stream(PAGES).boxed();
    }

    @ParameterizedTest
    @MethodSource("replacements")
    @DisplayName("C15: no byte of files and regions differs from the model, and no operation is refused, whatever is replaced")
    void agreesWithTheModel(final ReplacementPolicies.Named policy, final int pages) throws Exception {
        LockOrder.resetForTest();
        try (Store store = new MemoryStore();
            PageCache cache = Quire.cache().smallCapacity((long) pages * PAGE).replacementPolicy(policy).build()) {
            try (ModelOperator operator = new ModelOperator(seed.value(), cache, store)) {
                operator.run(700);
                // The files of some seeds stay smaller than the larger caches.
                final long before = cache.counters().get(CacheCounter.EVICTIONS);
                operator.fill();
                assertThat(cache.counters().get(CacheCounter.EVICTIONS) - before).as("evictions")
                    .isGreaterThanOrEqualTo(ModelOperator.MOST_PAGES - pages);
                operator.run(800);
                operator.compareAll();
            }
            cache.verify();
        }
        assertThat(LockOrder.reports()).as("lock-order reports").isEmpty();
    }

    @ParameterizedTest
    @MethodSource("writes")
    @DisplayName("C15: each write policy writes more than the cache holds, and all of it is read back, from the cache and from the store")
    void writesMoreThanItHolds(final WritePolicy policy, final int pages) throws Exception {
        final byte[] model = new byte[FILE_PAGES * PAGE];
        final Random random = new Random(seed.value());
        final long buffer = NativeMemory.reserve(LONGEST, false);
        try (Store store = new MemoryStore();
            PageCache cache = Quire.cache().smallCapacity((long) pages * PAGE).writePolicy(policy).build();
            CachedFile file = cache.open(store.open("file", true))) {
            file.truncate(model.length);
            final byte[] bytes = new byte[LONGEST];
            for (int step = 0; step < 120; step++) {
                final int length = 1 + random.nextInt(step % 3 == 0 ? LONGEST : 3 * PAGE);
                final int at = random.nextInt(model.length - length) & (random.nextBoolean() ? -PAGE : -1);
                random.nextBytes(bytes);
                assertThat(file.write(at, bytes, 0, length)).as("step %d", step).isEqualTo(length);
                System.arraycopy(bytes, 0, model, at, length);
                assertThat(file.cachedPages()).isLessThanOrEqualTo(pages);
            }
            assertSame(file, model, buffer);
            file.invalidate();
            assertSame(file, model, buffer);
            cache.verify();
        } finally {
            NativeMemory.release(buffer, LONGEST);
        }
    }

    private void assertSame(final CachedFile file, final byte[] model, final long buffer) throws IOException {
        final byte[] read = new byte[model.length];
        assertThat(file.read(0, read, 0, read.length)).isEqualTo(read.length);
        assertThat(read).as("what was written").isEqualTo(model);
        assertThat(file.read(PAGE - 1, buffer, LONGEST)).isEqualTo(LONGEST);
    }
}
