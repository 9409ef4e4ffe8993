package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.Quire;
import io.quire.engine.store.Errno;
import io.quire.engine.store.MemoryStore;

/** What a cache below the usual minimum limits (C15). */
class SmallCacheTest extends CacheFixture {
    private static final int FRAMES = 16;

    @Override
    PageCacheBuilder builder() {
        return super.builder().smallCapacity(FRAMES * PAGE).readAhead(1 << 20);
    }

    @ParameterizedTest
    @CsvSource({"16, 4, 1, 1", "100, 25, 3, 1", "255, 32, 7, 1", "256, 32, 8, 2", "1023, 32, 31, 7", "1024, 32, 32, 8", "4096, 128, 128, 32"})
    @DisplayName("C15, R14: a request holds a quarter of a small cache at most, an eviction takes a 128th, and no limit jumps at the usual minimum")
    void limits(final int frames, final int batch, final int readAhead, final int evictions) {
        try (PageCache small = Quire.cache().smallCapacity((long) frames * PAGE).build()) {
            assertThat(small.batchLimit).isEqualTo(batch);
            assertThat(small.fillLimit).isEqualTo(batch);
            assertThat(small.readAheadPages).isEqualTo(readAhead);
            assertThat(small.evictionBatch).isEqualTo(evictions);
            assertThat(small.largePages).isEqualTo(frames >= 1024);
        }
    }

    @Test
    @DisplayName("C15: a full small cache evicts one page for one that comes in")
    void evictsOneByOne() throws Exception {
        file.truncate(64 * PAGE);
        for (int page = 0; page < 64; page += 3) {
            file.read((long) page * PAGE, buffer, 1);
        }
        assertThat(file.cachedPages()).isEqualTo(FRAMES);
        assertThat(cache.counters().get(CacheCounter.EVICTIONS)).isEqualTo(22 - FRAMES);
    }

    @Test
    @DisplayName("R14: pages that cannot go do not end an attempt to make room before a 32nd of the frames was looked at")
    void looksAtMoreThanABatch() throws Exception {
        final int frames = 128;
        final int candidates = frames / 32;
        try (PageCache small = Quire.cache().smallCapacity((long) frames * PAGE).readAhead(0).build(); MemoryStore store = new MemoryStore()) {
            assertThat(small.evictionBatch).isEqualTo(1);
            final CachedFile pages = small.open(store.open("pages", true));
            pages.truncate(frames * PAGE);
            for (int page = 0; page < frames; page++) {
                pages.read(page * PAGE, buffer, 1);
            }
            final Mapping mapping = small.mappings.values().iterator().next();
            final int[] held = new int[candidates];
            for (int page = 0; page < candidates; page++) {
                held[page] = mapping.getPage(page);
            }
            final ThreadState state = small.threads.current();
            final int first = small.reclaimer.reclaim(state);
            for (final int frame : held) {
                small.release(frame);
            }
            assertThat(first).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("a request that is larger than the cache is served in pieces, and aligned ones make no compound page")
    void servesInPieces() throws Exception {
        final byte[] bytes = random(1, 40 * PAGE);
        file.write(0, bytes, 0, bytes.length);
        assertThat(cache.counters().get(CacheCounter.STORE_WRITES)).isEqualTo(10);
        assertThat(read(file, 0, bytes.length)).isEqualTo(bytes);
        assertThat(cache.counters().get(CacheCounter.LARGE_PAGES)).isZero();
    }

    @Test
    @DisplayName("a small cache can grow, large pages come with the usual minimum, and it shrinks to what it was made with")
    void growsAndShrinks() throws Exception {
        try (PageCache small = Quire.cache().smallCapacity(FRAMES * PAGE).maxCapacity(2 * PageCache.MIN_CAPACITY).build()) {
            small.resize(PageCache.MIN_CAPACITY);
            assertThat(small.largePages).isTrue();
            small.resize(FRAMES * PAGE);
            assertThat(small.largePages).isFalse();
            assertThat(small.capacity()).isEqualTo(FRAMES * PAGE);
            assertThatThrownBy(() -> small.resize(FRAMES * PAGE - 1)).isInstanceOf(CacheException.class)
                .hasMessageContaining("can hold 65536 to 8388608 bytes, not 65535")
                .extracting(e -> ((CacheException) e).errno()).isEqualTo(Errno.EINVAL);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, PAGE, PageCache.SMALLEST_CAPACITY - 1, PageCache.MAX_CAPACITY + 1})
    @DisplayName("what is too small for any use is refused")
    void refuses(final long bytes) {
        assertThatThrownBy(() -> Quire.cache().smallCapacity(bytes)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("a small cache holds 64 KiB to 4 TiB, not " + bytes + " bytes");
    }

    @Test
    @DisplayName("the usual minimum stays that of caches that do not say that they are small")
    void usualMinimum() {
        assertThatThrownBy(() -> Quire.cache().capacity(PageCache.MIN_CAPACITY - 1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("a cache holds 4 MiB to 4 TiB");
    }
}
