package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Future;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.PageCacheBuilder;
import io.quire.engine.cache.ProbeFile;

/** Stores and loads through regions while the pages move to other frames because the cache shrinks. */
class RegionMigrationTest extends RegionFixture {
    private static final int PAGES = 8;

    @Override
    PageCacheBuilder builder() {
        return super.builder().capacity(2 * PageCache.MIN_CAPACITY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"MIGRATE_LOCKED", "MIGRATE_UNMAPPED", "MIGRATE_FROZEN", "MIGRATE_COPIED", "MIGRATE_REPLACED"})
    @DisplayName("M6: a store while its dirty page moves to another frame is in the page that everybody sees")
    void storeAgainstMigration(final String point) throws Exception {
        final byte[] expected = random(1, PAGES * PAGE);
        try (CachedFile low = cache.open(new ProbeFile())) {
            final byte[] page = filled(PAGE, 0x66);
            for (int i = 0; i < PageCache.MIN_CAPACITY / PAGE + 100; i++) {
                low.write((long) i * PAGE, page, 0, PAGE);
            }
            write(0, expected);
        }
        final MappedRegion region = shared(0, PAGES * PAGE);
        for (int page = 0; page < PAGES; page++) {
            region.putByte(page * PAGE, (byte) 77);
            expected[page * PAGE] = 77;
        }
        final Stop stop = stopAt(point);
        final Future<?> shrinking = run(() -> cache.resize(PageCache.MIN_CAPACITY));
        stop.awaitReached();
        final Future<?> storing = run(() -> {
            for (int page = 0; page < PAGES; page++) {
                region.putByte(page * PAGE + 1, (byte) 78);
            }
        });
        letRun(storing);
        stop.open();
        end(shrinking);
        end(storing);
        for (int page = 0; page < PAGES; page++) {
            expected[page * PAGE + 1] = 78;
        }
        assertThat(get(region, 0, PAGES * PAGE)).isEqualTo(expected);
        assertThat(read(0, PAGES * PAGE)).isEqualTo(expected);
        cache.verify();
        region.sync();
        assertThat(store.content(0, PAGES * PAGE)).isEqualTo(expected);
    }
}
