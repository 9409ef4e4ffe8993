package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

import io.quire.engine.cache.ProbeFile.Behaviour;
import io.quire.engine.cache.ProbeFile.Call;
import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;
import io.quire.engine.write.WritePolicies;

/** What is left when the store fails a write: W3, W4, W5. */
class WriteFailureTest extends CacheFixture {
    private static final int PAGES = 12;

    private final byte[] before = random(1, PAGES * PAGE);
    private final byte[] after = random(2, PAGES * PAGE);

    /** A store that takes so many bytes, counted over all calls, and then fails. */
    private static Behaviour spaceFor(final long bytes, final int errno) {
        final AtomicLong left = new AtomicLong(bytes);
        return new Behaviour() {
            @Override
            public void before(final Call call) throws StoreException {
                if (call.is(Kind.WRITE) && left.get() == 0) {
                    throw new StoreException(errno, "the store is scripted to fail here");
                }
            }

            @Override
            public long limit(final Call call) {
                if (!call.is(Kind.WRITE)) {
                    return Long.MAX_VALUE;
                }
                final long n = Math.min(left.get(), call.length());
                left.addAndGet(-n);
                return n;
            }
        };
    }

    @ParameterizedTest
    @EveryPolicy(with = {"0", "1", "4095", "4096", "4097", "20000", "45000"})
    @DisplayName("W3, W4: ENOSPC after some bytes over cached pages: the count reaches the caller, the rest reads as the store has it")
    void outOfSpaceOverCachedPages(final String policy, final int space) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, before);
        assertThat(file.cachedPages()).isEqualTo(PAGES);
        store.behave(spaceFor(space, Errno.ENOSPC));
        final int offset = 100;
        final int length = PAGES * PAGE - 200;
        if (space == 0) {
            assertErrno(Errno.ENOSPC, () -> file.write(offset, after, 0, length));
        } else {
            assertThat(file.write(offset, after, 0, length)).isEqualTo(space);
        }
        store.behaveWell();
        final byte[] expected = before.clone();
        System.arraycopy(after, 0, expected, offset, space);
        assertThat(readAll()).isEqualTo(expected);
        assertErrno(Errno.ENOSPC, () -> file.sync(false));
        file.sync(false);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"0", "3000", "9000", "40900"})
    @DisplayName("W3, W5: a failed write that grows the file: the size is what reached the store, no page is beyond it")
    void outOfSpaceWhileGrowing(final String policy, final int space) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, Arrays.copyOf(before, 2 * PAGE + 50));
        store.behave(spaceFor(space, Errno.EDQUOT));
        final int offset = PAGE + 7;
        if (space == 0) {
            assertErrno(Errno.EDQUOT, () -> file.write(offset, after, 0, 40_960));
        } else {
            assertThat(file.write(offset, after, 0, 40_960)).isEqualTo(space);
        }
        store.behaveWell();
        final byte[] expected = Arrays.copyOf(before, Math.max(2 * PAGE + 50, offset + space));
        Arrays.fill(expected, 2 * PAGE + 50, expected.length, (byte) 0);
        System.arraycopy(after, 0, expected, offset, space);
        assertThat(file.size()).isEqualTo(expected.length);
        cache.verify();
        assertContent(expected);
        // C6: nothing of what failed comes back when the file grows over it.
        file.truncate(20 * PAGE);
        assertContent(Arrays.copyOf(expected, 20 * PAGE));
    }

    @ParameterizedTest
    @EveryPolicy(with = {"1", "5000", "8192"})
    @DisplayName("W5: a write beyond the end of which nothing reaches the store leaves the size")
    void nothingReachesTheStoreBeyondTheEnd(final String policy, final int gap) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, Arrays.copyOf(before, 100));
        store.behave(spaceFor(0, Errno.ENOSPC));
        assertErrno(Errno.ENOSPC, () -> file.write(100 + gap, after, 0, 3 * PAGE));
        store.behaveWell();
        assertThat(file.size()).isEqualTo(100);
        assertContent(Arrays.copyOf(before, 100));
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("W8: a failed write to a partial page that is not cached gives the page locks back in order")
    void partialTailPage(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, before);
        file.invalidate();
        store.behave(spaceFor(0, Errno.EIO));
        // Whole pages, then a partial one that stays locked until the end of the batch.
        assertErrno(Errno.EIO, () -> file.write(0, after, 0, 3 * PAGE + 100));
        store.behave(spaceFor(2 * PAGE + 5, Errno.EIO));
        assertThat(file.write(0, after, 0, 3 * PAGE + 100)).isEqualTo(2 * PAGE + 5);
        store.behaveWell();
        final byte[] expected = before.clone();
        System.arraycopy(after, 0, expected, 0, 2 * PAGE + 5);
        assertContent(expected);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"1", "1000", "5000"})
    @DisplayName("W4: short writes without an error go on where they stopped; nobody sees an error")
    void shortWrites(final String policy, final int most) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        store.behave(new Behaviour() {
            @Override
            public long limit(final Call call) {
                return call.is(Kind.WRITE) ? most : Long.MAX_VALUE;
            }
        });
        final byte[] bytes = Arrays.copyOf(after, most == 1 ? PAGE + 100 : after.length);
        write(0, bytes);
        store.behaveWell();
        file.sync(true);
        assertThat(counter(CacheCounter.STORE_WRITES)).isGreaterThanOrEqualTo(bytes.length / most);
        assertThat(counter(CacheCounter.STORE_WRITE_BYTES)).isEqualTo(bytes.length);
        assertContent(bytes);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("W3: a store that takes nothing and says so counts as EIO, and ends")
    void storeTakesNothing(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, before);
        store.behave(new Behaviour() {
            @Override
            public long limit(final Call call) {
                return call.is(Kind.WRITE) ? 0 : Long.MAX_VALUE;
            }
        });
        assertErrno(Errno.EIO, () -> file.write(0, after, 0, after.length));
        store.behaveWell();
        assertErrno(Errno.EIO, () -> file.sync(false));
        assertContent(before);
    }

    @ParameterizedTest
    @EveryPolicy(with = {"true", "false"})
    @DisplayName("W3: a store that breaks with a RuntimeException leaves no page changed, locked or lost, and the next sync tells")
    void storeBreaks(final String policy, final boolean afterEffect) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        write(0, before);
        final ProbeFile.Before breaks = call -> {
            if (call.is(Kind.WRITE)) {
                throw new IllegalStateException("a bug of the store");
            }
        };
        if (afterEffect) {
            store.after(breaks);
        } else {
            store.before(breaks);
        }
        assertThatThrownBy(() -> file.write(10, after, 0, 5 * PAGE)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.write(PAGES * PAGE + 10L, after, 0, 5 * PAGE))
            .isInstanceOf(IllegalStateException.class);
        store.behaveWell();
        cache.verify();
        assertErrno(Errno.EIO, () -> file.sync(false));
        // Whatever the store did with the bytes, cache and store agree.
        file.truncate(store.storedSize());
        assertContent(store.content(0, 40 * PAGE));
    }

    @Test
    @DisplayName("W3: while a write is on its way the new bytes are read; when it fails the old ones are again")
    void readersDuringAFailingWrite() throws Exception {
        write(0, before);
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                gate.pass();
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        final var writer = start(() -> assertThatThrownBy(() -> file.write(0, after, 0, 4 * PAGE))
            .isInstanceOf(CacheException.class));
        gate.awaitArrival();
        assertThat(read(0, 4 * PAGE)).isEqualTo(Arrays.copyOf(after, 4 * PAGE));
        gate.open();
        end(writer);
        assertThat(read(0, 4 * PAGE)).isEqualTo(Arrays.copyOf(before, 4 * PAGE));
    }

    @Test
    @DisplayName("W3, W5: the last page of the largest file leaves the cache when its write fails")
    void lastPageOfTheLargestFile() throws Exception {
        final long size = Long.MAX_VALUE;
        final long lastPage = size - (PAGE - 1);
        file.truncate(size);
        write(lastPage, Arrays.copyOf(before, PAGE - 1));
        assertThat(file.cachedPages()).isEqualTo(1);
        store.behave(spaceFor(0, Errno.EIO));
        assertErrno(Errno.EIO, () -> file.write(lastPage, after, 0, PAGE - 1));
        store.behaveWell();
        assertThat(file.cachedPages()).isZero();
        assertThat(read(lastPage, PAGE)).isEqualTo(Arrays.copyOf(before, PAGE - 1));
    }

    @Test
    @DisplayName("W4: every handle sees each error once at its next sync, a handle opened later does not")
    void errorSequence() throws Exception {
        try (CachedFile second = file.reopen()) {
            store.behave(spaceFor(0, Errno.ENOSPC));
            assertErrno(Errno.ENOSPC, () -> file.write(0, after, 0, 10));
            store.behaveWell();
            try (CachedFile third = file.reopen()) {
                third.sync(false);
                assertErrno(Errno.ENOSPC, () -> second.sync(true));
                second.sync(false);
                assertErrno(Errno.ENOSPC, () -> file.sync(false));
                file.sync(false);
                store.behave(spaceFor(0, Errno.EDQUOT));
                assertErrno(Errno.EDQUOT, () -> third.write(0, after, 0, 10));
                assertErrno(Errno.EDQUOT, () -> third.write(0, after, 0, 10));
                store.behaveWell();
                assertErrno(Errno.EDQUOT, () -> third.sync(false));
                third.sync(false);
                assertErrno(Errno.EDQUOT, () -> file.sync(false));
                assertErrno(Errno.EDQUOT, () -> second.sync(false));
            }
        }
    }

    @Test
    @DisplayName("W4: a sync that fails itself tells its caller at once and the other handles at theirs")
    void failingSync() throws Exception {
        try (CachedFile second = file.reopen()) {
            store.before(call -> {
                if (call.is(Kind.SYNC)) {
                    throw new StoreException(Errno.EIO, "scripted");
                }
            });
            assertErrno(Errno.EIO, () -> file.sync(false));
            store.behaveWell();
            assertThatCode(() -> file.sync(false)).doesNotThrowAnyException();
            assertErrno(Errno.EIO, () -> second.sync(false));
            second.sync(false);
        }
    }

    @Test
    @DisplayName("W4: threads that sync one handle at once see an error once between them")
    void racingSyncs() throws Exception {
        final ErrorSequence errors = new ErrorSequence();
        final AtomicLong cursor = new AtomicLong(errors.sample());
        final CyclicBarrier together = new CyclicBarrier(2);
        final Callable<Integer> syncer = () -> {
            int seen = 0;
            for (int round = 0; round < 2000; round++) {
                if (together.await(200, TimeUnit.SECONDS) == 0) {
                    errors.record(Errno.EIO);
                }
                seen += errors.advance(cursor) == 0 ? 0 : 1;
            }
            return seen + (errors.advance(cursor) == 0 ? 0 : 1);
        };
        final Future<Integer> first = start(syncer);
        final Future<Integer> second = start(syncer);
        assertThat(end(first) + end(second)).as("2000 errors, some of which may be seen as one").isBetween(1, 2000);
        assertThat(errors.advance(cursor)).isZero();
        errors.record(Errno.EIO);
        errors.record(Errno.ENOSPC);
        assertThat(errors.advance(cursor)).as("the last of several").isEqualTo(Errno.ENOSPC);
        assertThat(errors.advance(cursor)).isZero();
    }
}
