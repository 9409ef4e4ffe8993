package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/**
 * A lookup, with a reference or without, against its frame changing hands: removed, evicted, refilled, given to another page.
 * The frame of page {@value #INDEX} is the only one that is free when it is needed again, so it is the one that is taken.
 */
class LookupRaceTest extends InterleavingFixture {
    private static final int INDEX = 5;

    private final List<Integer> hoarded = new ArrayList<>();
    private final ProbeFile foreignStore = new ProbeFile();
    private CachedFile foreign;
    private int frame;

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(0);
    }

    /** What becomes of the frame. */
    private enum Change {
        EVICTED, TRUNCATED, TRUNCATED_AND_GROWN, PUNCHED, EVICTED_AND_REFILLED, PUNCHED_AND_REFILLED, FOREIGN,
        FOREIGN_AND_BACK, OTHER_INDEX, REFILL_IN_FLIGHT;

        /** What the page reads as afterwards: null for the content as it was. */
        boolean isZero() {
            return this == TRUNCATED_AND_GROWN || this == PUNCHED || this == PUNCHED_AND_REFILLED;
        }
    }

    private void prepare() throws Exception {
        fresh();
        foreignStore.outsideWrite(0, filled(PAGE, 0x77));
        foreign = cache.open(foreignStore);
        read(INDEX * PAGE, PAGE);
        frame = PageTree.frame(pages().tree.lookup(INDEX));
        for (int next = cache.allocator.allocate(); next != FrameAllocator.NONE; next = cache.allocator.allocate()) {
            hoarded.add(next);
        }
    }

    private void release() throws Exception {
        hoarded.forEach(cache.allocator::free);
        hoarded.clear();
        foreign.close();
    }

    private void evict() {
        final ThreadState state = cache.threads.current();
        await("the eviction of the page", () -> {
            cache.reclaimer.reclaim(state);
            return cache.descriptors.refs(frame) == 0;
        });
    }

    private void happens(final Change change) throws Exception {
        switch (change) {
            case EVICTED -> evict();
            case TRUNCATED -> file.truncate(PAGE);
            case TRUNCATED_AND_GROWN -> {
                file.truncate(PAGE);
                file.truncate(content.length);
            }
            case PUNCHED -> file.punch(0, PAGES * PAGE);
            case EVICTED_AND_REFILLED -> {
                evict();
                read(INDEX * PAGE, PAGE);
            }
            case PUNCHED_AND_REFILLED -> {
                file.punch(0, PAGES * PAGE);
                read(INDEX * PAGE, PAGE);
            }
            case FOREIGN -> {
                evict();
                read(foreign, 0, PAGE);
            }
            case FOREIGN_AND_BACK -> {
                evict();
                read(foreign, 0, PAGE);
                foreign.invalidate();
                read(INDEX * PAGE, PAGE);
            }
            case OTHER_INDEX -> {
                evict();
                read(2 * PAGE, PAGE);
            }
            default -> {
                evict();
                final Actor<byte[]> fill = actor("fill", () -> read(INDEX * PAGE, PAGE))
                    .stopAt(points, CachePoint.FILL_BEFORE_READ).start();
                assertThat(fill.isStopped()).isTrue();
            }
        }
        final boolean reused = change.name().contains("REFILL") || change.name().contains("FOREIGN")
            || change == Change.OTHER_INDEX;
        if (reused) {
            assertThat(cache.descriptors.refs(frame)).as("the frame is in use again").isPositive();
        }
    }

    private byte[] oldBytes() {
        return Arrays.copyOfRange(content, INDEX * PAGE, (INDEX + 1) * PAGE);
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C3: a frame read from a slot, stale by the time that the reference is taken, is not mistaken for the page")
    void slotRead(final Change change) throws Exception {
        prepare();
        final Actor<Integer> lookup = actor("lookup", () -> pages().getPage(INDEX))
            .stopAt(points, CachePoint.GET_SLOT_READ).start();
        assertThat(lookup.isStopped()).isTrue();
        happens(change);
        final int found = lookup.end();
        final int there = pages().tree.lookup(INDEX);
        if (PageTree.isPage(there)) {
            assertThat(found).isEqualTo(PageTree.frame(there));
            assertThat(pages().isBound(found, INDEX)).isTrue();
            points.letGo();
            cache.release(found);
        } else {
            assertThat(found).isEqualTo(Mapping.NONE);
        }
        release();
    }

    @ParameterizedTest
    @EnumSource(value = Change.class, names = {"TRUNCATED", "TRUNCATED_AND_GROWN", "PUNCHED"})
    @DisplayName("C3: a reference to a page that is removed before the slot is read again is given back, and frees the frame")
    void referenced(final Change change) throws Exception {
        prepare();
        final Actor<Integer> lookup = actor("lookup", () -> pages().getPage(INDEX))
            .stopAt(points, CachePoint.GET_REFERENCED).start();
        happens(change);
        assertThat(cache.descriptors.refs(frame)).as("the reference of the lookup alone").isEqualTo(1);
        assertThat(lookup.end()).isEqualTo(Mapping.NONE);
        assertThat(cache.descriptors.refs(frame)).isZero();
        assertThat(cache.allocator.available()).isEqualTo(1);
        release();
    }

    @Test
    @DisplayName("C7: a page that somebody refers to is not evicted")
    void referencedAgainstEviction() throws Exception {
        prepare();
        final Actor<Integer> lookup = actor("lookup", () -> pages().getPage(INDEX))
            .stopAt(points, CachePoint.GET_REFERENCED).start();
        final ThreadState state = cache.threads.current();
        for (int i = 0; i < 10; i++) {
            cache.reclaimer.reclaim(state);
        }
        assertThat(lookup.end()).isEqualTo(frame);
        cache.release(frame);
        release();
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C4: a copy that began while the page was good and went on when the frame was another's does not count")
    void copyBegun(final Change change) throws Exception {
        prepare();
        final Actor<byte[]> reader = actor("reader", () -> read(INDEX * PAGE, PAGE))
            .stopAt(points, CachePoint.COPY_STATE_READ).start();
        assertThat(reader.isStopped()).isTrue();
        happens(change);
        reader.goOn();
        points.letGo();
        final byte[] seen = reader.end();
        if (change == Change.TRUNCATED) {
            assertThat(seen).isEmpty();
        } else {
            assertThat(seen).isEqualTo(change.isZero() ? new byte[PAGE] : oldBytes());
        }
        release();
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C4: a copy that ended before the change counts only if the page is the same: old bytes or the new ones")
    void copyDone(final Change change) throws Exception {
        prepare();
        final long generation = cache.descriptors.state(frame) >>> PageDescriptors.GENERATION_SHIFT;
        final Actor<byte[]> reader = actor("reader", () -> read(INDEX * PAGE, PAGE))
            .stopAt(points, CachePoint.COPY_DONE).start();
        assertThat(reader.isStopped()).isTrue();
        happens(change);
        assertThat(cache.descriptors.state(frame) >>> PageDescriptors.GENERATION_SHIFT).as("the generation moved")
            .isNotEqualTo(generation);
        reader.goOn();
        points.letGo();
        final byte[] seen = reader.end();
        if (change == Change.TRUNCATED) {
            assertThat(seen).isEmpty();
        } else {
            // The generation moved, so the copy is made again: it is what the page is now.
            assertThat(seen).isEqualTo(change.isZero() ? new byte[PAGE] : oldBytes());
        }
        release();
    }

    @Test
    @DisplayName("C4: a flag that does not touch the bytes does not send a reader round again")
    void flags() throws Exception {
        prepare();
        for (final long flag : new long[] {PageDescriptors.DIRTY, PageDescriptors.WRITEBACK, PageDescriptors.READAHEAD}) {
            final AtomicLong copies = points.count(CachePoint.COPY_DONE);
            final Actor<byte[]> reader = actor("reader", () -> read(INDEX * PAGE, PAGE))
                .stopAt(points, CachePoint.COPY_STATE_READ).start();
            cache.descriptors.set(frame, flag);
            assertThat(reader.end()).isEqualTo(oldBytes());
            cache.descriptors.clear(frame, flag);
            assertThat(copies).as("copies with flag %x", flag).hasValue(1);
        }
        release();
    }
}
