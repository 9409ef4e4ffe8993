package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreException;
import io.quire.engine.write.WritePolicies;

/** Reads and writes against an array of bytes. */
class ReadWriteTest extends CacheFixture {
    private static final int[] EDGES = {0, 1, 7, 8, PAGE / 2, PAGE - 8, PAGE - 1};

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("C4: a range of any alignment reads what was written, cold and warm")
    void everyAlignment(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final byte[] content = random(1, 5 * PAGE + 123);
        write(0, content);
        for (final int start : EDGES) {
            for (int page = 0; page < 3; page++) {
                for (final int end : EDGES) {
                    final int from = page * PAGE + start;
                    final int to = Math.max(from + 1, (page + 2) * PAGE + end);
                    final byte[] expected = Arrays.copyOfRange(content, from, to);
                    file.invalidate();
                    assertThat(read(from, to - from)).as("cold %d to %d", from, to).isEqualTo(expected);
                    assertThat(read(from, to - from)).as("warm %d to %d", from, to).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("W3: random writes, whatever is cached, leave the same bytes in the cache and in the store")
    void randomWrites(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final long seed = 20_260_101;
        final Random random = new Random(seed);
        byte[] model = new byte[0];
        for (int step = 0; step < 1500; step++) {
            final int offset = random.nextInt(24 * PAGE);
            final int length = 1 + (random.nextBoolean() ? random.nextInt(64) : random.nextInt(9 * PAGE));
            switch (random.nextInt(8)) {
                case 0 -> file.invalidate();
                case 1, 2 -> assertThat(read(offset, length)).as("seed %d step %d", seed, step)
                    .isEqualTo(Arrays.copyOfRange(model, Math.min(offset, model.length),
                        Math.min(offset + length, model.length)));
                default -> {
                    final byte[] bytes = random(seed + step, length);
                    write(offset, bytes);
                    model = Arrays.copyOf(model, Math.max(model.length, offset + length));
                    System.arraycopy(bytes, 0, model, offset, length);
                }
            }
        }
        assertContent(model);
    }

    @Test
    @DisplayName("a read ends at the end of the file; at and beyond it there is nothing")
    void endOfFile() throws Exception {
        write(0, random(2, PAGE + 10));
        assertThat(read(PAGE, PAGE)).hasSize(10);
        assertThat(read(PAGE + 10, 1)).isEmpty();
        assertThat(read(PAGE + 11, 1)).isEmpty();
        assertThat(read(1L << 50, 100)).isEmpty();
        assertThat(read(0, 0)).isEmpty();
        assertThat(file.write(5, new byte[0], 0, 0)).isZero();
        assertThat(file.size()).isEqualTo(PAGE + 10);
    }

    @Test
    @DisplayName("a file shorter in the store than it was thought reads as zeros there, not as what the frame held")
    void storeEndsEarly() throws Exception {
        write(0, random(3, 3 * PAGE));
        file.invalidate();
        store.outsideTruncate(PAGE + 100);
        final byte[] seen = read(0, 3 * PAGE);
        assertThat(Arrays.copyOfRange(seen, PAGE + 100, 3 * PAGE)).containsOnly(0);
        file.invalidate();
        assertThat(file.size()).isEqualTo(PAGE + 100);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("C6: the gap before a write beyond the end reads as zeros, also within pages")
    void gaps(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final byte[] model = new byte[20 * PAGE + 77];
        for (final int at : new int[] {10, 300, PAGE - 2, PAGE + 9, 3 * PAGE, 5 * PAGE + 1, 20 * PAGE + 70}) {
            final byte[] piece = random(at, 7);
            System.arraycopy(piece, 0, model, at, 7);
            write(at, piece);
            assertThat(readAll()).isEqualTo(Arrays.copyOf(model, at + 7));
        }
        assertContent(model);
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("vectors of pieces of every size move the same bytes as arrays")
    void vectors(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        final int[] lengths = {1, 4095, 4096, 4097, 13, 3 * PAGE, 1, 1, 70_000};
        final int total = Arrays.stream(lengths).sum();
        final byte[] content = random(4, total);
        fill(buffer, content);
        try (IoVector vector = new IoVector()) {
            long from = buffer;
            for (final int length : lengths) {
                vector.add(from, length);
                from += length;
            }
            assertThat(vector.count()).as("pieces that follow each other are one").isEqualTo(1);
            vector.clear();
            long at = buffer;
            long spread = buffer + (2L << 20);
            for (final int length : lengths) {
                OffHeap.copy(at, spread, length);
                vector.add(spread, length);
                at += length;
                spread += length + 64;
            }
            assertThat(vector.count()).isEqualTo(lengths.length);
            assertThat(file.writeVector(100, vector)).isEqualTo(total);
            assertThat(vector.bytes()).as("the vector is not changed").isEqualTo(total);
            final byte[] expected = new byte[100 + total];
            System.arraycopy(content, 0, expected, 100, total);
            assertContent(expected);
            spread = buffer + (2L << 20);
            for (final int length : lengths) {
                OffHeap.zero(spread, length);
                spread += length + 64;
            }
            assertThat(file.readVector(100, vector)).isEqualTo(total);
            spread = buffer + (2L << 20);
            int done = 0;
            for (final int length : lengths) {
                assertThat(bytesAt(spread, length)).isEqualTo(Arrays.copyOfRange(content, done, done + length));
                done += length;
                spread += length + 64;
            }
            assertThat(file.readVector(100 + total - 5, vector)).as("short at the end").isEqualTo(5);
            assertThat(file.readVector(100 + total, vector)).isZero();
            vector.clear();
            assertThat(file.readVector(0, vector)).isZero();
            assertThat(file.writeVector(0, vector)).isZero();
        }
    }

    @Test
    @DisplayName("a length near 2^31 at an odd offset does not read past the first page's frame")
    void hugeLength() throws Exception {
        file.truncate(1L << 40);
        write(0, random(5, PAGE));
        assertThat(read(0, 8)).hasSize(8);
        store.before(call -> {
            if (call.is(ProbeFile.Kind.READ) && call.offset() >= PAGE) {
                throw new StoreException(Errno.EIO, "nothing but the first page can be read");
            }
        });
        final byte[] guard = random(6, PAGE);
        fill(buffer + PAGE, guard);
        assertThat(file.read(100, buffer, Integer.MAX_VALUE)).isEqualTo(PAGE - 100);
        assertThat(bytesAt(buffer + PAGE, PAGE)).as("bytes after those that were read").isEqualTo(guard);
        store.behaveWell();
        file.truncate(0);
    }

    @Test
    @DisplayName("ranges that make no sense are refused with EINVAL or EFBIG, and nothing happens")
    void badRanges() throws Exception {
        write(0, random(7, 10));
        store.forgetCalls();
        assertErrno(Errno.EINVAL, () -> file.read(-1, buffer, 1));
        assertErrno(Errno.EINVAL, () -> file.read(0, buffer, -1));
        assertErrno(Errno.EINVAL, () -> file.write(-1, buffer, 1));
        assertErrno(Errno.EINVAL, () -> file.write(0, buffer, -1));
        assertErrno(Errno.EFBIG, () -> file.write(Long.MAX_VALUE, buffer, 1));
        assertErrno(Errno.EFBIG, () -> file.write(Long.MAX_VALUE - 9, buffer, 10_000));
        assertErrno(Errno.EINVAL, () -> file.truncate(-1));
        assertErrno(Errno.EINVAL, () -> file.punch(0, 0));
        assertErrno(Errno.EINVAL, () -> file.punch(-4096, 4096));
        assertErrno(Errno.EINVAL, () -> file.punch(Long.MAX_VALUE, 2));
        assertErrno(Errno.EINVAL, () -> file.allocate(0, 0, true));
        assertErrno(Errno.EFBIG, () -> file.allocate(Long.MAX_VALUE, 1, false));
        assertThatThrownBy(() -> file.read(0, new byte[10], 5, 6)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> file.write(0, new byte[10], 11, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(store.calls(ProbeFile.Kind.WRITE)).isEmpty();
        assertThat(file.size()).isEqualTo(10);
    }

    @Test
    @DisplayName("the policy can be changed for the cache and for one file while it is open")
    void policySwitch() throws Exception {
        final byte[] bytes = random(8, 8 * PAGE);
        assertThat(storeWrites(bytes)).as("multi-page, the cache's").isEqualTo(1);
        cache.writePolicy(WritePolicies.ONE_PAGE);
        assertThat(storeWrites(bytes)).as("one-page, the cache's").isEqualTo(8);
        file.writePolicy(WritePolicies.MULTI_PAGE);
        assertThat(storeWrites(bytes)).as("multi-page, the file's own").isEqualTo(1);
        file.writePolicy(null);
        assertThat(storeWrites(bytes)).as("the cache's again").isEqualTo(8);
        assertThat(cache.writePolicy()).isSameAs(WritePolicies.ONE_PAGE);
        assertContent(bytes);
    }

    @Test
    @DisplayName("policies are found by name; an unknown name is answered with those that there are")
    void policyNames() {
        assertThat(WritePolicies.byName("one-page")).isSameAs(WritePolicies.ONE_PAGE);
        assertThat(WritePolicies.byName("multi-page")).isSameAs(WritePolicies.MULTI_PAGE);
        for (final WritePolicy policy : WritePolicies.all()) {
            assertThat(WritePolicies.byName(policy.name())).isSameAs(policy);
            assertThat(policy.isLaboratory()).isEqualTo(policy.name().equals("multi-page-locked"));
        }
        assertThatThrownBy(() -> WritePolicies.byName("none")).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("none").hasMessageContaining("one-page").hasMessageContaining("multi-page");
    }

    @ParameterizedTest
    @EveryPolicy
    @DisplayName("W6: a page covered whole is cached without a read; a partial page that was not cached is not kept but by range")
    void coverage(final String policy) throws Exception {
        cache.writePolicy(WritePolicies.byName(policy));
        file.truncate(10 * PAGE);
        store.forgetCalls();
        write(PAGE, random(9, 2 * PAGE));
        assertThat(file.cachedPages()).isEqualTo(2);
        write(5 * PAGE + 1, random(10, 100));
        // The rest of it is a hole, which range asks for.
        final int kept = policy.equals("range") ? 1 : 0;
        assertThat(file.cachedPages()).as("a partial page is not kept").isEqualTo(2 + kept);
        write(9 * PAGE, random(11, 2 * PAGE + 5));
        assertThat(file.cachedPages()).as("pages up to the new end, the last one partial").isEqualTo(5 + kept);
        write(14 * PAGE + 3, random(12, 10));
        assertThat(file.cachedPages()).as("a page beyond the end, of which nothing was there before").isEqualTo(6 + kept);
        assertThat(store.calls(ProbeFile.Kind.READ)).isEmpty();
        assertThat(readAll()).isEqualTo(store.content(0, 20 * PAGE));
    }

    @Test
    @DisplayName("hits and misses add up to the pages touched")
    void counters() throws Exception {
        write(0, random(12, 8 * PAGE));
        final long hits = counter(CacheCounter.HITS);
        final long misses = counter(CacheCounter.MISSES);
        file.read(0, buffer, 8 * PAGE);
        assertThat(counter(CacheCounter.HITS) - hits).isEqualTo(8);
        assertThat(counter(CacheCounter.MISSES) - misses).isZero();
        file.invalidate();
        file.read(0, buffer, 8 * PAGE);
        assertThat(counter(CacheCounter.HITS) - hits).isEqualTo(8);
        assertThat(counter(CacheCounter.MISSES) - misses).isEqualTo(8);
        file.read(100, buffer, 8);
        assertThat(counter(CacheCounter.HITS) - hits).isEqualTo(9);
        assertThat(counter(CacheCounter.PAGES)).isEqualTo(8);
        assertThat(counter(CacheCounter.STORE_READS)).as("the whole request in one call").isEqualTo(1);
        assertThat(counter(CacheCounter.STORE_READ_BYTES)).isEqualTo(8 * PAGE);
        assertThat(counter(CacheCounter.FREE_FRAMES) + 8).isEqualTo(cache.capacity() / PAGE);
    }

    private int storeWrites(final byte[] bytes) throws CacheException {
        store.forgetCalls();
        write(0, bytes);
        return store.calls(ProbeFile.Kind.WRITE).size();
    }
}
