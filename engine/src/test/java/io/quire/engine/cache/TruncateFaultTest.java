package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.memory.PageDescriptors;

/** Truncate against a fault: the three orders of size, check and fault mutex, and every pair of points. */
class TruncateFaultTest extends InterleavingFixture {
    private static final List<CachePoint> TRUNCATE = List.of(CachePoint.TRUNCATE_SIZE_PUBLISHED,
        CachePoint.TRUNCATE_STRIPES_PASSED, CachePoint.REMOVE_COLLECTED, CachePoint.REMOVE_LOCKED,
        CachePoint.TRUNCATE_BETWEEN_PASSES, CachePoint.TRUNCATE_BEFORE_TAIL, CachePoint.ZERO_FOUND,
        CachePoint.TRUNCATE_BEFORE_STORE);
    /** To nothing, into a page, between pages, into the last page. */
    private static final int[] SIZES = {0, 100, 3 * PAGE, 3 * PAGE + 100, 7 * PAGE + 1};
    private static final int SMALL = 3 * PAGE + 100;
    private static final int GONE = 5;

    static List<CachePoint> faultPoints() {
        return FAULT;
    }

    /** Points of a truncate that finds pages. All that it comes by. */
    static List<CachePoint> truncatePoints() {
        return TRUNCATE;
    }

    private Actor<byte[]> readerOfGone() {
        return actor("reader", () -> read(GONE * PAGE, PAGE));
    }

    private Actor<Void> truncate(final int size) {
        return action("truncate", () -> file.truncate(size));
    }

    @Test
    @DisplayName("K1: size published, fault checks, mutex passed: the fault finds the end, and truncate waits for it")
    void publishCheckPass() throws Exception {
        fresh();
        final AtomicLong inserted = points.count(CachePoint.FAULT_INSERTED);
        final Actor<byte[]> fault = readerOfGone().stopAt(points, CachePoint.FAULT_HAS_STRIPE).start();
        final Actor<Void> truncate = truncate(SMALL).start();
        assertThat(file.size()).as("published before the mutex is passed").isEqualTo(SMALL);
        assertThat(truncate.hasEnded()).as("truncate passed a fault mutex that is held").isFalse();
        assertThat(fault.end()).isEmpty();
        truncate.end();
        assertThat(inserted).hasValue(0);
    }

    @Test
    @DisplayName("K1: size published, mutex passed, fault checks: the fault finds the end, though nothing is removed yet")
    void publishPassCheck() throws Exception {
        fresh();
        readAll();
        final Actor<Void> evict = action("hole", () -> file.punch(GONE * PAGE, PAGE));
        evict.start().end();
        final AtomicLong inserted = points.count(CachePoint.FAULT_INSERTED);
        final Actor<byte[]> fault = readerOfGone().stopAt(points, CachePoint.FAULT_MISSED).start();
        final Actor<Void> truncate = truncate(SMALL).stopAt(points, CachePoint.TRUNCATE_STRIPES_PASSED).start();
        assertThat(truncate.isStopped()).isTrue();
        assertThat(fault.end()).isEmpty();
        assertThat(inserted).hasValue(0);
        assertThat(pages().tree.pages()).as("pages not removed yet").isEqualTo(PAGES - 1);
        truncate.end();
        assertThat(file.cachedPages()).isEqualTo(4);
    }

