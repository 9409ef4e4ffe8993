package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

/** The store in memory: the contract of every store, and invariants S10 to S15 of native-notes/store.md. */
class MemoryStoreTest extends StoreContractTest {
    private static final long CHUNK = 65_536;

    @Override
    protected Store newStore() {
        return new MemoryStore();
    }

    @Override
    protected long largeSize() {
        return 1L << 62;
    }

    @Test
    void s11ALongerFileDoesNotShowWhatWasCutOff() throws StoreException {
        write(0, pattern(1, 65_536));
        file.truncate(10);
        assertThat(memoryStore().bytesUsed()).isEqualTo(CHUNK);
        write(100, new byte[] {1});
        assertThat(read(10, 90)).containsOnly(0);
    }

    @Test
    void s12AReaderBesideAnAppenderSeesNoByteThatIsNotThereYet() throws Exception {
        final byte[] ones = new byte[3000];
        Arrays.fill(ones, (byte) 1);
        final List<Callable<Void>> work = new ArrayList<>();
        work.add(() -> {
            for (int i = 0; i < 300; i++) {
                write(i * 3000L, ones);
            }
            return null;
        });
        work.add(() -> {
            final long own = NativeMemory.reserve(1 << 20, false);
            long seen = 0;
            try (IoVector vector = new IoVector()) {
                vector.add(own, 900_000);
                while (seen < 900_000) {
                    seen = file.read(0, vector);
                    for (long i = 0; i < seen; i++) {
                        if (OffHeap.getByte(own + i) != 1) {
                            throw new AssertionError("byte " + i + " of " + seen + " was not there yet");
                        }
                    }
                }
            } finally {
                NativeMemory.release(own, 1 << 20);
            }
            return null;
        });
        runAll(work);
    }

    @Test
    void s13EveryChangeHasATimeOfItsOwn() throws StoreException {
        final StoreAttributes before = new StoreAttributes();
        final StoreAttributes after = new StoreAttributes();
        file.attributes(before);
        for (int i = 0; i < 1000; i++) {
            switch (i % 3) {
                case 0 -> write(5, new byte[] {(byte) i});
                case 1 -> file.truncate(6);
                default -> file.punch(0, 1);
            }
            file.attributes(after);
            assertThat(after.modified).isGreaterThan(before.modified);
            assertThat(after.changed).isGreaterThan(before.changed);
            file.attributes(before);
        }
        file.allocate(0, 1, true);
        file.attributes(after);
        assertThat(after.modified).isEqualTo(before.modified);
        assertThat(after.changed).isGreaterThan(before.changed);
    }

    @Test
    void s14MemoryIsUsedWhereSomethingWasWritten() throws StoreException {
        file.truncate(1L << 62);
        assertThat(memoryStore().bytesUsed()).isZero();
        write((1L << 61) + 65_530, pattern(1, 10));
        write(0, pattern(1, 1));
        assertThat(memoryStore().bytesUsed()).isEqualTo(3 * CHUNK);
        file.punch(1, Long.MAX_VALUE - 1);
        assertThat(memoryStore().bytesUsed()).isEqualTo(CHUNK);
        file.punch(0, CHUNK);
        assertThat(memoryStore().bytesUsed()).isZero();
        write((1L << 62) - 1, pattern(1, 1));
        file.truncate(0);
        assertThat(memoryStore().bytesUsed()).isZero();
    }

