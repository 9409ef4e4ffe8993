package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import io.quire.engine.store.FaultyStore.Call;
import io.quire.engine.store.FaultyStore.Moment;

/** The faulty store: without faults the contract of every store, and invariants S30 to S35 of native-notes/store.md. */
class FaultyStoreTest extends StoreContractTest {
    @Override
    protected Store newStore() {
        return new FaultyStore(new MemoryStore());
    }

    @Override
    protected long largeSize() {
        return 1L << 62;
    }

    @Test
    void s30CallsAreCountedInTheStoreAndOnTheFile() throws StoreException {
        try (StoreFile other = store.open("other", true)) {
            write(0, pattern(1, 10));
            write(0, pattern(1, 10));
            read(other, 0, 10);
            other.sync(true);
        }
        assertThat(faulty().calls(StoreOperation.OPEN)).isEqualTo(2);
        assertThat(faulty().calls(StoreOperation.WRITE)).isEqualTo(2);
        assertThat(faulty().calls("file", StoreOperation.WRITE)).isEqualTo(2);
        assertThat(faulty().calls("other", StoreOperation.WRITE)).isZero();
        assertThat(faulty().calls("other", StoreOperation.SYNC)).isEqualTo(1);
        assertThat(faulty().calls("nowhere", StoreOperation.SYNC)).isZero();
        assertThat(faulty().calls(StoreOperation.CLOSE)).isEqualTo(1);
        assertThat(faulty().faults()).isZero();
        assertThat(faulty().history()).extracting(Call::operation).containsExactly(StoreOperation.OPEN,
            StoreOperation.OPEN, StoreOperation.WRITE, StoreOperation.WRITE, StoreOperation.READ,
            StoreOperation.SYNC, StoreOperation.CLOSE);
    }

    @Test
    void s31TheThirdWriteFailsAfterFiveThousandBytes() throws StoreException {
        faulty().on(StoreOperation.WRITE, 3, Fault.errorAfter(5000, Errno.ENOSPC));
        write(0, pattern(1, 10));
        write(10, pattern(2, 10));
        assertError(Errno.ENOSPC, () -> write(20, pattern(3, 8000)));
        assertThat(size()).as("what was written before the error is there").isEqualTo(5020);
        assertThat(read(20, 8000)).isEqualTo(Arrays.copyOf(pattern(3, 8000), 5000));
        assertThat(faulty().calls(StoreOperation.WRITE)).as("the error was told by a fourth call").isEqualTo(4);
        write(20, pattern(3, 8000));
        assertThat(size()).isEqualTo(8020);
        assertThat(faulty().faults()).isEqualTo(2);
    }

    @Test
    void s31ACallThatFailsHasNoEffect() throws StoreException {
        write(0, pattern(1, 100));
        faulty().onNext(StoreOperation.WRITE, Fault.error(Errno.EIO));
        assertError(Errno.EIO, () -> write(0, pattern(2, 100)));
        faulty().onNext(StoreOperation.TRUNCATE, Fault.error(Errno.EROFS));
        assertError(Errno.EROFS, () -> file.truncate(0));
        faulty().onNext(StoreOperation.PUNCH, Fault.error(Errno.EOPNOTSUPP));
        assertError(Errno.EOPNOTSUPP, () -> file.punch(0, 100));
        faulty().onNext(StoreOperation.ALLOCATE, Fault.error(Errno.ENOSPC));
        assertError(Errno.ENOSPC, () -> file.allocate(0, 1000, false));
        faulty().onNext(StoreOperation.SYNC, Fault.error(Errno.EIO));
        assertError(Errno.EIO, () -> file.sync(false));
        faulty().onNext(StoreOperation.READ, Fault.error(Errno.EIO));
        assertError(Errno.EIO, () -> read(0, 100));
        faulty().onNext(StoreOperation.ATTRIBUTES, Fault.error(Errno.ESTALE));
        assertError(Errno.ESTALE, this::size);
        faulty().onNext(StoreOperation.OPEN, Fault.error(Errno.EMFILE));
        assertError(Errno.EMFILE, () -> store.open("new", true));
        assertError(Errno.ENOENT, () -> store.open("new", false));
        assertThat(read(0, 1000)).isEqualTo(pattern(1, 100));
    }

