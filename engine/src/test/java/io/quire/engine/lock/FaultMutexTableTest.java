package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invariants L12 to L14 of native-notes/locks.md. */
@Timeout(300)
final class FaultMutexTableTest {
    private static final long MAPPING = 42;

    @BeforeEach
    void forget() {
        LockOrder.resetForTest();
    }

    @AfterEach
    void validatorIsSilent() {
        assertThat(LockOrder.reports()).isEmpty();
        assertThat(LockOrder.heldByCurrentThread()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "2, 16", "3, 32", "4, 32", "5, 64", "9, 128", "100, 1024"})
    void thereIsAPowerOfTwoOfStripesAtLeastEightPerProcessorL12(final int processors, final int stripes) {
        assertThat(new FaultMutexTable(processors).stripes()).isEqualTo(stripes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65537})
    void sillyNumbersOfProcessorsAreRefusedL12(final int processors) {
        assertThatThrownBy(() -> new FaultMutexTable(processors)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void stridesOfPowersOfTwoSpreadOverTheStripesL12() {
        final FaultMutexTable table = new FaultMutexTable(8);
        for (int shift = 0; shift < 40; shift++) {
            final int stride = shift;
            final long distinct = LongStream.range(0, 4L * table.stripes())
                .mapToInt(i -> table.stripe(MAPPING, i << stride)).distinct().count();
            assertThat(distinct).as("stride 2^%d", shift).isGreaterThan(table.stripes() * 3L / 4);
            final long mappings = LongStream.range(1, 4L * table.stripes())
                .mapToInt(i -> table.stripe(i << stride, 0)).distinct().count();
            assertThat(mappings).as("first pages of mappings 2^%d apart", shift).isGreaterThan(table.stripes() * 3L / 4);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 0", "1, 5, 11", "1, 1000, 1006", "2, 3, 17", "16, 0, 63", "16, 77, 203",
        "16, 9223372036854775700, 9223372036854775807", "1, 9223372036854775807, 9223372036854775807"})
    void aShortRangePassesJustItsStripesEachOnceL13(final int processors, final long first, final long last) {
        final FaultMutexTable table = new FaultMutexTable(processors);
        final long distinct = LongStream.range(0, last - first + 1)
            .mapToInt(i -> table.stripe(MAPPING, first + i)).distinct().count();
        assertThat(table.passRange(MAPPING, first, last)).isEqualTo((int) distinct);
    }

    @Test
    void aLongRangePassesEveryStripeOnceWhateverItsLengthL13() {
        final FaultMutexTable table = new FaultMutexTable(2);
        assertThat(table.passRange(MAPPING, 0, table.stripes() - 1)).isEqualTo(table.stripes());
        assertThat(table.passRange(MAPPING, 1, 1L << 50)).isEqualTo(table.stripes());
        assertThat(table.passRange(MAPPING, 0, Long.MAX_VALUE)).isEqualTo(table.stripes());
        assertThat(table.passAll()).isEqualTo(table.stripes());
    }

    @Test
    void anEmptyRangePassesNothingL13() {
        final FaultMutexTable table = new FaultMutexTable(1);
        assertThat(table.passRange(MAPPING, 5, 4)).isZero();
        assertThat(table.passRange(MAPPING, 0, Long.MIN_VALUE)).isZero();
        assertThatThrownBy(() -> table.passRange(MAPPING, -1, 4)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void passingWaitsForAFaultThatIsUnderWayL14() throws InterruptedException {
        final FaultMutexTable table = new FaultMutexTable(1);
        final int busy = table.stripe(MAPPING, 9);
        table.lock(busy);
        final CountDownLatch about = new CountDownLatch(1);
        final Actor<Integer> truncate = Actor.start("truncate", () -> {
            about.countDown();
            return table.passRange(MAPPING, 9, 9);
        });
        about.await();
        while (!table.hasSleepers(busy)) {
            Thread.onSpinWait();
        }
        assertThat(truncate.done()).isFalse();
        table.unlock(busy);
        assertThat(truncate.result()).isEqualTo(1);
    }

    @Test
    void passingARangeDoesNotWaitForOtherStripesL14() throws InterruptedException {
        final FaultMutexTable table = new FaultMutexTable(1);
        final int busy = table.stripe(MAPPING, 9);
        final long elsewhere = LongStream.range(10, 1000).filter(i -> table.stripe(MAPPING, i) != busy)
            .findFirst().orElseThrow();
        table.lock(busy);
        assertThat(Actor.start("truncate", () -> table.passRange(MAPPING, elsewhere, elsewhere)).result()).isEqualTo(1);
        table.unlock(busy);
    }

    @Test
    void stripesExcludeAndAreNotReentrantL14() throws InterruptedException {
        final FaultMutexTable table = new FaultMutexTable(1);
        table.lock(3);
        assertThat(table.isHeldByCurrentThread(3)).isTrue();
        assertThat(table.tryLock(3)).isFalse();
        assertThat(Actor.start("other", () -> table.tryLock(3)).result()).isFalse();
        assertThat(Actor.run("thief", () -> table.unlock(3)).failure())
            .isInstanceOf(IllegalMonitorStateException.class);
        table.unlock(3);
        assertThatThrownBy(() -> table.unlock(3)).isInstanceOf(IllegalMonitorStateException.class);
    }

    @Test
    void anInterruptDoesNotEndAWaitForAStripeAndIsKeptL8() throws InterruptedException {
        final FaultMutexTable table = new FaultMutexTable(1);
        table.lock(0);
        final Actor<Boolean> sleeper = Actor.start("sleeper", () -> {
            table.lock(0);
            table.unlock(0);
            return Thread.interrupted();
        });
        while (!table.hasSleepers(0)) {
            Thread.onSpinWait();
        }
        sleeper.interrupt();
        table.unlock(0);
        assertThat(sleeper.result()).isTrue();
    }
}
