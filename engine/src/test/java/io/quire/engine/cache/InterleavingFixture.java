package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

import org.junit.jupiter.api.AfterEach;

/**
 * Two threads, each stopped at one point: the first runs to its point, the second as far as it gets, the first goes on as
 * far as it gets, and both end. All orders that one stop of each can bring about.
 */
abstract class InterleavingFixture extends CacheFixture {
    static final int PAGES = 8;

    /** Every point of a read that misses, in the order in which it comes by. */
    static final List<CachePoint> FAULT = List.of(CachePoint.FAULT_MISSED, CachePoint.FAULT_HAS_STRIPE,
        CachePoint.FAULT_SIZE_CHECKED, CachePoint.FAULT_HAS_FRAME, CachePoint.FAULT_INSERTED, CachePoint.FAULT_LEFT_STRIPE,
        CachePoint.WINDOW_SIZE_CHECKED, CachePoint.WINDOW_INSERTED, CachePoint.FILL_BEFORE_READ,
        CachePoint.FILL_BEFORE_SETTLE, CachePoint.FILL_SIZE_READ, CachePoint.READ_HAS_PAGE, CachePoint.READ_UPTODATE,
        CachePoint.READ_SIZE_READ, CachePoint.COPY_STATE_READ, CachePoint.COPY_DONE);

    final byte[] content = random(1, PAGES * PAGE);
    final byte[] other = random(2, PAGES * PAGE);
    private final List<Actor<?>> actors = new ArrayList<>();

    @Override
    PageCacheBuilder builder() {
        // Every page its own: compound pages have interleavings of their own.
        return super.builder().readAhead(PAGES * PAGE).largePages(false);
    }

    /** Something that throws. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    @AfterEach
    final void actorsHaveEnded() {
        points.letGo();
        for (final Actor<?> actor : actors) {
            await("a thread of the test that ends", actor::hasEnded);
        }
    }

    <T> Actor<T> actor(final String name, final Callable<T> body) {
        final Actor<T> actor = new Actor<>(name, body);
        actors.add(actor);
        return actor;
    }

    Actor<Void> action(final String name, final Action body) {
        return actor(name, () -> {
            body.run();
            return null;
        });
    }

    Actor<byte[]> reader() {
        return actor("reader", () -> read(0, PAGES * PAGE));
    }

    /**
     * Brings about one order.
     *
     * @return what the first returned
     */
    <T> T inTurn(final Actor<T> first, final CachePoint firstAt, final Actor<?> second, final CachePoint secondAt)
        throws Exception {
        first.stopAt(points, firstAt);
        second.stopAt(points, secondAt);
        first.start();
        assertThat(first.isStopped()).as("%s is a point that the first comes by", firstAt).isTrue();
        second.start();
        first.goOn();
        second.goOn();
        final T result = first.end();
        second.end();
        return result;
    }

    /** The file as it is at first: eight pages of content, in the store and not in the cache. */
    void fresh() throws Exception {
        file.truncate(0);
        write(0, content);
        file.invalidate();
    }

    /** The mapping of the file of the fixture: the first one opened. */
    Mapping pages() {
        return cache.mappings.get(1L);
    }

    /** What a read that races with a truncate may return: nothing but the front of the content. */
    void assertFront(final byte[] seen) {
        assertThat(seen).isEqualTo(Arrays.copyOf(content, seen.length));
    }

    static byte[] resized(final byte[] bytes, final int... sizes) {
        byte[] result = bytes;
        for (final int size : sizes) {
            result = Arrays.copyOf(result, size);
        }
        return result;
    }
}