    @Test
    void s31ACloseThatFailsHasClosed() throws StoreException {
        faulty().onNext(StoreOperation.CLOSE, Fault.error(Errno.EIO));
        assertError(Errno.EIO, () -> file.close());
        assertError(Errno.EBADF, this::size);
    }

    @Test
    void s32AShortenedTransferEndsWhereItSays() throws StoreException {
        write(0, pattern(1, 300));
        faulty().on("file", StoreOperation.READ, 1, Fault.shorten(7));
        assertThat(read(0, 300)).as("read on after the short one").isEqualTo(pattern(1, 300));
        assertThat(faulty().calls(StoreOperation.READ)).isEqualTo(2);
        faulty().onNext(StoreOperation.WRITE, Fault.shorten(1000));
        write(0, pattern(2, 300));
        assertThat(faulty().calls(StoreOperation.WRITE)).as("a limit that is not reached").isEqualTo(2);
    }

    @Test
    void s33ABrokenDeviceStaysBrokenUntilItIsHealed() throws StoreException {
        faulty().from(StoreOperation.SYNC, 1, Fault.error(Errno.EIO));
        for (int i = 0; i < 3; i++) {
            assertError(Errno.EIO, () -> file.sync(true));
        }
        faulty().on(StoreOperation.SYNC, 5, Fault.error(Errno.ENOSPC));
        assertError(Errno.EIO, () -> file.sync(true));
        assertError(Errno.ENOSPC, () -> file.sync(true));
        faulty().heal();
        file.sync(true);
    }

    @Test
    void s33AScriptForThePastOrForNonsenseIsRefused() throws StoreException {
        file.sync(true);
        assertThatThrownBy(() -> faulty().on(StoreOperation.SYNC, 1, Fault.error(Errno.EIO)))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> faulty().onNext(StoreOperation.SYNC, Fault.shorten(5)))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Fault(false, -1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void s34AHookHoldsACallWhileAnotherPasses() throws Exception {
        write(0, pattern(1, 100));
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);
        faulty().hook((moment, call) -> {
            if (moment == Moment.AFTER && call.operation() == StoreOperation.READ) {
                reached.countDown();
                await(released);
            }
        });
        final List<Callable<Void>> work = new ArrayList<>();
        work.add(() -> {
            assertThat(read(0, 100)).as("read before the truncation, told after it").isEqualTo(pattern(1, 100));
            return null;
        });
        work.add(() -> {
            await(reached);
            file.truncate(0);
            released.countDown();
            return null;
        });
        runAll(work);
        assertThat(size()).isZero();
    }

    @Test
    void s34AHookCanFailACall() throws StoreException {
        faulty().hook((moment, call) -> {
            if (moment == Moment.BEFORE && call.operation() == StoreOperation.WRITE) {
                throw new StoreException(Errno.EDQUOT, "by the hook");
            }
        });
        assertError(Errno.EDQUOT, () -> write(0, pattern(1, 10)));
        assertThat(size()).isZero();
    }

    @Test
    void s34ADelayRunsTheDelayHook() throws StoreException {
        final AtomicInteger delays = new AtomicInteger();
        faulty().delay((moment, call) -> delays.incrementAndGet());
        faulty().plan(FaultPlan.seeded(5).delays(StoreOperation.SYNC, 1).build());
        file.sync(true);
        file.sync(true);
        size();
        assertThat(delays).hasValue(2);
    }

