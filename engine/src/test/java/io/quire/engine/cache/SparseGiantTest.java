package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.quire.engine.lock.Points;
import io.quire.engine.tree.TreePoints;

/**
 * The stall of the sparse giant, by counting and not by the clock: what a truncate or a punch of a hole does is at most one pass over
 * the fault mutexes, and a bounded piece of work for each page present.
 */
class SparseGiantTest extends CacheFixture {
    /** Levels of a tree that has index 2^51 - 1. */
    private static final int HEIGHT = 9;
    private static final int BATCH = 64;

    @Override
    PageCacheBuilder builder() {
        return super.builder().capacity(64L << 20);
    }

    /** Pages that lie in the hole at even distances, the last one at its end. */
    private void bringIn(final long holePages, final int present) throws Exception {
        file.truncate((holePages + 1 << 12) < 0 ? Long.MAX_VALUE : holePages + 1 << 12);
        final long stride = (holePages - 1) / present;
        for (int i = 1; i <= present; i++) {
            read(1 + i * stride - 1 << 12, 8);
        }
        assertThat(file.cachedPages()).isEqualTo(present);
    }

    @ParameterizedTest
    @CsvSource({"20, 1", "20, 1000", "20, 3000", "30, 1", "30, 1000", "40, 1", "40, 3000", "51, 1", "51, 10", "51, 1000", "51, 3000"})
    @DisplayName("K11: truncate passes each fault mutex at most once and looks at a bounded number of nodes for each page present")
    void truncate(final int holeBits, final int present) throws Exception {
        bringIn(Math.min(1L << holeBits, (1L << 51) - 2), present);
        final AtomicLong stripes = points.count(Points.STRIPE_PASSING);
        final AtomicLong scanned = points.count(TreePoints.named("SCAN_NODE"));
        final AtomicLong passes = points.count(CachePoint.TRUNCATE_BETWEEN_PASSES);
        final AtomicLong batches = points.count(CachePoint.REMOVE_LOCKED);
        final long removed = counter(CacheCounter.REMOVALS);
        file.truncate(PAGE);
        assertThat(counter(CacheCounter.REMOVALS) - removed).isEqualTo(present);
        assertThat(stripes.get()).as("fault mutexes passed").isEqualTo(cache.stripes.stripes());
        assertThat(passes.get()).as("passes that found pages").isEqualTo(1);
        assertThat(batches.get()).isEqualTo((present + BATCH - 1) / BATCH);
        assertThat(scanned.get()).as("nodes looked at for %d pages", present).isLessThanOrEqualTo(bound(present));
    }

    @ParameterizedTest
    @CsvSource({"20, 1", "20, 3000", "51, 1", "51, 10", "51, 3000"})
    @DisplayName("K11: punch takes one fault mutex for each page present, and looks at a bounded number of nodes for each")
    void punch(final int holeBits, final int present) throws Exception {
        final long pages = Math.min(1L << holeBits, (1L << 51) - 2);
        bringIn(pages, present);
        final AtomicLong stripes = points.count(CachePoint.PUNCH_HAS_STRIPE);
        final AtomicLong passed = points.count(Points.STRIPE_PASSING);
        final AtomicLong scanned = points.count(TreePoints.named("SCAN_NODE"));
        file.punch(0, pages << 12);
        assertThat(file.cachedPages()).isZero();
        assertThat(stripes.get()).isEqualTo(present);
        assertThat(passed.get()).isZero();
        assertThat(scanned.get()).as("nodes looked at for %d pages", present).isLessThanOrEqualTo(bound(present));
    }

    /** A way down to each page and, for each batch and for the pass that finds nothing, one to where the last one ended. */
    private static long bound(final long present) {
        return HEIGHT * (present + 2 * (present / BATCH + 2));
    }
}