    @Test
    void s14TheLastByteOfTheGreatestFileCanBeWritten() throws StoreException {
        write(Long.MAX_VALUE - 1, new byte[] {42});
        assertThat(size()).isEqualTo(Long.MAX_VALUE);
        assertThat(read(Long.MAX_VALUE - 1, 100)).containsExactly(42);
        assertThatThrownBy(() -> write(Long.MAX_VALUE, new byte[] {1})).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EFBIG));
        file.truncate(Long.MAX_VALUE - 1);
        file.truncate(Long.MAX_VALUE);
        assertThat(read(Long.MAX_VALUE - 1, 100)).containsExactly(0);
        write(Long.MAX_VALUE - 1, new byte[] {42});
        file.punch(Long.MAX_VALUE - 1, 1);
        assertThat(read(Long.MAX_VALUE - 1, 100)).containsExactly(0);
    }

    @Test
    void s15AFullStoreWritesWhatFitsAndThenFails() throws StoreException {
        try (MemoryStore small = new MemoryStore(2 * CHUNK); StoreFile full = small.open("full", true);
                IoVector vector = new IoVector()) {
            final long memory = NativeMemory.reserve(4 * CHUNK, false);
            vector.add(memory, 3 * CHUNK);
            assertThat(full.write(100, vector)).as("up to the end of the second chunk").isEqualTo(2 * CHUNK - 100);
            assertThatThrownBy(() -> full.write(2 * CHUNK, vector)).isInstanceOfSatisfying(StoreException.class,
                e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC)).hasMessageContaining("'full'");
            assertThat(full.write(0, vector)).as("what exists can be overwritten").isEqualTo(2 * CHUNK);
            full.punch(0, CHUNK);
            vector.clear();
            vector.add(memory, 1);
            assertThat(full.write(5 * CHUNK, vector)).isEqualTo(1);
            assertThat(small.bytesUsed()).isEqualTo(2 * CHUNK);
            NativeMemory.release(memory, 4 * CHUNK);
        }
    }

    @Test
    void s15AnAllocationSucceedsWholeOrNotAtAll() throws StoreException {
        try (MemoryStore small = new MemoryStore(4 * CHUNK); StoreFile one = small.open("one", true);
                StoreFile two = small.open("two", true)) {
            one.allocate(0, CHUNK, true);
            assertThatThrownBy(() -> two.allocate(10, 4 * CHUNK - 20, false)).isInstanceOfSatisfying(
                StoreException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
            assertThatThrownBy(() -> two.allocate(0, 1L << 62, false)).isInstanceOfSatisfying(
                StoreException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
            assertThat(small.bytesUsed()).isEqualTo(CHUNK);
            final StoreAttributes attributes = new StoreAttributes();
            two.attributes(attributes);
            assertThat(attributes.size).isZero();
            two.allocate(10, 3 * CHUNK - 20, false);
            assertThat(small.bytesUsed()).isEqualTo(4 * CHUNK);
        }
    }

    @Test
    void aRemovedFileLivesAsLongAsItsHandles() throws StoreException {
        write(0, pattern(1, 10));
        final StoreFile second = store.open("file", false);
        memoryStore().remove("file");
        assertThatThrownBy(() -> store.open("file", false)).isInstanceOf(StoreException.class);
        file.close();
        assertThat(read(second, 0, 10)).isEqualTo(pattern(1, 10));
        final StoreFile fresh = store.open("file", true);
        assertThat(read(fresh, 0, 10)).isEmpty();
        second.close();
        assertThat(memoryStore().bytesUsed()).isZero();
        fresh.close();
    }

    @Test
    void s10ClosingTheStoreWaitsForTransfersAndLaterOnesFail() throws Exception {
        write(0, pattern(1, 200_000));
        final CountDownLatch started = new CountDownLatch(1);
        final List<Callable<Void>> work = new ArrayList<>();
        work.add(() -> {
            try {
                for (int i = 0; i < 1_000_000; i++) {
                    assertThat(Arrays.equals(read(0, 200_000), pattern(1, 200_000))).isTrue();
                    started.countDown();
                }
                throw new AssertionError("the store never closed");
            } catch (final StoreException e) {
                assertThat(e.errno()).isEqualTo(Errno.EBADF);
            }
            return null;
        });
        work.add(() -> {
            assertThat(started.await(200, TimeUnit.SECONDS)).isTrue();
            store.close();
            return null;
        });
        runAll(work);
        assertThatThrownBy(() -> store.open("file", true)).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    private MemoryStore memoryStore() {
        return (MemoryStore) store;
    }
}
