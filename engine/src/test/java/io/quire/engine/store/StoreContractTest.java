package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/**
 * What {@link Store} and {@link StoreFile} promise, whatever is behind them: the invariants S20 to S29 and S36 of
 * native-notes/store.md. A subclass says how to make a store and how large a file it takes.
 */
@Timeout(300)
abstract class StoreContractTest {
    private static final int MEMORY = 4 << 20;

    /** The store under test. */
    @RegisterExtension
    final Seed seed = new Seed();

    protected Store store;
    /** A new file in it. */
    protected StoreFile file;
    private long memory;

    /** An empty store, able to punch and allocate. */
    protected abstract Store newStore() throws Exception;

    /** A size, multiple of 64 KiB, that a file can have here without using that space. */
    protected abstract long largeSize();

    @BeforeEach
    void open() throws Exception {
        store = newStore();
        file = store.open("file", true);
        memory = NativeMemory.reserve(MEMORY, false);
    }

    @AfterEach
    void close() throws StoreException {
        file.close();
        store.close();
        NativeMemory.release(memory, MEMORY);
    }

    @Test
    void s20AFileThatDoesNotExistIsNotOpenedUnlessItMayBeMade() throws StoreException {
        assertThatThrownBy(() -> store.open("absent", false)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT)).hasMessageContaining("absent");
        store.open("absent", true).close();
        store.open("absent", false).close();
    }

    @Test
    void s20HandlesOfOneNameReachTheSameBytes() throws StoreException {
        write(0, pattern(1, 1000));
        try (StoreFile other = store.open("file", false)) {
            assertThat(read(other, 0, 2000)).isEqualTo(pattern(1, 1000));
        }
        assertThat(read(0, 2000)).as("closing one handle leaves the others").isEqualTo(pattern(1, 1000));
    }

    @Test
    void s20BytesOutliveTheHandle() throws StoreException {
        write(70_000, pattern(1, 1000));
        file.sync(false);
        file.close();
        file = store.open("file", false);
        assertThat(read(70_000, 1000)).isEqualTo(pattern(1, 1000));
    }

    @Test
    void s21AnEmptyFileReadsAsNothing() throws StoreException {
        assertThat(size()).isZero();
        assertThat(read(0, 100)).isEmpty();
        assertThat(read(largeSize(), 100)).isEmpty();
    }

    @Test
    void s21AReadEndsAtTheEndOfTheFile() throws StoreException {
        write(0, pattern(1, 5000));
        assertThat(read(4000, 5000)).isEqualTo(Arrays.copyOfRange(pattern(1, 5000), 4000, 5000));
        assertThat(read(5000, 1)).isEmpty();
        assertThat(read(5001, 1)).isEmpty();
    }

    @Test
    void s21AReadTouchesNothingBeyondWhatItReturns() throws StoreException {
        write(0, pattern(1, 100));
        OffHeap.putLong(memory + 100, 0x0123456789abcdefL);
        try (IoVector vector = new IoVector()) {
            vector.add(memory, 4096);
            assertThat(file.read(0, vector)).isEqualTo(100);
        }
        assertThat(OffHeap.getLong(memory + 100)).isEqualTo(0x0123456789abcdefL);
    }

    @Test
    void s22AHoleReadsAsZeros() throws StoreException {
        write(200_000, pattern(1, 10));
        final byte[] head = read(0, 200_000);
        assertThat(head).hasSize(200_000).containsOnly(0);
        assertThat(size()).isEqualTo(200_010);
    }

    @Test
    void s23PiecesGoInOrderAndTheVectorIsNotChanged() throws StoreException {
        final byte[] bytes = pattern(3, 150_000);
        OffHeap.copyFromArray(bytes, 0, memory, bytes.length);
        try (IoVector vector = new IoVector()) {
            vector.add(memory + 100_000, 50_000);
            vector.add(memory + 1, 99_999);
            vector.add(memory, 1);
            assertThat(file.write(65_000, vector)).isEqualTo(150_000);
            assertThat(vector.bytes()).isEqualTo(150_000);
            assertThat(vector.count()).isEqualTo(3);
        }
        assertThat(read(65_000, 50_000)).isEqualTo(Arrays.copyOfRange(bytes, 100_000, 150_000));
        assertThat(read(115_000, 99_999)).isEqualTo(Arrays.copyOfRange(bytes, 1, 100_000));
        OffHeap.zero(memory, MEMORY);
        try (IoVector vector = new IoVector()) {
            vector.add(memory + 3000, 10);
            vector.add(memory, 3000);
            vector.add(memory + 100_000, 200_000);
            assertThat(file.read(65_000, vector)).isEqualTo(150_000);
            assertThat(vector.count()).isEqualTo(3);
        }
        assertThat(memory(3000, 10)).isEqualTo(Arrays.copyOfRange(bytes, 100_000, 100_010));
        assertThat(memory(0, 3000)).isEqualTo(Arrays.copyOfRange(bytes, 100_010, 103_010));
    }

    @Test
    void s23AVectorMayHaveItsMostPieces() throws StoreException {
        try (IoVector vector = new IoVector()) {
            for (int i = 0; i < IoVector.MAX_PIECES; i++) {
                OffHeap.putByte(memory + 3L * i, (byte) i);
                vector.add(memory + 3L * i, 1);
            }
            assertThat(file.write(5, vector)).isEqualTo(IoVector.MAX_PIECES);
        }
        final byte[] read = read(5, 2000);
        assertThat(read).hasSize(IoVector.MAX_PIECES);
        for (int i = 0; i < read.length; i++) {
            assertThat(read[i]).isEqualTo((byte) i);
        }
    }

    @Test
    void s23AnEmptyVectorIsNothing() throws StoreException {
        try (IoVector vector = new IoVector()) {
            assertThat(file.write(1000, vector)).isZero();
            assertThat(file.read(0, vector)).isZero();
        }
        assertThat(size()).isZero();
    }

    @Test
    void s36WhatIsMappedAsZerosReadsAsZerosAndWhatLiesBeyondTheEndIs() throws StoreException {
        final ExtentMap map = new ExtentMap();
        file.mapRange(0, 1 << 20, map);
        assertThat(map.isHole(0, 1 << 20)).as("an empty file, %s", map).isTrue();
        write(300_000, pattern(1, 70_000));
        write(900_000, pattern(2, 10));
        file.sync(false);
        file.mapRange(4096, 2 << 20, map);
        assertThat(map.end()).isEqualTo(4096 + (2 << 20));
        assertThat(map.isHole(0, 8192)).as("not mapped").isFalse();
        assertThat(map.isHole(2 << 20, 3 << 20)).as("not mapped").isFalse();
        assertThat(map.isHole(1 << 20, 2 << 20)).as("beyond the end, %s", map).isTrue();
        for (final long data : new long[] {300_000, 369_999, 900_000, 900_009}) {
            assertThat(map.isHole(data, data + 1)).as("written at %d, %s", data, map).isFalse();
        }
        final byte[] all = read(0, 1 << 20);
        for (int at = 4096; at < all.length; at += 512) {
            final int end = Math.min(at + 512, all.length);
            if (map.isHole(at, end)) {
                assertThat(Arrays.copyOfRange(all, at, end)).as("mapped as zeros at %d, %s", at, map).containsOnly(0);
            }
        }
    }

    @Test
    void s36AHoleIsMappedAsZerosBeforeBetweenAndAfterData() throws StoreException {
        final ExtentMap map = new ExtentMap();
        // Holes of a megabyte, which every store with holes shows.
        write(1 << 20, pattern(1, 65_536));
        write(3 << 20, pattern(2, 65_536));
        file.truncate(5 << 20);
        file.sync(false);
        file.mapRange(0, 6 << 20, map);
        assertThat(map.isHole(0, 1 << 20)).as("%s", map).isTrue();
        assertThat(map.isHole((1 << 20) + 65_536, 3 << 20)).as("%s", map).isTrue();
        assertThat(map.isHole((3 << 20) + 65_536, 6 << 20)).as("a hole, and what lies beyond the end, %s", map).isTrue();
        assertThat(map.isHole((1 << 20) - 1, (1 << 20) + 1)).as("%s", map).isFalse();
        assertThat(map.isHole((1 << 20) + 65_535, 3 << 20)).as("%s", map).isFalse();
        file.mapRange((1 << 20) + 100, 10, map);
        assertThat(map.isHole((1 << 20) + 100, (1 << 20) + 110)).as("%s", map).isFalse();
        file.mapRange(Long.MAX_VALUE - 4095, 4095, map);
        assertThat(map.isHole(Long.MAX_VALUE - 4095, Long.MAX_VALUE)).as("%s", map).isTrue();
    }

    @Test
    void s36ManyExtentsAreMappedAsFarAsTheMapGoes() throws StoreException {
        final ExtentMap map = new ExtentMap();
        for (int i = 0; i < ExtentMap.MAX_EXTENTS; i++) {
            write(i * (128L << 10), pattern(i, 10));
        }
        file.mapRange(0, 128L << 20, map);
        assertThat(map.count()).isLessThanOrEqualTo(ExtentMap.MAX_EXTENTS);
        assertThat(map.isHole(64 << 10, 128 << 10)).as("%s", map).isTrue();
        assertThat(map.isHole(100L << 20, 101L << 20)).as("what the map does not hold counts as data, %s", map).isFalse();
    }

    @Test
    void s24ASmallerSizeForgetsTheRest() throws StoreException {
        write(0, pattern(1, 300_000));
        file.truncate(100_001);
        assertThat(size()).isEqualTo(100_001);
        file.truncate(300_000);
        assertThat(read(0, 100_001)).isEqualTo(Arrays.copyOf(pattern(1, 300_000), 100_001));
        assertThat(read(100_001, 300_000)).hasSize(199_999).containsOnly(0);
    }

    @Test
    void s24AnEnormousSizeIsAHole() throws StoreException {
        file.truncate(largeSize());
        assertThat(size()).isEqualTo(largeSize());
        assertThat(read(largeSize() - 100, 4096)).hasSize(100).containsOnly(0);
        write(largeSize() - 10, pattern(1, 10));
        assertThat(read(largeSize() - 10, 10)).isEqualTo(pattern(1, 10));
        file.truncate(0);
        assertThat(size()).isZero();
        file.truncate(largeSize());
        assertThat(read(largeSize() - 10, 10)).containsOnly(0);
    }

    @Test
    void s24TheSizeMayBecomeWhatItIs() throws StoreException {
        write(0, pattern(1, 70_000));
        file.truncate(70_000);
        assertThat(read(0, 80_000)).isEqualTo(pattern(1, 70_000));
    }

    @Test
    void s25APunchedRangeReadsAsZerosAndTheSizeStays() throws StoreException {
        final byte[] expected = pattern(1, 500_000);
        write(0, expected);
        for (final int[] range : new int[][] {{1, 1}, {4096, 4096}, {65_535, 2}, {65_536, 65_536},
            {200_000, 200_001}, {499_999, 1}}) {
            file.punch(range[0], range[1]);
            Arrays.fill(expected, range[0], range[0] + range[1], (byte) 0);
            assertThat(read(0, 500_000)).as("after punching %d + %d", range[0], range[1]).isEqualTo(expected);
        }
        assertThat(size()).isEqualTo(500_000);
    }

    @Test
    void s25APunchBeyondTheEndDoesNothingThere() throws StoreException {
        write(0, pattern(1, 10_000));
        file.punch(9_000, 1_000_000);
        file.punch(20_000, 1000);
        assertThat(size()).isEqualTo(10_000);
        assertThat(read(8_999, 2000)).hasSize(1001).startsWith(pattern(1, 10_000)[8_999]);
        assertThat(read(9_000, 2000)).hasSize(1000).containsOnly(0);
        file.punch(0, Long.MAX_VALUE);
        assertThat(read(0, 10_000)).hasSize(10_000).containsOnly(0);
    }

    @Test
    void s26AllocatedSpaceReadsAsZeros() throws StoreException {
        write(0, pattern(1, 100));
        file.allocate(50, 200_000, true);
        assertThat(size()).isEqualTo(100);
        file.allocate(50, 200_000, false);
        assertThat(size()).isEqualTo(200_050);
        assertThat(read(0, 100)).isEqualTo(pattern(1, 100));
        assertThat(read(100, 300_000)).hasSize(199_950).containsOnly(0);
        file.allocate(0, 10, false);
        assertThat(size()).as("never smaller").isEqualTo(200_050);
    }

    @Test
    void s27TimesTellOfEveryChange() throws StoreException {
        final StoreAttributes first = attributes();
        write(0, pattern(1, 10));
        final StoreAttributes written = plausibleAttributes();
        assertThat(written.modified).isGreaterThanOrEqualTo(first.modified);
        write(0, pattern(2, 10));
        final StoreAttributes again = plausibleAttributes();
        file.truncate(5);
        final StoreAttributes truncated = plausibleAttributes();
        assertThat(truncated.size).isEqualTo(5);
        assertThat(truncated.changed).isGreaterThanOrEqualTo(again.changed);
        file.sync(true);
        read(0, 5);
        final StoreAttributes same = attributes();
        assertThat(same.modified).as("reading and syncing is no change").isEqualTo(truncated.modified);
        assertThat(same.changed).isEqualTo(truncated.changed);
    }

    @Test
    void s28BadArgumentsAreRefused() {
        assertThatThrownBy(() -> file.truncate(-1)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> file.punch(0, 0)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> file.allocate(0, 0, true)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> file.allocate(Long.MAX_VALUE, 2, false)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EFBIG));
        assertThatThrownBy(() -> read(-1, 10)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThatThrownBy(() -> write(-1, pattern(1, 10))).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void s28AHandleIsClosedOnce() throws StoreException {
        file.close();
        file.close();
        store.open("file", false).close();
    }

    @Test
    void agreesWithAPlainArrayOverRandomOperations() throws StoreException {
        final Random random = new Random(seed.value());
        byte[] model = new byte[0];
        for (int i = 0; i < 400; i++) {
            final int at = random.nextInt(400_000);
            final int length = 1 + random.nextInt(random.nextBoolean() ? 200_000 : 5000);
            final String what;
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    what = "write";
                    final byte[] bytes = pattern(i, length);
                    write(at, bytes);
                    model = Arrays.copyOf(model, Math.max(model.length, at + length));
                    System.arraycopy(bytes, 0, model, at, length);
                }
                case 2 -> {
                    what = "truncate";
                    file.truncate(at);
                    model = Arrays.copyOf(model, at);
                }
                case 3 -> {
                    what = "punch";
                    file.punch(at, length);
                    Arrays.fill(model, Math.min(at, model.length), Math.min(at + length, model.length), (byte) 0);
                }
                default -> {
                    what = "allocate";
                    final boolean keep = random.nextBoolean();
                    file.allocate(at, length, keep);
                    model = keep ? model : Arrays.copyOf(model, Math.max(model.length, at + length));
                }
            }
            assertThat(size()).as("step %d, %s %d + %d", i, what, at, length).isEqualTo(model.length);
            assertThat(Arrays.equals(read(0, 700_000), model))
                .as("step %d, %s %d + %d", i, what, at, length).isTrue();
        }
    }

    @Test
    void s29ThreadsOnTheirOwnRangesDoNotDisturbEachOther() throws Exception {
        final int threads = 4;
        final int lane = 3000;
        final CyclicBarrier start = new CyclicBarrier(threads);
        final List<Callable<Void>> work = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            final int mine = t;
            work.add(() -> {
                final byte[] bytes = pattern(mine, lane);
                final byte[] back = new byte[lane];
                final long own = memory + mine * 65_536L;
                OffHeap.copyFromArray(bytes, 0, own, lane);
                start.await(200, TimeUnit.SECONDS);
                try (IoVector vector = new IoVector()) {
                    vector.add(own, lane);
                    for (int round = 0; round < 300; round++) {
                        final long at = ((long) round * threads + mine) * lane;
                        assertThat(file.write(at, vector)).isEqualTo(lane);
                        OffHeap.zero(own, lane);
                        assertThat(file.read(at, vector)).isEqualTo(lane);
                        OffHeap.copyToArray(own, back, 0, lane);
                        assertThat(back).isEqualTo(bytes);
                    }
                }
                return null;
            });
        }
        runAll(work);
        assertThat(size()).isEqualTo(300L * threads * lane);
    }

    @Test
    void s29ReadersBesideTruncateAndPunchSeeZerosOrTheFileNeverAnotherFile() throws Exception {
        final StoreFile other = store.open("other", true);
        final byte[] mine = new byte[200_000];
        Arrays.fill(mine, (byte) 1);
        final byte[] foreign = new byte[200_000];
        Arrays.fill(foreign, (byte) 2);
        final List<Callable<Void>> work = new ArrayList<>();
        work.add(() -> {
            for (int i = 0; i < 300; i++) {
                write(file, memory, 0, mine);
                if (i % 2 == 0) {
                    file.truncate(0);
                } else {
                    file.punch(0, 200_000);
                }
            }
            return null;
        });
        work.add(() -> {
            for (int i = 0; i < 300; i++) {
                write(other, memory + (1 << 20), 0, foreign);
                other.truncate(0);
            }
            return null;
        });
        work.add(() -> {
            for (int i = 0; i < 600; i++) {
                final byte[] seen = read(file, memory + (2 << 20), 0, 200_000);
                for (final byte b : seen) {
                    if (b != 0 && b != 1) {
                        throw new AssertionError("read " + b + ", which was never written to this file");
                    }
                }
            }
            return null;
        });
        runAll(work);
        other.close();
    }

    /** Runs tasks on threads of their own and throws what one of them threw. */
    protected static void runAll(final List<Callable<Void>> work) throws Exception {
        final ExecutorService executor = Executors.newFixedThreadPool(work.size());
        try {
            for (final Future<Void> done : executor.invokeAll(work)) {
                done.get();
            }
        } finally {
            executor.shutdownNow();
            assertThat(executor.awaitTermination(200, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** Bytes that differ by position and seed. */
    protected static byte[] pattern(final int seed, final int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Writes all of an array to the file under test. */
    protected final void write(final long offset, final byte[] bytes) throws StoreException {
        write(file, memory, offset, bytes);
    }

    /** Makes one call that writes an array to the file under test, and says how much it wrote. */
    protected final long writeOnce(final long offset, final byte[] bytes) throws StoreException {
        OffHeap.copyFromArray(bytes, 0, memory, bytes.length);
        try (IoVector vector = new IoVector()) {
            vector.add(memory, bytes.length);
            return file.write(offset, vector);
        }
    }

    /** Reads from the file under test until the length or the end is reached. */
    protected final byte[] read(final long offset, final int length) throws StoreException {
        return read(file, memory, offset, length);
    }

    /** Reads from any file until the length or the end is reached. */
    protected final byte[] read(final StoreFile from, final long offset, final int length) throws StoreException {
        return read(from, memory, offset, length);
    }

    /** Size of the file under test. */
    protected final long size() throws StoreException {
        return attributes().size;
    }

    private StoreAttributes attributes() throws StoreException {
        final StoreAttributes attributes = new StoreAttributes();
        file.attributes(attributes);
        return attributes;
    }

    /** Attributes; nothing is said of their difference, since the clock of a store may stand still between two changes. */
    private StoreAttributes plausibleAttributes() throws StoreException {
        final StoreAttributes now = attributes();
        assertThat(now.modified).isPositive();
        assertThat(now.changed).isPositive();
        return now;
    }

    private byte[] memory(final long offset, final int length) {
        final byte[] bytes = new byte[length];
        OffHeap.copyToArray(memory + offset, bytes, 0, length);
        return bytes;
    }

    private static void write(final StoreFile to, final long buffer, final long offset, final byte[] bytes)
            throws StoreException {
        OffHeap.copyFromArray(bytes, 0, buffer, bytes.length);
        try (IoVector vector = new IoVector()) {
            vector.add(buffer, bytes.length);
            long done = 0;
            while (vector.bytes() > 0) {
                final long step = to.write(offset + done, vector);
                assertThat(step).isPositive();
                vector.advance(step);
                done += step;
            }
        }
    }

    private static byte[] read(final StoreFile from, final long buffer, final long offset, final int length)
            throws StoreException {
        try (IoVector vector = new IoVector()) {
            vector.add(buffer, length);
            long done = 0;
            for (long step = 1; step > 0 && vector.bytes() > 0;) {
                step = from.read(offset + done, vector);
                vector.advance(step);
                done += step;
            }
            final byte[] bytes = new byte[(int) done];
            OffHeap.copyToArray(buffer, bytes, 0, bytes.length);
            return bytes;
        }
    }
}
