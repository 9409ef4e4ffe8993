package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/** Eviction against whatever else wants the page: reads, writes, truncate, punch, invalidation, close. */
class EvictionRaceTest extends InterleavingFixture {
    private static final int INDEX = 5;
    private static final int TRIES = 20;
    private static final List<CachePoint> EVICT = List.of(CachePoint.EVICT_REFERENCED, CachePoint.EVICT_LOCKED,
        CachePoint.EVICT_FROZEN, CachePoint.EVICT_SHADOWED, CachePoint.EVICT_DETACHED);

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(0);
    }

    static List<CachePoint> evictPoints() {
        return EVICT;
    }

    /** What races with the eviction, and what of the file is left then. */
    private enum Rival {
        READ, WRITE_WHOLE, WRITE_PART, TRUNCATE_ALL, TRUNCATE_INTO, PUNCH_WHOLE, PUNCH_PART, INVALIDATE;

        /** Points at which it has the page, or is about to. */
        List<CachePoint> points() {
            return switch (this) {
                case READ -> List.of(CachePoint.COPY_STATE_READ, CachePoint.COPY_DONE);
                case WRITE_WHOLE, WRITE_PART -> List.of(CachePoint.WRITE_FOUND, CachePoint.WRITE_GRABBED,
                    CachePoint.WRITE_UNLOCKED, CachePoint.WRITE_BEFORE_STORE, CachePoint.WRITE_STORED);
                case TRUNCATE_ALL -> List.of(CachePoint.TRUNCATE_SIZE_PUBLISHED, CachePoint.TRUNCATE_STRIPES_PASSED,
                    CachePoint.REMOVE_COLLECTED, CachePoint.REMOVE_LOCKED, CachePoint.TRUNCATE_BETWEEN_PASSES,
                    CachePoint.TRUNCATE_BEFORE_STORE);
                case TRUNCATE_INTO -> List.of(CachePoint.TRUNCATE_SIZE_PUBLISHED, CachePoint.TRUNCATE_BEFORE_TAIL,
                    CachePoint.ZERO_FOUND, CachePoint.TRUNCATE_BEFORE_STORE);
                case PUNCH_WHOLE -> List.of(CachePoint.PUNCH_STORED, CachePoint.PUNCH_FOUND, CachePoint.PUNCH_HAS_STRIPE,
                    CachePoint.PUNCH_HAS_PAGE);
                case PUNCH_PART -> List.of(CachePoint.PUNCH_STORED, CachePoint.ZERO_FOUND);
                case INVALIDATE -> List.of(CachePoint.REMOVE_COLLECTED, CachePoint.REMOVE_LOCKED);
            };
        }
    }

    private byte[] run(final Rival rival) throws Exception {
        switch (rival) {
            case READ -> {
                return read(INDEX * PAGE, PAGE);
            }
            case WRITE_WHOLE -> write(INDEX * PAGE, Arrays.copyOf(other, PAGE));
            case WRITE_PART -> write(INDEX * PAGE + 7, Arrays.copyOf(other, 9));
            case TRUNCATE_ALL -> file.truncate(PAGE);
            case TRUNCATE_INTO -> file.truncate(INDEX * PAGE + 100);
            case PUNCH_WHOLE -> file.punch(4 * PAGE, 3 * PAGE);
            case PUNCH_PART -> file.punch(INDEX * PAGE + 3, 100);
            default -> file.invalidate();
        }
        return null;
    }

    private byte[] expected(final Rival rival) {
        final byte[] bytes = content.clone();
        switch (rival) {
            case WRITE_WHOLE -> System.arraycopy(other, 0, bytes, INDEX * PAGE, PAGE);
            case WRITE_PART -> System.arraycopy(other, 0, bytes, INDEX * PAGE + 7, 9);
            case TRUNCATE_ALL -> {
                return resized(content, PAGE);
            }
            case TRUNCATE_INTO -> {
                return resized(content, INDEX * PAGE + 100);
            }
            case PUNCH_WHOLE -> Arrays.fill(bytes, 4 * PAGE, 7 * PAGE, (byte) 0);
            case PUNCH_PART -> Arrays.fill(bytes, INDEX * PAGE + 3, INDEX * PAGE + 103, (byte) 0);
            default -> { }
        }
        return bytes;
    }

    /** The file with one page in the cache. */
    private void onePage() throws Exception {
        fresh();
        read(INDEX * PAGE, PAGE);
        assertThat(file.cachedPages()).isEqualTo(1);
    }

    private Actor<Void> eviction() {
        return action("eviction", () -> {
            final ThreadState state = cache.threads.current();
            for (int i = 0; i < TRIES; i++) {
                cache.reclaimer.reclaim(state);
            }
        });
    }

    private void assertSettled(final String order, final Rival rival, final byte[] seen) throws Exception {
        if (seen != null) {
            assertThat(seen).as(order).isEqualTo(Arrays.copyOfRange(content, INDEX * PAGE, (INDEX + 1) * PAGE));
        }
        cache.verify();
        assertThat(file.cachedPages()).as(order).isLessThanOrEqualTo(1);
        assertContent(expected(rival));
    }

    @ParameterizedTest
    @MethodSource("evictPoints")
    @DisplayName("C9, K9: an eviction stopped anywhere and a rival for its page: it waits for nobody, the page goes once, no byte is lost")
    void evictionFirst(final CachePoint at) throws Exception {
        for (final Rival rival : Rival.values()) {
            for (final CachePoint until : rival.points()) {
                onePage();
                final Actor<byte[]> second = actor(rival.name(), () -> run(rival)).stopAt(points, until);
                final Actor<Void> evict = eviction().stopAt(points, at).start();
                assertThat(evict.isStopped()).isTrue();
                second.startBeside();
                // While the rival stands at its point, or waits for the eviction.
                evict.end();
                final byte[] seen = second.end();
                assertSettled(at + " then " + rival + " to " + until, rival, seen);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Rival.class)
    @DisplayName("C9, K9: an eviction waits for nobody, wherever its rival stands")
    void rivalFirst(final Rival rival) throws Exception {
        for (final CachePoint at : rival.points()) {
            onePage();
            final Actor<byte[]> first = actor(rival.name(), () -> run(rival)).stopAt(points, at).start();
            assertThat(first.isStopped()).as("%s comes by %s", rival, at).isTrue();
            eviction().start().end();
            assertSettled(rival + " at " + at, rival, first.end());
        }
    }

    @Test
    @DisplayName("W2: a page whose new bytes are not in the store yet is not evicted, locked or not")
    void unwrittenPage() throws Exception {
        for (final CachePoint at : List.of(CachePoint.WRITE_GRABBED, CachePoint.WRITE_UNLOCKED,
            CachePoint.WRITE_BEFORE_STORE)) {
            onePage();
            final Actor<byte[]> writer = actor("writer", () -> run(Rival.WRITE_WHOLE)).stopAt(points, at).start();
            eviction().start().end();
            assertThat(file.cachedPages()).as("pages after %s", at).isEqualTo(1);
            writer.end();
        }
    }

    @Test
    @DisplayName("C4: a hit does not wait for an eviction in progress; before the page is unbound it still counts")
    void hitsPass() throws Exception {
        for (final CachePoint at : List.of(CachePoint.EVICT_REFERENCED, CachePoint.EVICT_LOCKED, CachePoint.EVICT_FROZEN)) {
            onePage();
            store.forgetCalls();
            final Actor<Void> evict = eviction().stopAt(points, at).start();
            assertThat(run(Rival.READ)).isEqualTo(Arrays.copyOfRange(content, INDEX * PAGE, (INDEX + 1) * PAGE));
            assertThat(store.calls(ProbeFile.Kind.READ)).isEmpty();
            evict.end();
        }
    }

    @Test
    @DisplayName("K10: a fault of an index that is just evicted takes another frame and finds the shadow: it is a refault")
    void refault() throws Exception {
        onePage();
        final int frame = PageTree.frame(pages().tree.lookup(INDEX));
        final long refaults = counter(CacheCounter.REFAULTS);
        final Actor<Void> evict = eviction().stopAt(points, CachePoint.EVICT_DETACHED).start();
        assertThat(PageTree.isShadow(pages().tree.lookup(INDEX))).isTrue();
        assertThat(run(Rival.READ)).isEqualTo(Arrays.copyOfRange(content, INDEX * PAGE, (INDEX + 1) * PAGE));
        assertThat(PageTree.frame(pages().tree.lookup(INDEX))).as("the frame is not free yet").isNotEqualTo(frame);
        assertThat(counter(CacheCounter.REFAULTS) - refaults).isEqualTo(1);
        evict.end();
    }

    @Test
    @DisplayName("K10: truncate and punch leave no shadow behind: what comes back after them is no refault")
    void noShadowOfWhatIsGone() throws Exception {
        for (final Rival rival : List.of(Rival.TRUNCATE_ALL, Rival.PUNCH_WHOLE)) {
            onePage();
            run(rival);
            final long refaults = counter(CacheCounter.REFAULTS);
            file.truncate(PAGES * PAGE);
            run(Rival.READ);
            assertThat(counter(CacheCounter.REFAULTS)).isEqualTo(refaults);
        }
    }

    @Test
    @DisplayName("C7: dirt that comes after the victim was chosen is seen, because the test follows the freeze")
    void dirtBeforeTheFreeze() throws Exception {
        onePage();
        final int frame = PageTree.frame(pages().tree.lookup(INDEX));
        final AtomicLong frozen = points.count(CachePoint.EVICT_FROZEN);
        final Actor<Void> evict = eviction().stopAt(points, CachePoint.EVICT_LOCKED).start();
        // What a store through a region does: a reference, the bytes, the flag, the reference back.
        assertThat(cache.descriptors.tryGet(frame)).isTrue();
        cache.descriptors.set(frame, PageDescriptors.DIRTY);
        cache.release(frame);
        evict.end();
        assertThat(frozen.get()).isPositive();
        assertThat(file.cachedPages()).isEqualTo(1);
        assertThat(cache.descriptors.refs(frame)).as("the freeze was taken back").isEqualTo(1);
        cache.descriptors.clear(frame, PageDescriptors.DIRTY);
    }
}
