package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.lock.Points;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;

/** G9: who walks the list of mappings holds the one it works on against teardown, and what does not hold it. */
class HeldMappingTest extends CacheFixture {
    private final ProbeFile secondStore = new ProbeFile();
    private final AtomicReference<Thread> closer = new AtomicReference<>();
    private CachedFile second;
    private Mapping mapping;
    private Mapping successor;

    @BeforeEach
    void openSecond() throws Exception {
        write(0, random(1, 4 * PAGE));
        second = cache.open(secondStore);
        mapping = cache.mappings.get(1);
        successor = cache.mappings.get(2);
        assertThat(mapping.next).isSameAs(successor);
    }

    private Future<Void> startClose() {
        return start(() -> {
            closer.set(Thread.currentThread());
            file.close();
            return null;
        });
    }

    private void awaitCloserWaits() {
        await("the closer has begun", () -> closer.get() != null);
        awaitBlockedOrEnded(closer.get());
    }

    @Test
    @DisplayName("G9: teardown takes the pages out at once, and waits with the mapping itself until it is let go")
    void teardownWaits() throws Exception {
        final Mapping held = cache.mappings.next(null);
        assertThat(held).isSameAs(mapping);
        final Future<Void> close = startClose();
        await("the pages have gone", () -> counter(CacheCounter.PAGES) == 0);
        awaitCloserWaits();
        assertThat(close.isDone()).isFalse();
        assertThat(mapping.listed).isTrue();
        assertThat(cache.mappings.next(held)).as("the walk goes on where it was").isSameAs(successor);
        end(close);
        assertThat(mapping.listed).isFalse();
        cache.mappings.release(successor);
    }

    @Test
    @DisplayName("G9: a walker that comes after teardown saw nobody, and before it has the list, is seen the second time")
    void doubleCheck() throws Exception {
        final Points.Stop notHeld = points.stop(CachePoint.TEARDOWN_NOT_HELD, mapping.id, Points.ANY);
        final Future<Void> close = startClose();
        notHeld.awaitArrival();
        final Mapping held = cache.mappings.next(null);
        assertThat(held).isSameAs(mapping);
        final Points.Stop heldAgain = points.stop(CachePoint.TEARDOWN_HELD_AGAIN, mapping.id, Points.ANY);
        notHeld.open();
        heldAgain.awaitArrival();
        assertThat(mapping.listed).isTrue();
        heldAgain.open();
        assertThat(close.isDone()).isFalse();
        assertThat(cache.mappings.next(held)).isSameAs(successor);
        end(close);
        cache.mappings.release(successor);
    }

    @ParameterizedTest
    @ValueSource(strings = {"map count", "page reference"})
    @DisplayName("G9: a raised map count or a page reference does not hold the mapping: it is gone while the walker works on it")
    void noSubstitute(final String substitute) throws Exception {
        // The walk as it would be: under the list's mutex the next mapping is found and "held" by one of its pages.
        final Mapping found = cache.mappings.next(null);
        final int frame = found.getPage(0);
        final long maps = cache.descriptors.address(frame) + PageDescriptors.MAPS_OFFSET;
        if (substitute.equals("map count")) {
            OffHeap.getAndAddInt(maps, 1);
            cache.release(frame);
        }
        // The mutex is dropped without the count: what the protocol adds is taken away here.
        cache.mappings.release(found);
        end(startClose());
        // Teardown is complete although the page was "held", and the walker has lost its place: the list goes on, it does not.
        assertThat(found.listed).isFalse();
        assertThat(found.next).isNull();
        assertThat(cache.descriptors.mapping(frame)).as("what was held belongs to no mapping").isZero();
        assertThat(cache.mappings.hold(found.id)).isNull();
        final Mapping stillThere = cache.mappings.next(null);
        assertThat(stillThere).as("a mapping that the walk would have left out").isSameAs(successor);
        cache.mappings.release(stillThere);
        if (substitute.equals("map count")) {
            OffHeap.getAndAddInt(maps, -1);
        } else {
            cache.release(frame);
        }
    }

    @Test
    @DisplayName("G9: the same walk with the stop-eviction count keeps its place: teardown is not complete before it has moved on")
    void countHolds() throws Exception {
        final Mapping found = cache.mappings.next(null);
        final Future<Void> close = startClose();
        awaitCloserWaits();
        assertThat(close.isDone()).isFalse();
        assertThat(found.listed).isTrue();
        assertThat(found.next).isSameAs(successor);
        assertThat(cache.mappings.next(found)).isSameAs(successor);
        cache.mappings.release(successor);
        end(close);
    }

    @Test
    @DisplayName("G9, G12: a mapping that is closed while a shrink works on it is closed when the shrink has moved on; both end well")
    void closeDuringResize() throws Exception {
        final Points.Stop held = points.stop(CachePoint.WALK_HELD, mapping.id, Points.ANY);
        // Something must stand above the limit for there to be a walk.
        cache.resize(2 * PageCache.MIN_CAPACITY);
        final byte[] large = random(3, 1500 * PAGE);
        second.write(0, large, 0, large.length);
        final Future<Void> resize = start(() -> {
            cache.resize(PageCache.MIN_CAPACITY);
            return null;
        });
        held.awaitArrival();
        final Future<Void> close = startClose();
        awaitCloserWaits();
        assertThat(close.isDone()).isFalse();
        held.open();
        end(resize);
        end(close);
        assertThat(cache.capacity()).isEqualTo(PageCache.MIN_CAPACITY);
        assertThat(read(second, 0, large.length)).isEqualTo(large);
    }

    @Test
    @DisplayName("A mapping in the middle, at the front and at the end of the list leaves it, and the walk finds the others")
    void list() throws Exception {
        final CachedFile third = cache.open(new ProbeFile());
        second.close();
        Mapping walked = cache.mappings.next(null);
        assertThat(walked).isSameAs(mapping);
        walked = cache.mappings.next(walked);
        assertThat(walked.id).isEqualTo(3);
        assertThat(cache.mappings.next(walked)).isNull();
        third.close();
        walked = cache.mappings.next(null);
        assertThat(cache.mappings.next(walked)).isNull();
    }
}
