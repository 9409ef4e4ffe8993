package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import io.quire.engine.Seed;

/** Random reads, writes, truncates, holes, evictions, splits and pins over compound pages, against a plain array. */
class LargePageModelTest extends CacheFixture {
    private static final int MOST = 200 * PAGE;
    private static final int STEPS = 4000;

    @RegisterExtension
    final Seed seed = new Seed();

    private final ArrayDeque<Integer> pinned = new ArrayDeque<>();
    private byte[] model = {};

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(32 * PAGE);
    }

    @Test
    @DisplayName("H1 to H9: whatever is done to compound pages, the file reads as a plain array does, and nothing leaks")
    void agrees() throws Exception {
        final SplittableRandom random = new SplittableRandom(seed.value());
        for (int i = 0; i < STEPS; i++) {
            step(random);
        }
        while (!pinned.isEmpty()) {
            cache.release(pinned.poll());
        }
        assertThat(readAll()).isEqualTo(model);
        assertThat(counter(CacheCounter.LARGE_PAGES)).isPositive();
        assertThat(counter(CacheCounter.SPLITS)).isPositive();
    }

    private void step(final SplittableRandom random) throws Exception {
        final int kind = random.nextInt(100);
        final Mapping mapping = cache.mappings.get(1L);
        if (kind < 35) {
            final int at = random.nextInt(MOST);
            final int length = 1 + random.nextInt(random.nextBoolean() ? 40 * PAGE : PAGE);
            final int end = Math.min(at + length, model.length);
            assertThat(read(at, length)).isEqualTo(at < end ? Arrays.copyOfRange(model, at, end) : new byte[0]);
        } else if (kind < 60) {
            final int length = 1 + random.nextInt(random.nextBoolean() ? 40 * PAGE : PAGE);
            final int at = random.nextInt(MOST - length) & (random.nextBoolean() ? -1 : -8 * PAGE);
            final byte[] bytes = random(random.nextLong(), length);
            write(at, bytes);
            if (at + length > model.length) {
                model = Arrays.copyOf(model, at + length);
            }
            System.arraycopy(bytes, 0, model, at, length);
        } else if (kind < 65) {
            final int size = random.nextInt(MOST);
            file.truncate(size);
            model = Arrays.copyOf(model, size);
            assertThat(file.cachedPages()).isLessThanOrEqualTo(PageFiller.pages(size));
        } else if (kind < 72) {
            final int at = random.nextInt(MOST);
            final int length = 1 + random.nextInt(20 * PAGE);
            file.punch(at, length);
            if (at < model.length) {
                Arrays.fill(model, at, Math.min(at + length, model.length), (byte) 0);
            }
        } else if (kind < 80) {
            cache.reclaimer.reclaim(cache.threads.current());
        } else if (kind < 88) {
            cache.large.trySplit(mapping, random.nextInt(MOST / PAGE), cache.threads.current());
        } else if (kind < 92) {
            final int frame = mapping.getPage(random.nextInt(MOST / PAGE));
            if (frame != Mapping.NONE) {
                pinned.add(frame);
            }
        } else if (kind < 97) {
            if (!pinned.isEmpty()) {
                cache.release(pinned.poll());
            }
        } else if (kind < 98) {
            cache.drop();
        } else {
            file.invalidate();
        }
    }
}
