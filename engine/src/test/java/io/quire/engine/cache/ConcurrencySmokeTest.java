package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.write.WritePolicies;

/**
 * Threads do everything at once to one file, larger than the cache. A byte that is neither zero nor the one that belongs to
 * its position is an error, so stale frames and mixed-up pages are seen without a model.
 */
class ConcurrencySmokeTest extends CacheFixture {
    private static final int PAGES = 1600;
    private static final int THREADS = 6;
    private static final int STEPS = 1000;

    @RegisterExtension
    final Seed seed = new Seed();

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(16 * PAGE);
    }

    private static byte valueAt(final long position) {
        return (byte) ((position * 0x9E3779B97F4A7C15L >>> 56) | 1);
    }

    private static byte[] valuesAt(final long position, final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = valueAt(position + i);
        }
        return bytes;
    }

    private static void check(final byte[] bytes, final long position, final int length, final String context) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] != 0 && bytes[i] != valueAt(position + i)) {
                throw new AssertionError(context + ": a foreign byte " + bytes[i] + " at " + (position + i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-page", "multi-page-locked", "multi-page", "multi-page-read-head", "range", "all"})
    @DisplayName("C1 to C9, W1 to W3: random operations of many threads on one file in a tiny cache; then cache and store agree")
    void everythingAtOnce(final String policy) throws Exception {
        if (!policy.equals("all")) {
            cache.writePolicy(WritePolicies.byName(policy));
        }
        final List<Future<?>> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final int number = i;
            threads.add(start(() -> {
                work(number, policy.equals("all"));
                return null;
            }));
        }
        for (final Future<?> thread : threads) {
            end(thread);
        }
        cache.verify();
        assertThat(file.size()).as("size of the file").isEqualTo(store.storedSize());
        final byte[] bytes = new byte[16 * PAGE];
        for (long at = 0; at < file.size(); at += bytes.length) {
            final int n = file.read(at, bytes, 0, bytes.length);
            check(bytes, at, n, "at the end");
            assertThat(Arrays.copyOf(bytes, n)).as("cache against store at %d", at)
                .isEqualTo(store.content(at, bytes.length));
        }
    }

    private void work(final int number, final boolean switchPolicies) throws Exception {
        final Random random = new Random(seed.value() * 31 + number);
        final byte[] bytes = new byte[40 * PAGE];
        try (CachedFile mine = file.reopen()) {
            for (int step = 0; step < STEPS; step++) {
                final String context = seed + ", thread " + number + " step " + step;
                final long offset = random.nextInt(PAGES * PAGE);
                final int length = 1 + random.nextInt(random.nextInt(8) == 0 ? bytes.length : 3 * PAGE);
                final int choice = random.nextInt(100);
                if (choice < 55) {
                    check(bytes, offset, mine.read(offset, bytes, 0, length), context);
                } else if (choice < 90) {
                    assertThat(mine.write(offset, valuesAt(offset, length), 0, length)).as(context).isEqualTo(length);
                } else if (choice < 93) {
                    mine.truncate(offset);
                } else if (choice < 96) {
                    mine.punch(offset, length);
                } else if (choice < 97) {
                    mine.allocate(offset, length, random.nextBoolean());
                } else if (choice < 98) {
                    mine.sync(true);
                } else if (choice < 99) {
                    final StoreAttributes seen = new StoreAttributes();
                    store.attributes(seen);
                    mine.revalidate(seen);
                    mine.invalidate();
                } else if (switchPolicies) {
                    mine.writePolicy(WritePolicies.all().get(random.nextInt(WritePolicies.all().size())));
                }
            }
        }
    }
}
