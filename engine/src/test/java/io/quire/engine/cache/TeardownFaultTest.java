package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.quire.engine.store.Errno;

/** The close of the last handle, and of the cache, against a fault: the reader has its bytes or EBADF, and no page stays. */
class TeardownFaultTest extends InterleavingFixture {
    private static final List<CachePoint> TEARDOWN = List.of(CachePoint.TEARDOWN_BEGUN, CachePoint.TEARDOWN_STRIPES_PASSED,
        CachePoint.REMOVE_COLLECTED, CachePoint.REMOVE_LOCKED, CachePoint.TRUNCATE_BETWEEN_PASSES);

    private ProbeFile victimStore;
    private CachedFile victim;

    static List<CachePoint> faultPoints() {
        return FAULT;
    }

    static List<CachePoint> teardownPoints() {
        return TEARDOWN;
    }

    private void openVictim() throws Exception {
        victimStore = new ProbeFile();
        victimStore.outsideWrite(0, content);
        victim = cache.open(victimStore);
    }

    private Actor<byte[]> victimReader() {
        return actor("reader", () -> {
            try {
                return read(victim, 0, content.length);
            } catch (final CacheException e) {
                assertThat(Errno.name(e.errno())).isEqualTo("EBADF");
                return new byte[0];
            }
        });
    }

    private void assertGone(final byte[] seen) {
        assertFront(seen);
        assertThat(victim.cachedPages()).isZero();
        assertThat(victimStore.isClosed()).isTrue();
        assertThat(counter(CacheCounter.PAGES)).isEqualTo(file.cachedPages());
        cache.verify();
    }

    @Test
    @DisplayName("C10: the close waits for a fault that has found the file open, and takes its page out")
    void checkedOpenThenClosed() throws Exception {
        openVictim();
        final Actor<byte[]> fault = victimReader().stopAt(points, CachePoint.FAULT_SIZE_CHECKED).start();
        final Actor<Void> close = action("close", victim::close).start();
        assertThat(close.hasEnded()).as("a teardown passed a fault mutex that is held").isFalse();
        assertThat(victimStore.isClosed()).isFalse();
        final byte[] seen = fault.end();
        close.end();
        assertGone(seen);
    }

    @Test
    @DisplayName("C10: a fault that comes to its mutex after the teardown passed it finds the file closed, and inserts nothing")
    void closedThenChecked() throws Exception {
        openVictim();
        final Actor<byte[]> fault = victimReader().stopAt(points, CachePoint.FAULT_MISSED).start();
        final Actor<Void> close = action("close", victim::close).stopAt(points, CachePoint.TEARDOWN_STRIPES_PASSED).start();
        assertThat(close.isStopped()).isTrue();
        assertThat(fault.end()).isEmpty();
        assertThat(victim.cachedPages()).isZero();
        close.end();
        assertGone(new byte[0]);
    }

    @ParameterizedTest
    @MethodSource("faultPoints")
    @DisplayName("C10: a fault stopped anywhere, a close that runs as far as it gets: bytes or EBADF, no page, the store closed last")
    void faultFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : TEARDOWN) {
            openVictim();
            assertGone(inTurn(victimReader(), at, action("close", victim::close), until));
        }
    }

    @ParameterizedTest
    @MethodSource("teardownPoints")
    @DisplayName("C10: a close stopped anywhere, a fault that runs as far as it gets: bytes or EBADF, no page, the store closed last")
    void closeFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : FAULT) {
            openVictim();
            read(victim, 3 * PAGE, 10);
            final Actor<byte[]> reader = victimReader();
            final Actor<Void> close = action("close", victim::close).stopAt(points, at).start();
            assertThat(close.isStopped()).isTrue();
            reader.stopAt(points, until).start();
            close.goOn();
            reader.goOn();
            close.end();
            assertGone(reader.end());
        }
    }
}
