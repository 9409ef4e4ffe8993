package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** Sizes: C5 and C6. */
class TruncateTest extends CacheFixture {
    private final byte[] content = random(1, 20 * PAGE + 500);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 5 * 4096, 20 * 4096 + 1, 20 * 4096 + 499})
    @DisplayName("C5, C6: shrink and grow again: what was cut off does not come back, cached or not")
    void shrinkAndGrow(final int size) throws Exception {
        write(0, content);
        file.truncate(size);
        assertThat(file.size()).isEqualTo(size);
        cache.verify();
        assertThat(readAll()).isEqualTo(Arrays.copyOf(content, size));
        final int larger = 22 * PAGE + 3;
        file.truncate(larger);
        assertContent(Arrays.copyOf(Arrays.copyOf(content, size), larger));
    }

    @ParameterizedTest
    @ValueSource(ints = {4095, 4097, 5 * 4096 + 7})
    @DisplayName("C6: shrink, then grow by a write, an allocation or a truncate: the gap is zeros")
    void growthByEveryMeans(final int size) throws Exception {
        for (int means = 0; means < 3; means++) {
            write(0, content);
            file.truncate(size);
            final int end = 9 * PAGE + 10;
            final byte[] expected = Arrays.copyOf(Arrays.copyOf(content, size), end);
            switch (means) {
                case 0 -> {
                    write(end - 5, Arrays.copyOf(content, 5));
                    System.arraycopy(content, 0, expected, end - 5, 5);
                }
                case 1 -> file.allocate(0, end, false);
                default -> file.truncate(end);
            }
            assertContent(expected);
            file.truncate(0);
        }
    }

    @Test
    @DisplayName("C6: the tail of the last page is zeroed in the frame, not only hidden by the size")
    void tailIsZeroInTheFrame() throws Exception {
        write(0, content);
        read(0, PAGE);
        file.truncate(100);
        final Mapping mapping = cache.mappings.values().iterator().next();
        final int frame = mapping.getPage(0);
        assertThat(bytesAt(cache.arena.address(frame) + 100, PAGE - 100)).containsOnly(0);
        cache.release(frame);
    }

    @Test
    @DisplayName("a size that does not change, or grows, asks nothing of the cached pages")
    void growthKeepsPages() throws Exception {
        write(0, content);
        file.truncate(content.length);
        file.truncate(100 * PAGE);
        assertThat(file.cachedPages()).isEqualTo(21);
        assertThat(store.calls(Kind.READ)).isEmpty();
    }

    @Test
    @DisplayName("C12: a store that refuses a smaller size keeps the old one, and its bytes, those of the cut page too")
    void refusedShrink() throws Exception {
        write(0, content);
        store.before(call -> {
            if (call.is(Kind.TRUNCATE)) {
                throw new StoreException(Errno.EPERM, "scripted");
            }
        });
        assertErrno(Errno.EPERM, () -> file.truncate(3 * PAGE + 5));
        assertErrno(Errno.EPERM, () -> file.truncate(100 * PAGE));
        assertThat(file.size()).isEqualTo(content.length);
        assertContent(content);
        store.behaveWell();
        store.before(call -> {
            if (call.is(Kind.TRUNCATE)) {
                throw new IllegalStateException("a bug of the store");
            }
        });
        assertThatThrownBy(() -> file.truncate(5)).isInstanceOf(IllegalStateException.class);
        assertContent(content);
    }

    @Test
    @DisplayName("C5: truncating 2^62 bytes with three pages present costs no store call but one, and passes each stripe once")
    void hugeAndSparse() throws Exception {
        final long size = 1L << 62;
        file.truncate(size);
        final long[] places = {0, size / 2 + 5, size - 7};
        for (final long place : places) {
            write(place, Arrays.copyOf(content, 7));
            assertThat(read(place, 7)).isEqualTo(Arrays.copyOf(content, 7));
        }
        assertThat(file.cachedPages()).isEqualTo(3);
        store.forgetCalls();
        final long removals = counter(CacheCounter.REMOVALS);
        assertThat(cache.stripes.passRange(1, 0, PageFiller.pages(size) - 1)).isEqualTo(cache.stripes.stripes());
        file.truncate(0);
        assertThat(file.cachedPages()).isZero();
        assertThat(counter(CacheCounter.REMOVALS) - removals).isEqualTo(3);
        assertThat(store.calls(Kind.TRUNCATE)).hasSize(1);
        assertThat(store.calls(Kind.READ)).isEmpty();
        assertThat(store.calls(Kind.WRITE)).isEmpty();
        assertThat(store.calls(Kind.PUNCH)).isEmpty();
    }

    @Test
    @DisplayName("the very last bytes of 2^63 - 1 can be written, read, punched and cut off; the next one does not exist")
    void largestFile() throws Exception {
        final long size = Long.MAX_VALUE;
        write(size - 10_000, Arrays.copyOf(content, 10_000));
        assertThat(file.size()).isEqualTo(size);
        assertThat(read(size - 10_000, 20_000)).isEqualTo(Arrays.copyOf(content, 10_000));
        file.invalidate();
        assertThat(read(size - 10_000, 20_000)).isEqualTo(Arrays.copyOf(content, 10_000));
        assertThat(read(size, 1)).isEmpty();
        file.punch(size - 5000, 5000);
        final byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 5000), 10_000);
        assertThat(read(size - 10_000, 10_000)).isEqualTo(expected);
        cache.verify();
        file.truncate(size - 9000);
        assertThat(read(size - 10_000, 10_000)).isEqualTo(Arrays.copyOf(content, 1000));
        file.truncate(size);
        assertThat(read(size - 10_000, 10_000)).isEqualTo(Arrays.copyOf(Arrays.copyOf(content, 1000), 10_000));
        cache.verify();
        file.truncate(0);
    }

    @Test
    @DisplayName("a sparse file reads as zeros wherever nothing was written, at any height of the tree")
    void sparse() throws Exception {
        for (int bits = 1; bits < 63; bits += 3) {
            final long place = (1L << bits) + 17;
            write(place, Arrays.copyOf(content, 100));
            assertThat(read(place - 10, 110)).endsWith(Arrays.copyOf(content, 100));
        }
        file.truncate(1L << 62);
        for (int bits = 13; bits < 63; bits += 3) {
            final long place = (1L << bits) + 17;
            assertThat(read(place, 100)).isEqualTo(Arrays.copyOf(content, 100));
            assertThat(read(place + 100, 100)).containsOnly(0);
        }
        file.truncate(1);
        assertThat(file.cachedPages()).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("punch: partial, whole, ragged, at the end and beyond it, against an array")
    void punches(final boolean cached) throws Exception {
        final int end = content.length;
        final int[][] holes = {
            {0, 1}, {10, 100}, {0, PAGE}, {PAGE, PAGE}, {PAGE - 1, 2}, {5, 3 * PAGE}, {PAGE, 5 * PAGE}, {2 * PAGE + 1, 4 * PAGE - 1},
            {20 * PAGE, 500}, {20 * PAGE + 100, 400}, {20 * PAGE + 100, 300}, {19 * PAGE + 5, 10 * PAGE}, {end - 1, 1},
            {end, 1}, {end + PAGE, PAGE}, {0, end}, {0, 100 * PAGE}, {7, end - 14}};
        for (final int[] hole : holes) {
            file.truncate(0);
            write(0, content);
            if (!cached) {
                file.invalidate();
            }
            file.punch(hole[0], hole[1]);
            final byte[] expected = content.clone();
            final int to = Math.min(end, hole[0] + hole[1]);
            if (hole[0] < to) {
                Arrays.fill(expected, hole[0], to, (byte) 0);
            }
            assertContent(expected);
        }
    }

    @Test
    @DisplayName("punch removes the whole pages of the hole and keeps the others")
    void punchKeepsNeighbours() throws Exception {
        write(0, content);
        file.punch(2 * PAGE + 1, 5 * PAGE);
        assertThat(file.cachedPages()).as("pages 3 to 6 are gone").isEqualTo(17);
        store.forgetCalls();
        assertThat(read(0, 3 * PAGE)).startsWith(Arrays.copyOf(content, 2 * PAGE + 1));
        assertThat(store.calls(Kind.READ)).isEmpty();
    }

    @Test
    @DisplayName("punch of 2^62 bytes with three pages present costs as many removals")
    void hugePunch() throws Exception {
        final long size = 1L << 62;
        file.truncate(size);
        for (final long place : new long[] {PAGE, size / 2 & -PAGE, size - PAGE}) {
            write(place, Arrays.copyOf(content, PAGE));
        }
        final long removals = counter(CacheCounter.REMOVALS);
        file.punch(1, size - 1);
        assertThat(counter(CacheCounter.REMOVALS) - removals).isEqualTo(3);
        assertThat(read(size - PAGE, PAGE)).containsOnly(0);
        file.truncate(0);
    }

    @Test
    @DisplayName("a store without holes says so, and the pages stay as they are")
    void punchRefused() throws Exception {
        write(0, content);
        store.before(call -> {
            if (call.is(Kind.PUNCH)) {
                throw new StoreException(Errno.EOPNOTSUPP, "scripted");
            }
        });
        assertErrno(Errno.EOPNOTSUPP, () -> file.punch(0, PAGE));
        assertContent(content);
    }

    @Test
    @DisplayName("allocate grows the size unless it is to be kept; a refusal changes nothing")
    void allocate() throws Exception {
        write(0, content);
        file.allocate(0, 30 * PAGE, true);
        assertContent(content);
        file.allocate(10, 30 * PAGE, false);
        assertContent(Arrays.copyOf(content, 30 * PAGE + 10));
        file.allocate(0, 5, false);
        assertThat(file.size()).isEqualTo(30 * PAGE + 10);
        store.before(call -> {
            if (call.is(Kind.ALLOCATE)) {
                throw new StoreException(Errno.ENOSPC, "scripted");
            }
        });
        assertErrno(Errno.ENOSPC, () -> file.allocate(0, 50 * PAGE, false));
        assertThat(file.size()).isEqualTo(30 * PAGE + 10);
    }

    @Test
    @DisplayName("C1: no frame of a removed page keeps its binding")
    void bindingsAreGone() throws Exception {
        write(0, content);
        file.truncate(0);
        for (int frame = 0; frame < 30; frame++) {
            assertThat(cache.descriptors.mapping(frame)).isZero();
            assertThat(cache.descriptors.refs(frame)).isZero();
            assertThat(cache.descriptors.state(frame) & (PageDescriptors.GENERATION_ONE - 1)).isZero();
        }
    }
}
