package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.ProbeFile.Kind;

/** Compound pages of which regions made some pages dirty: what memory pressure takes of them, and how they are written back. */
class CompoundDirtyTest extends RegionFixture {
    private static final int FRAMES = (int) (PageCache.MIN_CAPACITY / PAGE);
    /** As many pages as the largest fill of the smallest cache has. */
    private static final int LARGE = FRAMES / 32;

    @ParameterizedTest
    @ValueSource(ints = {0, 7, LARGE - 1})
    @DisplayName("H8: a dirty page keeps itself in the cache and not the clean ones that came in with it: others find memory")
    void oneDirtyPageInEach(final int place) throws Exception {
        final int pages = 3 * FRAMES;
        file.truncate((long) pages * PAGE);
        final MappedRegion region = shared(0, (long) pages * PAGE);
        for (int first = 0; first < pages; first += LARGE) {
            assertThat(read((long) first * PAGE, LARGE * PAGE)).isEqualTo(new byte[LARGE * PAGE]);
            region.putInt((long) (first + place) * PAGE + 4, first + 1);
        }
        assertThat(counter(CacheCounter.LARGE_PAGES)).as("compound pages came in").isGreaterThanOrEqualTo(FRAMES / LARGE);
        for (int first = 0; first < pages; first += LARGE) {
            assertThat(region.getInt((long) (first + place) * PAGE + 4)).isEqualTo(first + 1);
        }
        region.sync();
    }

    @Test
    @DisplayName("M6: dirty pages of a compound page that follow each other go to the store in one call, and its lock is given back")
    void oneCall() throws Exception {
        final byte[] content = random(1, LARGE * PAGE);
        write(0, content);
        file.invalidate();
        assertThat(read(0, content.length)).isEqualTo(content);
        assertThat(counter(CacheCounter.LARGE_PAGES)).isPositive();
        final MappedRegion region = shared(0, content.length);
        for (int page = 3; page < LARGE - 2; page++) {
            region.putByte((long) page * PAGE, (byte) page);
            content[page * PAGE] = (byte) page;
        }
        store.forgetCalls();
        region.sync();
        assertThat(store.calls(Kind.WRITE)).hasSize(1);
        assertThat(store.content(0, content.length)).isEqualTo(content);
        assertThat(counter(CacheCounter.DIRTY)).isZero();
        assertThat(counter(CacheCounter.SPLITS)).isZero();
    }
}