    @Test
    void s35APlanRepeatsItselfAndPrintsItself() {
        final FaultPlan one = plan(42);
        final FaultPlan two = plan(42);
        final FaultPlan three = plan(43);
        int errors = 0;
        int shorts = 0;
        int delays = 0;
        boolean differs = false;
        for (int call = 1; call <= 10_000; call++) {
            final Fault fault = one.faultFor(StoreOperation.WRITE, call, 65_536);
            assertThat(two.faultFor(StoreOperation.WRITE, call, 65_536)).isEqualTo(fault);
            differs |= !three.faultFor(StoreOperation.WRITE, call, 65_536).equals(fault);
            assertThat(fault.limit()).isBetween(0L, 65_535L);
            errors += fault.errno() > 0 ? 1 : 0;
            shorts += fault.limit() > 0 ? 1 : 0;
            delays += fault.delayed() ? 1 : 0;
            assertThat(one.faultFor(StoreOperation.READ, call, 4096)).isEqualTo(Fault.NONE);
            assertThat(one.faultFor(StoreOperation.WRITE, call, 1).limit()).isZero();
        }
        assertThat(differs).isTrue();
        assertThat(errors).isBetween(800, 1200);
        assertThat(shorts).isBetween(2700, 3300);
        assertThat(delays).isBetween(4600, 5400);
        assertThat(one).hasToString("FaultPlan[seed 42; WRITE fails 0.1 with [ENOSPC, EIO], is short 0.3, "
            + "is delayed 0.5]");
        assertThat(new FaultyStore(new MemoryStore(), one).toString()).contains(one.toString());
    }

    @Test
    void s35BytesThatWereAcknowledgedAreThereUnderAnyPlan() throws StoreException {
        faulty().plan(FaultPlan.seeded(seed.value()).errors(StoreOperation.WRITE, 0.2, Errno.ENOSPC, Errno.EIO)
            .shortens(StoreOperation.WRITE, 0.4).shortens(StoreOperation.READ, 0.4)
            .errors(StoreOperation.TRUNCATE, 0.3, Errno.EIO).build());
        final Random random = new Random(seed.value());
        byte[] model = new byte[0];
        for (int i = 0; i < 500; i++) {
            final int at = random.nextInt(200_000);
            final byte[] bytes = pattern(i, 1 + random.nextInt(100_000));
            try {
                if (i % 10 == 9) {
                    file.truncate(at);
                    model = Arrays.copyOf(model, at);
                } else {
                    final int written = (int) writeOnce(at, bytes);
                    model = Arrays.copyOf(model, Math.max(model.length, at + written));
                    System.arraycopy(bytes, 0, model, at, written);
                }
            } catch (final StoreException e) {
                // The model stays: a call that fails had no effect.
                assertThat(e.errno()).isIn(Errno.ENOSPC, Errno.EIO);
            }
            assertThat(Arrays.equals(read(0, 400_000), model)).as("step %d of %s", i, faulty()).isTrue();
        }
        assertThat(faulty().faults()).isPositive();
        assertThat(faulty().history()).hasSize(FaultyStore.HISTORY);
    }

    @Test
    void wrapsAFileOfAnyOrigin() throws StoreException {
        try (MemoryStore memory = new MemoryStore(); StoreFile plain = memory.open("plain", true);
                StoreFile wrapped = faulty().wrap(plain, "given")) {
            faulty().onNext(StoreOperation.SYNC, Fault.error(Errno.EIO));
            assertThatThrownBy(() -> wrapped.sync(true)).isInstanceOf(StoreException.class)
                .hasMessageContaining("'given'");
            plain.sync(true);
        }
    }

    private static FaultPlan plan(final long seed) {
        return FaultPlan.seeded(seed).errors(StoreOperation.WRITE, 0.1, Errno.ENOSPC, Errno.EIO)
            .shortens(StoreOperation.WRITE, 0.3).delays(StoreOperation.WRITE, 0.5).build();
    }

    private static void await(final CountDownLatch latch) {
        try {
            assertThat(latch.await(200, TimeUnit.SECONDS)).isTrue();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void assertError(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StoreException.class,
            e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private FaultyStore faulty() {
        return (FaultyStore) store;
    }
}
