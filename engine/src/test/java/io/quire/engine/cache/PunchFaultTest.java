package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** A hole against a fault: whatever was read before the store had the hole is found and taken out, or zeroed. */
class PunchFaultTest extends InterleavingFixture {
    private static final List<CachePoint> PUNCH = List.of(CachePoint.PUNCH_BEFORE_STORE, CachePoint.PUNCH_STORED,
        CachePoint.PUNCH_FOUND, CachePoint.PUNCH_HAS_STRIPE, CachePoint.PUNCH_HAS_PAGE, CachePoint.ZERO_FOUND);
    /** Offset and length: whole pages, ragged at both ends, inside a page, over a border, to the end of the file. */
    private static final int[][] HOLES = {{2 * PAGE, 4 * PAGE}, {100, 3 * PAGE}, {PAGE + 5, 50}, {PAGE - 5, 10},
        {5 * PAGE + 1, 3 * PAGE}};

    static List<CachePoint> faultPoints() {
        return FAULT;
    }

    static List<CachePoint> punchPoints() {
        return PUNCH;
    }

    private Actor<Void> punch(final int... hole) {
        return action("punch", () -> file.punch(hole[0], hole[1]));
    }

    private byte[] punched(final int... hole) {
        final byte[] expected = content.clone();
        Arrays.fill(expected, hole[0], Math.min(expected.length, hole[0] + hole[1]), (byte) 0);
        return expected;
    }

    @Test
    @DisplayName("K6: pages that come in before the store has the hole, however late, are gone or zero when punch returns")
    void readBeforeTheStore() throws Exception {
        for (final int[] hole : HOLES) {
            fresh();
            final Actor<Void> punch = punch(hole).stopAt(points, CachePoint.PUNCH_BEFORE_STORE).start();
            assertThat(readAll()).isEqualTo(content);
            punch.end();
            assertThat(readAll()).isEqualTo(punched(hole));
        }
    }

    @Test
    @DisplayName("K6: a page that comes in after the store has the hole, before punch looks, reads the hole; its neighbours stay")
    void readAfterTheStore() throws Exception {
        for (final int[] hole : HOLES) {
            fresh();
            final Actor<Void> punch = punch(hole).stopAt(points, CachePoint.PUNCH_STORED).start();
            assertThat(readAll()).isEqualTo(punched(hole));
            punch.end();
            assertContent(punched(hole));
        }
    }

    @Test
    @DisplayName("K7: punch holds the fault mutex of a page that it takes out, so that a fault neither misses nor fills beside it")
    void mutexIsHeld() throws Exception {
        fresh();
        readAll();
        final Actor<Void> punch = punch(2 * PAGE, 2 * PAGE).stopAt(points, CachePoint.PUNCH_HAS_PAGE, 3).start();
        assertThat(punch.isStopped()).isTrue();
        assertThat(cache.stripes.tryLock(cache.stripes.stripe(1, 3))).as("the fault mutex of the page is free").isFalse();
        punch.end();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("K8: a page that left while its remover waited for its lock is not taken out twice")
    void fillFailsUnderTheRemover(final boolean cut) throws Exception {
        fresh();
        store.before(call -> {
            if (call.is(Kind.READ)) {
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        final Actor<byte[]> fault = reader().stopAt(points, CachePoint.FILL_BEFORE_SETTLE).start();
        final Actor<Void> remover = action("remover", () -> {
            if (cut) {
                file.truncate(0);
            } else {
                file.punch(0, PAGES * PAGE);
            }
        }).start();
        assertThat(remover.hasEnded()).isFalse();
        assertErrno(Errno.EIO, fault::end);
        remover.end();
        store.behaveWell();
        assertThat(file.cachedPages()).isZero();
        assertContent(new byte[cut ? 0 : PAGES * PAGE]);
    }

    @ParameterizedTest
    @MethodSource("faultPoints")
    @DisplayName("K6: a fault stopped anywhere, a punch that runs as far as it gets: the hole is zeros, the rest is as it was")
    void faultFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : PUNCH) {
            for (final int[] hole : HOLES) {
                fresh();
                assertSettled(at + " then " + until, inTurn(reader(), at, punch(hole), until), hole);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("punchPoints")
    @DisplayName("K6: a punch stopped anywhere, a fault that runs as far as it gets: the hole is zeros, the rest is as it was")
    void punchFirst(final CachePoint at) throws Exception {
        for (final CachePoint until : FAULT) {
            for (final int[] hole : HOLES) {
                fresh();
                // One whole page and a ragged one, so that the punch has something to find.
                read(3 * PAGE, 10);
                read(hole[0], 1);
                final Actor<byte[]> reader = reader();
                final Actor<Void> punch = punch(hole).stopAt(points, at).start();
                reader.stopAt(points, until).start();
                punch.goOn();
                reader.goOn();
                punch.end();
                assertSettled(at + " then " + until, reader.end(), hole);
            }
        }
    }

    private void assertSettled(final String order, final byte[] seen, final int... hole) throws Exception {
        final byte[] expected = punched(hole);
        assertThat(seen).hasSize(content.length);
        for (int i = 0; i < seen.length; i++) {
            if (seen[i] != content[i] && seen[i] != expected[i]) {
                throw new AssertionError(order + ": byte " + i + " is neither what it was nor zero");
            }
        }
        cache.verify();
        assertContent(expected);
    }
}
