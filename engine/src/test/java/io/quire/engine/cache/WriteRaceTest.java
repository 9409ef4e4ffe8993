package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.write.WritePolicies;

/** A write against truncate and punch, which it excludes, and against a fault of its pages, which it does not. */
class WriteRaceTest extends InterleavingFixture {
    private static final List<CachePoint> WRITE = List.of(CachePoint.WRITE_FOUND, CachePoint.WRITE_HAS_FRAME,
        CachePoint.WRITE_GRABBED, CachePoint.WRITE_UNLOCKED, CachePoint.WRITE_BEFORE_STORE, CachePoint.WRITE_STORED);
    private static final List<CachePoint> TRUNCATE = List.of(CachePoint.TRUNCATE_SIZE_PUBLISHED,
        CachePoint.TRUNCATE_STRIPES_PASSED, CachePoint.TRUNCATE_BEFORE_TAIL, CachePoint.TRUNCATE_BEFORE_STORE);
    private static final int FROM = 2 * PAGE + 50;
    private static final int BYTES = 3 * PAGE;

    static List<CachePoint> writePoints() {
        return WRITE;
    }

    static List<CachePoint> truncatePoints() {
        return TRUNCATE;
    }

    static List<CachePoint> faultPoints() {
        return FAULT;
    }

    private Actor<Void> writer() {
        return action("writer", () -> write(FROM, Arrays.copyOf(other, BYTES)));
    }

    private byte[] written(final byte[] over) {
        final byte[] bytes = Arrays.copyOf(over, Math.max(over.length, FROM + BYTES));
        System.arraycopy(other, 0, bytes, FROM, BYTES);
        return bytes;
    }

    /** Two pages of the range in the cache, the others not, so that the write comes by all its points. */
    private void prepare() throws Exception {
        fresh();
        read(3 * PAGE, 2 * PAGE);
    }

    @ParameterizedTest
    @MethodSource("writePoints")
    @DisplayName("K4: a truncate waits for the write before it and cuts what was written: the size of before is seen until then")
    void truncateAfterWrite(final CachePoint at) throws Exception {
        for (final int size : new int[] {0, 3 * PAGE + 100}) {
            prepare();
            final Actor<Void> write = writer().stopAt(points, at).start();
            assertThat(write.isStopped()).isTrue();
            final Actor<Void> truncate = action("truncate", () -> file.truncate(size)).start();
            assertThat(truncate.hasEnded()).isFalse();
            assertThat(file.size()).isEqualTo(content.length);
            write.end();
            truncate.end();
            assertContent(resized(written(content), size));
        }
    }

    @ParameterizedTest
    @MethodSource("truncatePoints")
    @DisplayName("K4: a write waits for the truncate before it and writes to the cut file: the gap is zeros")
    void writeAfterTruncate(final CachePoint at) throws Exception {
        for (final int size : new int[] {100, 3 * PAGE + 100}) {
            prepare();
            final Actor<Void> truncate = action("truncate", () -> file.truncate(size)).stopAt(points, at).start();
            assertThat(truncate.isStopped()).isTrue();
            final Actor<Void> write = writer().start();
            assertThat(write.hasEnded()).isFalse();
            truncate.end();
            write.end();
            assertContent(written(resized(content, size)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"one-page", "multi-page"})
    @DisplayName("W3: a write stopped anywhere, a fault of its pages that runs as far as it gets: each page old or new, then new")
    void writeFirst(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        for (final CachePoint at : WRITE) {
            for (final CachePoint until : FAULT) {
                prepare();
                final Actor<byte[]> reader = reader();
                final Actor<Void> write = writer().stopAt(points, at).start();
                reader.stopAt(points, until).start();
                write.goOn();
                reader.goOn();
                write.end();
                assertSettled(policy + ": " + at + " then " + until, reader.end());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("faultPoints")
    @DisplayName("W3: a fault stopped anywhere, a write of its pages that runs as far as it gets: each page old or new, then new")
    void faultFirst(final CachePoint at) throws Exception {
        for (final String policy : List.of("one-page", "multi-page")) {
            cache.writePolicy(WritePolicies.byName(policy));
            for (final CachePoint until : WRITE) {
                fresh();
                assertSettled(policy + ": " + at + " then " + until, inTurn(reader(), at, writer(), until));
            }
        }
    }

    private void assertSettled(final String order, final byte[] seen) throws Exception {
        final byte[] expected = written(content);
        assertThat(seen).as(order).hasSize(content.length);
        for (int i = 0; i < seen.length; i++) {
            if (seen[i] != content[i] && seen[i] != expected[i]) {
                throw new AssertionError(order + ": byte " + i + " is neither the old one nor the new one");
            }
        }
        cache.verify();
        assertContent(expected);
    }
}