    @Test
    @DisplayName("K1, K2: fault checks, size published, mutex passed: truncate waits for the page to go in, and takes it out")
    void checkPublishPass() throws Exception {
        fresh();
        final AtomicLong inserted = points.count(CachePoint.FAULT_INSERTED);
        final AtomicLong passed = points.count(CachePoint.TRUNCATE_STRIPES_PASSED);
        final Actor<byte[]> fault = readerOfGone().stopAt(points, CachePoint.FAULT_SIZE_CHECKED).start();
        final Actor<Void> truncate = truncate(SMALL).start();
        assertThat(file.size()).isEqualTo(SMALL);
        assertThat(passed).as("the fault holds a mutex of the range").hasValue(0);
        assertThat(fault.end()).as("what the fault brought in is beyond the size").isEmpty();
        truncate.end();
        assertThat(inserted).hasValue(1);
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("K2: a page that is in the tree, locked and on its way from the store, is waited for and taken out")
    void insertPublishPass() throws Exception {
        fresh();
        final AtomicLong passed = points.count(CachePoint.TRUNCATE_STRIPES_PASSED);
        final Actor<byte[]> fault = readerOfGone().stopAt(points, CachePoint.FILL_BEFORE_READ).start();
        final Actor<Void> truncate = truncate(SMALL).start();
        assertThat(passed).as("no fault mutex is held over the store").hasValue(1);
        assertThat(truncate.hasEnded()).as("truncate passed a locked page").isFalse();
        assertThat(fault.end()).isEmpty();
        truncate.end();
        assertThat(file.cachedPages()).isZero();
    }

    @Test
    @DisplayName("K2: a page of the window is no exception: checked before the size, it is in the tree before it is looked for")
    void windowCheckPublishPass() throws Exception {
        fresh();
        final Actor<byte[]> fault = reader().stopAt(points, CachePoint.WINDOW_SIZE_CHECKED, GONE).start();
        assertThat(fault.isStopped()).isTrue();
        final Actor<Void> truncate = truncate(2 * PAGE).start();
        assertThat(truncate.hasEnded()).isFalse();
        assertFront(fault.end());
        truncate.end();
        assertThat(file.cachedPages()).isEqualTo(2);
        assertContent(resized(content, 2 * PAGE));
    }

    @Test
    @DisplayName("K2: truncate looks until a pass finds nothing: a page that came in behind it does not stay")
    void cameInBehind() throws Exception {
        fresh();
        readAll();
        final Actor<Void> truncate = truncate(SMALL).stopAt(points, CachePoint.TRUNCATE_BETWEEN_PASSES).start();
        assertThat(truncate.isStopped()).isTrue();
        // As nobody does who goes by the protocol: without the fault mutex, and beyond the size.
        final ThreadState state = cache.threads.current();
        final int frame = cache.allocate(state);
        assertThat(pages().insert(GONE, frame, false, state)).isEqualTo(Mapping.Insertion.INSERTED);
        cache.locker.unlockWith(frame, PageDescriptors.UPTODATE);
        cache.release(frame);
        truncate.end();
        assertThat(file.cachedPages()).isEqualTo(PageFiller.pages(SMALL));
    }

    @Test
    @DisplayName("K5: bytes that a truncate zeroed between the look at the size and the copy are not returned")
    void tailZeroedBeforeTheCopy() throws Exception {
        for (final CachePoint at : List.of(CachePoint.COPY_STATE_READ, CachePoint.READ_SIZE_READ)) {
            for (final int length : new int[] {50, 300, PAGE + 300}) {
                fresh();
                if (at == CachePoint.COPY_STATE_READ) {
                    readAll();
                }
                final Actor<byte[]> reader = actor("reader", () -> read(SMALL - 20, length)).stopAt(points, at).start();
                assertThat(reader.isStopped()).isTrue();
                file.truncate(SMALL);
                final byte[] seen = reader.end();
                assertThat(seen).as("%s %d", at, length).isEqualTo(Arrays.copyOfRange(content, SMALL - 20, SMALL));
            }
        }
    }

    @Test
    @DisplayName("K5: a read that finds itself almost 2^62 bytes beyond the new size copies nothing at all")
    void farBeyondTheNewSize() throws Exception {
        final long size = 1L << 62;
        for (final CachePoint at : List.of(CachePoint.READ_HAS_PAGE, CachePoint.READ_UPTODATE, CachePoint.COPY_DONE)) {
            file.truncate(size);
            if (at == CachePoint.COPY_DONE) {
                read(size - 64, 8);
            }
            fill(buffer, filled(PAGE, 0x33));
            // The distance has 64 for its lower half.
            final Actor<Integer> reader = actor("reader", () -> file.read(size - 64, buffer, 8)).stopAt(points, at).start();
            assertThat(reader.isStopped()).isTrue();
            file.truncate(0);
            assertThat(reader.end()).isZero();
            assertThat(bytesAt(buffer + 8, PAGE - 8)).as("behind the target").containsOnly(0x33);
        }
    }

    @ParameterizedTest
    @MethodSource("faultPoints")
    @DisplayName("K1, K2, K3: a fault stopped anywhere, a truncate that runs as far as it gets: nothing beyond the size, no old byte")
    void faultFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : TRUNCATE) {
            for (final int size : SIZES) {
                fresh();
                final byte[] seen = inTurn(reader(), at, truncate(size), until);
                assertSettled(at + " then " + until + " to " + size, seen, size);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("truncatePoints")
    @DisplayName("K1, K2, K3: a truncate stopped anywhere, a fault that runs as far as it gets: nothing beyond the size, no old byte")
    void truncateFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : FAULT) {
            for (final int size : SIZES) {
                fresh();
                // A page that goes, and the one with the tail, so that the truncate has something to find.
                read(6 * PAGE, 10);
                read(Math.min(size, 6 * PAGE), 10);
                final Actor<byte[]> reader = reader();
                final Actor<Void> truncate = truncate(size).stopAt(points, at).start();
                reader.stopAt(points, until).start();
                truncate.goOn();
                reader.goOn();
                truncate.end();
                assertSettled(at + " then " + until + " to " + size, reader.end(), size);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("faultPoints")
    @DisplayName("K3: a fault stopped anywhere, the file cut and grown again: nothing of what was cut off comes back")
    void downAndUp(final CachePoint at) throws Exception {
        for (final CachePoint until : List.of(CachePoint.TRUNCATE_BEFORE_TAIL, CachePoint.TRUNCATE_BEFORE_STORE,
            CachePoint.GROW_TAIL_SETTLED, CachePoint.GROW_BEFORE_PUBLISH)) {
            for (final int size : SIZES) {
                fresh();
                inTurn(reader(), at, action("truncate", () -> {
                    file.truncate(size);
                    file.truncate(content.length);
                }), until);
                cache.verify();
                assertContent(resized(content, size, content.length));
            }
        }
    }

    /** In the frame, not only hidden by the size: growth zeroes once more and would hide that truncate did not. */
    private void assertTailIsZero(final String order, final int size) {
        final int frame = pages().getPage(size / PAGE);
        if (frame != Mapping.NONE) {
            assertThat(bytesAt(cache.arena.address(frame) + size % PAGE, PAGE - size % PAGE)).as(order).containsOnly(0);
            cache.release(frame);
        }
    }

    private void assertSettled(final String order, final byte[] seen, final int size) throws Exception {
        assertThat(file.cachedPages()).as(order).isLessThanOrEqualTo(PageFiller.pages(size));
        assertThat(seen.length).as(order).isBetween(size, content.length);
        assertFront(seen);
        cache.verify();
        assertTailIsZero(order, size);
        assertContent(resized(content, size));
        file.truncate(content.length);
        assertContent(resized(content, size, content.length));
    }
}
