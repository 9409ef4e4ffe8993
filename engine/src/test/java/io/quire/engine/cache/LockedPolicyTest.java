package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.lock.LockOrder;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.write.WritePolicies;

/** The historic deadlock, and how its report ends it: W1 broken on purpose. */
class LockedPolicyTest extends CacheFixture {
    private static final int PAGES = 48;

    private final byte[] old = random(1, PAGES * PAGE);
    private final byte[] bytes = random(2, PAGES * PAGE);

    @BeforeEach
    void storedAndNotCached() throws Exception {
        write(0, old);
        file.invalidate();
        cache.writePolicy(WritePolicies.MULTI_PAGE_LOCKED);
    }

    /** A mapping of a file as source: its bytes are at hand once a page of that file was read. */
    private static final class MappedSource implements WriteSource {
        private final byte[] content;
        private final CachedFile mapped;
        private final int faultAt;
        private final int pageRead;
        private int ready;

        MappedSource(final byte[] content, final CachedFile mapped, final int faultAt, final int pageRead) {
            this.content = content;
            this.mapped = mapped;
            this.faultAt = faultAt;
            this.ready = faultAt;
            this.pageRead = pageRead;
        }

        @Override
        public int copy(final long offset, final long destination, final int length) {
            final int n = (int) Math.min(length, ready - offset);
            if (n > 0) {
                OffHeap.copyFromArray(content, (int) offset, destination, n);
            }
            return Math.max(n, 0);
        }

        @Override
        public int faultIn(final long offset, final int length) throws CacheException {
            assertThat(offset).isEqualTo(faultAt);
            read(mapped, (long) pageRead * PAGE, PAGE);
            ready = content.length;
            return length;
        }
    }

    private void assertReported(final String... words) {
        assertThat(LockOrder.reports()).hasSize(1);
        assertThat(LockOrder.reports().getFirst()).contains(words);
        LockOrder.resetForTest();
    }

    @ParameterizedTest
    @ValueSource(ints = {4096 - 12, 8192 - 12, 4096, 3 * 4096, 100})
    @DisplayName("X12: the source is a page of the batch: EDEADLK at once, with a report; every page unlocked, nothing written")
    void sourceIsAPageOfTheBatch(final int offset) throws Exception {
        final int first = offset / PAGE;
        final MappedSource source = new MappedSource(bytes, file, 2 * PAGE - offset % PAGE, first);
        assertErrno(Errno.EDEADLK, () -> file.writeFrom(source, offset, 4 * PAGE));
        assertReported("recursive", "index " + first);
        assertThat(file.cachedPages()).isZero();
        cache.verify();
        assertContent(old);
        // The cache stays usable, under this policy too.
        write(offset, Arrays.copyOf(bytes, 4 * PAGE));
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, offset, 4 * PAGE);
        assertContent(expected);
    }

    @EveryPolicy(laboratory = false)
    @ParameterizedTest
    @DisplayName("X12: the same under any other policy completes, and the validator has nothing to say")
    void otherPolicies(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final MappedSource source = new MappedSource(bytes, file, 2 * PAGE - 100, 0);
        assertThat(file.writeFrom(source, 100, 4 * PAGE)).isEqualTo(4 * PAGE);
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 100, 4 * PAGE);
        assertContent(expected);
    }

    @Test
    @DisplayName("X12: a source page that is not cached at all is refused as well: fault mutexes come before page locks")
    void sourceIsCold() throws Exception {
        final MappedSource source = new MappedSource(bytes, file, PAGE, PAGES - 1);
        assertErrno(Errno.EDEADLK, () -> file.writeFrom(source, 0, 4 * PAGE));
        assertReported("STRIPE", "PAGE");
        assertThat(file.cachedPages()).isZero();
        assertContent(old);
    }

    @Test
    @DisplayName("X12, W4: what an earlier batch stored is the caller's count; the batch that was refused leaves nothing")
    void refusedInTheSecondBatch() throws Exception {
        final int limit = cache.batchLimit;
        assertThat(limit).isLessThan(PAGES - 4);
        final MappedSource source = new MappedSource(bytes, file, (limit + 2) * PAGE, limit + 1);
        assertThat(file.writeFrom(source, 0, bytes.length)).isEqualTo(limit * PAGE);
        assertReported("PAGE");
        assertThat(file.cachedPages()).isEqualTo(limit);
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 0, limit * PAGE);
        assertContent(expected);
    }

    @Test
    @DisplayName("X12: pages that are uptodate can be read by anybody, locked or not: no deadlock with a warm source")
    void sourceIsWarm() throws Exception {
        readAll();
        final MappedSource source = new MappedSource(bytes, file, PAGE, 0);
        assertThat(file.writeFrom(source, 0, 4 * PAGE)).isEqualTo(4 * PAGE);
        final byte[] expected = old.clone();
        System.arraycopy(bytes, 0, expected, 0, 4 * PAGE);
        assertContent(expected);
    }

    @Test
    @DisplayName("X12: two writers that each want a page of the other's batch: the circle is found and nobody hangs")
    void circleOfTwo() throws Exception {
        final ProbeFile otherStore = new ProbeFile();
        try (CachedFile other = cache.open(otherStore)) {
            other.write(0, old, 0, old.length);
            other.invalidate();
            final Gate gate = new Gate();
            final MappedSource inner = new MappedSource(bytes, file, 2 * PAGE, 0);
            final WriteSource waiting = new WriteSource() {
                @Override
                public int copy(final long offset, final long destination, final int length) {
                    return inner.copy(offset, destination, length);
                }

                @Override
                public int faultIn(final long offset, final int length) throws CacheException {
                    gate.pass();
                    return inner.faultIn(offset, length);
                }
            };
            final var second = start(() -> {
                try {
                    return other.writeFrom(waiting, 0, 4 * PAGE);
                } catch (final CacheException e) {
                    return (long) -e.errno();
                }
            });
            gate.awaitArrival();
            final var first = start(() -> {
                try {
                    return file.writeFrom(new MappedSource(bytes, other, 2 * PAGE, 0), 0, 4 * PAGE);
                } catch (final CacheException e) {
                    return (long) -e.errno();
                }
            });
            await("the first writer waits for the second's page", () -> counter(CacheCounter.LOCK_WAITS) > 0);
            gate.open();
            assertThat(end(second)).as("the one that closes the circle").isEqualTo(-Errno.EDEADLK);
            // The page that it waited for left the cache: it faults, which is refused too while it holds pages.
            assertThat(end(first)).isEqualTo(-Errno.EDEADLK);
            assertThat(LockOrder.reports()).hasSize(2);
            LockOrder.resetForTest();
            cache.verify();
        }
    }
}
