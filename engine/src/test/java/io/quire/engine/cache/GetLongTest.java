package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/** A number read out of a file, as a value and copied: from one page or two, cached or not, and while the page changes hands. */
class GetLongTest extends InterleavingFixture {
    private static final int SIZE = PAGES * PAGE;
    private static final int ROUNDS = 400;
    private static final int INDEX = 5;
    private static final long OURS = 0x1111_1111_1111_1111L;

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(0);
    }

    private long expected(final int offset) {
        return ByteBuffer.wrap(content).order(ByteOrder.nativeOrder()).getLong(offset);
    }

    private static void assertBeyondEnd(final long position, final long size, final ThrowingCallable action) {
        assertThatThrownBy(action).isInstanceOfSatisfying(BeyondEndException.class, e -> {
            assertThat(e.errno()).isEqualTo(Errno.EFAULT);
            assertThat(e.position()).isEqualTo(position);
            assertThat(e.size()).isEqualTo(size);
        }).hasMessageContaining("8 bytes at " + position + " of file 1 go beyond its size of " + size + " bytes");
    }

    @Test
    @DisplayName("getLong: any offset, also across pages, cached and not, is the eight bytes in native order")
    void everyOffset() throws Exception {
        fresh();
        for (int round = 0; round < 2; round++) {
            for (int offset = 0; offset <= SIZE - 8; offset += offset % PAGE > PAGE - 16 ? 1 : 5) {
                if (round == 0 && offset % 3 == 0) {
                    file.invalidate();
                }
                assertThat(file.getLong(offset)).as("at %d", offset).isEqualTo(expected(offset));
            }
        }
        assertThat(end(start(() -> file.getLong(PAGE - 3)))).as("by another thread").isEqualTo(expected(PAGE - 3));
    }

    @Test
    @DisplayName("getLong: hits are counted once for each page")
    void hits() throws Exception {
        fresh();
        read(0, SIZE);
        file.getLong(0);
        final long before = counter(CacheCounter.HITS);
        file.getLong(8);
        assertThat(counter(CacheCounter.HITS)).isEqualTo(before + 1);
        file.getLong(PAGE - 1);
        assertThat(counter(CacheCounter.HITS)).isEqualTo(before + 3);
    }

    @Test
    @DisplayName("getLong: a byte beyond the end is a BeyondEndException, also when its page is cached; a negative offset EINVAL")
    void beyondEnd() throws Exception {
        for (final int size : List.of(SIZE, SIZE - 100, 3 * PAGE, 3 * PAGE + 4, 7, 0)) {
            fresh();
            file.truncate(size);
            if (size >= 8) {
                assertThat(file.getLong(size - 8)).isEqualTo(expected(size - 8));
            }
            for (final long offset : List.of(Math.max(0, size - 7L), size - 1L, (long) size, size + 1L, size + 4096L, Long.MAX_VALUE,
                Long.MAX_VALUE - 7, Long.MAX_VALUE - 8)) {
                if (offset >= 0) {
                    assertBeyondEnd(offset, size, () -> file.getLong(offset));
                }
            }
        }
        for (final long offset : List.of(-1L, -8L, -4096L, Long.MIN_VALUE)) {
            assertErrno(Errno.EINVAL, () -> file.getLong(offset));
        }
    }

    @Test
    @DisplayName("getLong: the last bytes of the largest file")
    void largestFile() throws Exception {
        file.truncate(Long.MAX_VALUE);
        for (int round = 0; round < 3; round++) {
            assertThat(file.getLong(Long.MAX_VALUE - 8)).isZero();
            assertBeyondEnd(Long.MAX_VALUE - 7, Long.MAX_VALUE, () -> file.getLong(Long.MAX_VALUE - 7));
            assertBeyondEnd(Long.MAX_VALUE - 1, Long.MAX_VALUE, () -> file.getLong(Long.MAX_VALUE - 1));
        }
        file.truncate(0);
    }

    @Test
    @DisplayName("getLong: a closed handle is EBADF, also while another keeps the page")
    void closed() throws Exception {
        fresh();
        read(0, SIZE);
        final CachedFile other = file.reopen();
        assertThat(other.getLong(0)).isEqualTo(other.getLong(0)).isEqualTo(expected(0));
        other.close();
        assertErrno(Errno.EBADF, () -> other.getLong(0));
        assertErrno(Errno.EBADF, () -> other.getLong(PAGE - 1));
        assertThat(file.getLong(0)).isEqualTo(expected(0));
    }

    @Test
    @DisplayName("getLong: an error of the store is not taken for the end, be it that of the second page")
    void storeFails() throws Exception {
        fresh();
        read(0, PAGE);
        store.before(call -> {
            throw new StoreException(Errno.EIO, "reading");
        });
        assertErrno(Errno.EIO, () -> file.getLong(PAGE - 3));
        store.behaveWell();
        assertThat(file.getLong(PAGE - 3)).isEqualTo(expected(PAGE - 3));
    }

    /** What becomes of the page while a value of it is read. */
    private enum Change { REFILLED, TRUNCATED_INTO, TRUNCATED, PUNCHED }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C4, C5: a value from a page that is cut, emptied or another's by the time that it is read does not count")
    void pageChanges(final Change change) throws Exception {
        for (final CachePoint at : List.of(CachePoint.COPY_STATE_READ, CachePoint.COPY_DONE)) {
            fresh();
            // This thread's handle, and the page is in a leaf, which is known afterwards, so that the next one goes the shortest way,
            // where nobody else looks again.
            final CachedFile own = file.reopen();
            read(0, SIZE);
            for (int i = 0; i < 3; i++) {
                assertThat(own.getLong(INDEX * PAGE + 8)).isEqualTo(expected(INDEX * PAGE + 8));
            }
            final AtomicBoolean once = new AtomicBoolean();
            points.run(at, () -> {
                if (once.compareAndSet(false, true)) {
                    happens(change);
                }
            });
            final ThrowingCallable get = () -> assertThat(own.getLong(INDEX * PAGE + 64)).as("%s at %s", change, at)
                .isEqualTo(change == Change.REFILLED ? expected(INDEX * PAGE + 64) : 0L);
            if (change == Change.REFILLED || change == Change.PUNCHED) {
                assertThatCode(get).doesNotThrowAnyException();
            } else {
                assertThatThrownBy(get).as("%s at %s", change, at).isInstanceOf(BeyondEndException.class);
            }
            own.close();
            assertThat(once).isTrue();
        }
    }

    private void happens(final Change change) {
        try {
            switch (change) {
                case REFILLED -> {
                    final long bytes = cache.arena.address(PageTree.frame(pages().tree.lookup(INDEX)));
                    file.invalidate();
                    // The frame is somebody else's.
                    OffHeap.putLong(bytes + 64, OURS);
                }
                case TRUNCATED_INTO -> file.truncate(INDEX * PAGE + 60);
                case TRUNCATED -> file.truncate(PAGE);
                default -> file.punch(INDEX * PAGE, PAGE);
            }
        } catch (final CacheException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C4, C5: eight bytes copied from such a page are the file's, and nothing is stored beyond the bytes that count")
    void pageChangesWhileCopied(final Change change) throws Exception {
        for (final CachePoint at : List.of(CachePoint.COPY_STATE_READ, CachePoint.COPY_DONE)) {
            fresh();
            final CachedFile own = file.reopen();
            read(0, SIZE);
            for (int i = 0; i < 3; i++) {
                assertThat(own.read(INDEX * PAGE + 8, buffer, 8)).isEqualTo(8);
            }
            OffHeap.putLong(buffer, OURS);
            final AtomicBoolean once = new AtomicBoolean();
            points.run(at, () -> {
                if (once.compareAndSet(false, true)) {
                    happens(change);
                }
            });
            final boolean cut = change == Change.TRUNCATED_INTO || change == Change.TRUNCATED;
            assertThat(own.read(INDEX * PAGE + 64, buffer, 8)).as("%s at %s", change, at).isEqualTo(cut ? 0 : 8);
            assertThat(OffHeap.getLong(buffer)).as("%s at %s", change, at)
                .isEqualTo(cut ? OURS : change == Change.REFILLED ? expected(INDEX * PAGE + 64) : 0L);
            own.close();
            assertThat(once).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("C4, K5: more bytes copied from such a page are the file's, and none counts beyond a smaller size")
    void pageChangesWhileMoreIsCopied(final Change change) throws Exception {
        for (final CachePoint at : List.of(CachePoint.COPY_STATE_READ, CachePoint.COPY_DONE)) {
            fresh();
            final CachedFile own = file.reopen();
            read(0, SIZE);
            for (int i = 0; i < 3; i++) {
                assertThat(own.read(INDEX * PAGE + 8, buffer, 24)).isEqualTo(24);
            }
            final AtomicBoolean once = new AtomicBoolean();
            points.run(at, () -> {
                if (once.compareAndSet(false, true)) {
                    happens(change);
                }
            });
            final boolean cut = change == Change.TRUNCATED_INTO || change == Change.TRUNCATED;
            assertThat(own.read(INDEX * PAGE + 64, buffer, 24)).as("%s at %s", change, at).isEqualTo(cut ? 0 : 24);
            for (int i = 0; i < 24 && !cut; i += 8) {
                assertThat(OffHeap.getLong(buffer + i)).as("%s at %s", change, at)
                    .isEqualTo(change == Change.REFILLED ? expected(INDEX * PAGE + 64 + i) : 0L);
            }
            own.close();
            assertThat(once).isTrue();
        }
    }

    @Test
    @DisplayName("a read of eight bytes at the end of the file stores only those that there are")
    void copiedAtTheEnd() throws Exception {
        for (final int size : List.of(SIZE - 100, 3 * PAGE, 3 * PAGE + 4, 7)) {
            fresh();
            file.truncate(size);
            final CachedFile own = file.reopen();
            for (int left = 8; left >= 0; left--) {
                if (left <= size) {
                    OffHeap.putLong(buffer, OURS);
                    assertThat(own.read(size - left, buffer, 8)).isEqualTo(left);
                    for (int i = 0; i < 8; i++) {
                        assertThat(OffHeap.getByte(buffer + i)).as("byte %d of %d before %d", i, left, size)
                            .isEqualTo(i < left ? content[size - left + i] : (byte) OURS);
                    }
                }
            }
            own.close();
        }
        for (final long offset : List.of(-1L, -8L, -4096L, Long.MIN_VALUE)) {
            assertErrno(Errno.EINVAL, () -> file.read(offset, buffer, 8));
        }
    }

    @Test
    @DisplayName("hits through another thread's handle are counted by who reads: counters have one writer each")
    void countedByTheReader() throws Exception {
        fresh();
        read(0, SIZE);
        final CachedFile shared = file.reopen();
        assertThat(shared.getLong(0)).isEqualTo(expected(0));
        final ThreadState owner = cache.threads.current();
        final long before = owner.value(CacheCounter.HITS);
        end(start(() -> {
            final ThreadState reader = cache.threads.current();
            // The handle is taken over at a multiple of its reader's hits.
            reader.count(CacheCounter.HITS, 1);
            final long own = reader.value(CacheCounter.HITS);
            for (int i = 0; i < 3; i++) {
                assertThat(shared.getLong(8)).isEqualTo(expected(8));
                assertThat(shared.read(8, buffer, 8)).isEqualTo(8);
                assertThat(shared.read(8, buffer, 24)).isEqualTo(24);
            }
            assertThat(reader.value(CacheCounter.HITS) - own).isEqualTo(9);
            return null;
        }));
        assertThat(owner.value(CacheCounter.HITS)).isEqualTo(before);
        shared.close();
    }

    @Test
    @DisplayName("a read of any length by a closed handle is EBADF, also while another keeps the page")
    void copiedByAClosedHandle() throws Exception {
        fresh();
        read(0, SIZE);
        final CachedFile other = file.reopen();
        for (final int length : List.of(8, 8, 9, 9, PAGE, PAGE)) {
            assertThat(other.read(0, buffer, length)).isEqualTo(length);
        }
        other.close();
        for (final int length : List.of(8, 9, PAGE, PAGE + 1)) {
            assertErrno(Errno.EBADF, () -> other.read(0, buffer, length));
        }
        assertThat(file.read(0, buffer, 8)).isEqualTo(8);
    }

    @Test
    @DisplayName("C4: who has closed a handle gets EBADF, also while another thread that closes it has got no further than its mark")
    void closedByTwo() throws Exception {
        fresh();
        read(0, SIZE);
        final CachedFile both = file.reopen();
        for (int i = 0; i < 3; i++) {
            assertThat(both.getLong(0)).isEqualTo(expected(0));
        }
        final Actor<Void> first = action("first to close", both::close).stopAt(points, CachePoint.CLOSE_MARKED).start();
        assertThat(first.isStopped()).isTrue();
        both.close();
        assertErrno(Errno.EBADF, () -> both.getLong(0));
        for (final int length : List.of(8, 9, PAGE)) {
            assertErrno(Errno.EBADF, () -> both.read(0, buffer, length));
        }
        first.end();
    }

    @Test
    @DisplayName("C4: values from frames that change hands all the time are the file's own")
    void framesChangeHands() throws Exception {
        store.outsideWrite(0, filled(SIZE, (int) OURS & 0xff));
        file.invalidate();
        final byte[] foreign = filled(SIZE, 0x22);
        final AtomicBoolean ended = new AtomicBoolean();
        final CountDownLatch begun = new CountDownLatch(1);
        final Future<Long> reader = start(() -> {
            long reads = 0;
            try (CachedFile own = file.reopen()) {
                while (!ended.get()) {
                    final long offset = reads * 1365 % (SIZE - 8);
                    final long value = own.getLong(offset);
                    if (value != OURS) {
                        throw new AssertionError(Long.toHexString(value) + " at " + offset + " in read " + reads);
                    }
                    reads++;
                    begun.countDown();
                }
            }
            return reads;
        });
        await("a first value", () -> begun.getCount() == 0 || reader.isDone());
        try (CachedFile other = cache.open(new ProbeFile())) {
            for (int round = 0; round < ROUNDS && !reader.isDone(); round++) {
                file.invalidate();
                assertThat(other.write(0, foreign, 0, foreign.length)).isEqualTo(foreign.length);
                other.invalidate();
            }
            ended.set(true);
            assertThat(end(reader)).isPositive();
        }
    }
}
