package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Future;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.Migrator.Outcome;
import io.quire.engine.lock.Points;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/** Compound pages in the way of a shrink, a compaction, a migration. */
class CompoundMigrationTest extends CacheFixture {
    private static final int CAPACITY = 2 * (int) PageCache.MIN_CAPACITY;
    private static final int PAGES = 1800;

    private final byte[] content = random(1, PAGES * PAGE);

    @Override
    PageCacheBuilder builder() {
        return super.builder().capacity(CAPACITY).readAhead(1 << 20);
    }

    private Mapping fill() throws Exception {
        write(0, content);
        file.invalidate();
        assertThat(readAll()).isEqualTo(content);
        assertThat(counter(CacheCounter.LARGE_PAGES)).as("compound pages came in").isPositive();
        return cache.mappings.get(1);
    }

    private int frameOf(final Mapping mapping, final long index) {
        final int entry = mapping.tree.lookup(index);
        return PageTree.isPage(entry) ? PageTree.frame(entry) : -1;
    }

    private long tail(final Mapping mapping) {
        for (long index = 0; index < PAGES; index++) {
            final int frame = frameOf(mapping, index);
            if (frame >= 0 && cache.descriptors.has(frame, PageDescriptors.TAIL)) {
                return index;
            }
        }
        throw new AssertionError("no tail");
    }

    @Test
    @DisplayName("G10: compound pages above the limit are split and move, or go, and every byte is right")
    void shrink() throws Exception {
        fill();
        final long splits = counter(CacheCounter.SPLITS);
        cache.resize(PageCache.MIN_CAPACITY);
        assertThat(counter(CacheCounter.SPLITS) + counter(CacheCounter.EVICTIONS)).isGreaterThan(splits);
        cache.verify();
        assertThat(readAll()).isEqualTo(content);
        cache.resize(CAPACITY);
        assertContent(content);
    }

    @Test
    @DisplayName("G2: a tail moves when its compound page was split for it; the other pieces stay")
    void tailMoves() throws Exception {
        final Mapping mapping = fill();
        final long index = tail(mapping);
        final int frame = frameOf(mapping, index);
        final int head = cache.descriptors.head(frame);
        file.punch(PAGES / 2 * (long) PAGE, PAGES / 2 * (long) PAGE);
        final int target = cache.allocator.allocate();
        assertThat(cache.migrator.migrate(mapping, index, frame, target)).isEqualTo(Outcome.MOVED);
        assertThat(frameOf(mapping, index)).isEqualTo(target);
        assertThat(cache.descriptors.order(head)).isZero();
        assertThat(frameOf(mapping, index - 1)).isEqualTo(frame - 1);
        fill(cache.arena.address(frame), filled(PAGE, 0x77));
        cache.allocator.free(frame);
        cache.verify();
        System.arraycopy(new byte[PAGES / 2 * PAGE], 0, content, PAGES / 2 * PAGE, PAGES / 2 * PAGE);
        assertContent(content);
    }

    @Test
    @DisplayName("G2: a compound page of which somebody holds another frame neither moves nor is split")
    void pinned() throws Exception {
        final Mapping mapping = fill();
        final long index = tail(mapping);
        final int frame = frameOf(mapping, index);
        final int head = cache.descriptors.head(frame);
        final int order = cache.descriptors.order(head);
        file.punch(PAGES / 2 * (long) PAGE, PAGES / 2 * (long) PAGE);
        final int target = cache.allocator.allocate();
        final int pinned = mapping.getPage(index - (frame - head));
        assertThat(pinned).isEqualTo(head);
        assertThat(cache.migrator.migrate(mapping, index, frame, target)).isEqualTo(Outcome.BUSY);
        assertThat(cache.descriptors.order(head)).isEqualTo(order);
        cache.release(pinned);
        cache.allocator.free(target);
    }

    @Test
    @DisplayName("G2: a pin on another frame that comes between the split and the freeze does not matter; one on the frame does")
    void pinnedAfterSplit() throws Exception {
        final Mapping mapping = fill();
        final long index = tail(mapping);
        final int frame = frameOf(mapping, index);
        file.punch(PAGES / 2 * (long) PAGE, PAGES / 2 * (long) PAGE);
        final int target = cache.allocator.allocate();
        Points.Stop unmapped = points.stop(CachePoint.MIGRATE_UNMAPPED, mapping.id, index);
        Future<Outcome> migration = start(() -> cache.migrator.migrate(mapping, index, frame, target));
        unmapped.awaitArrival();
        final int pinned = mapping.getPage(index);
        unmapped.open();
        assertThat(end(migration)).isEqualTo(Outcome.BUSY);
        cache.release(pinned);
        unmapped = points.stop(CachePoint.MIGRATE_UNMAPPED, mapping.id, index);
        migration = start(() -> cache.migrator.migrate(mapping, index, frame, target));
        unmapped.awaitArrival();
        final int other = mapping.getPage(index - 1);
        unmapped.open();
        assertThat(end(migration)).isEqualTo(Outcome.MOVED);
        cache.release(other);
        cache.allocator.free(frame);
    }
}
