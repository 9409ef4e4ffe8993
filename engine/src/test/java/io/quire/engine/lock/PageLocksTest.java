package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.lock.Stops.Gate;
import io.quire.engine.lock.StopPoint.At;
import io.quire.engine.memory.PageDescriptors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invariants L1 to L11 of native-notes/locks.md. The test's own thread plays the holder and the thief. */
@Timeout(300)
final class PageLocksTest {
    private static final int FRAME = 3;
    private static final long MAPPING = 7;

    private final Stops stops = new Stops();
    private PageDescriptors pages;
    private PageLocks locks;

    @BeforeEach
    void open() {
        LockOrder.resetForTest();
        pages = new PageDescriptors(4096);
        locks = new PageLocks(pages, 1, stops);
        pages.bind(FRAME, MAPPING, 0, 0);
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(Actor.noneRuns()).as("every actor has ended").isTrue();
        locks.close();
        pages.close();
        assertThat(LockOrder.reports()).isEmpty();
        assertThat(LockOrder.heldByCurrentThread()).isEmpty();
    }

    @Test
    void onlyOneTakesTheLockL1() throws InterruptedException {
        assertThat(locks.tryLock(FRAME)).isTrue();
        assertThat(locks.isLocked(FRAME)).isTrue();
        assertThat(Actor.start("other", () -> locks.tryLock(FRAME)).result()).isFalse();
        locks.unlock(FRAME);
        assertThat(locks.isLocked(FRAME)).isFalse();
        assertThat(locks.sleeps()).isZero();
    }

    @Test
    void countersUnderTheLockLoseNothingL1() throws InterruptedException {
        final int threads = 4;
        final int rounds = 5_000;
        final long[] counter = new long[1];
        final List<Actor<Void>> actors = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            actors.add(Actor.run("counter-" + t, () -> {
                for (int i = 0; i < rounds; i++) {
                    locks.lock(FRAME);
                    counter[0]++;
                    locks.unlock(FRAME);
                    locks.waitUnlocked(FRAME);
                }
            }));
        }
        for (final Actor<Void> actor : actors) {
            actor.result();
        }
        assertThat(counter[0]).isEqualTo((long) threads * rounds);
    }

    @Test
    void unlockChangesNothingButTheLockAndTheFlagsGivenL2() {
        pages.set(FRAME, PageDescriptors.DIRTY | PageDescriptors.TAIL);
        final long unlocked = pages.state(FRAME);
        locks.lock(FRAME);
        assertThat(pages.state(FRAME)).isEqualTo(unlocked | PageDescriptors.LOCKED);
        locks.unlockWith(FRAME, PageDescriptors.UPTODATE | PageDescriptors.READAHEAD);
        assertThat(pages.state(FRAME))
            .isEqualTo(unlocked | PageDescriptors.UPTODATE | PageDescriptors.READAHEAD);
    }

    @Test
    void anUnlockBetweenLookingAndQueueingIsSeenL3() throws InterruptedException {
        locks.lock(FRAME);
        final Gate gate = stops.stopNext(At.BEFORE_QUEUE);
        final Actor<Void> late = Actor.run("late", this::lockAndUnlock);
        gate.awaitReached();
        locks.unlock(FRAME);
        gate.open();
        late.result();
        assertThat(locks.sleeps()).isZero();
    }

    @Test
    void anUnlockAfterQueueingWakesL3() throws InterruptedException {
        locks.lock(FRAME);
        final Gate queued = stops.stopNext(At.QUEUED);
        final Actor<Void> sleeper = Actor.run("sleeper", this::lockAndUnlock);
        queued.awaitReached();
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).isTrue();
        // Woken before it has gone to sleep: it must not go to sleep then.
        locks.unlock(FRAME);
        queued.open();
        sleeper.result();
        assertThat(locks.sleeps()).isEqualTo(1);
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).as("L4").isFalse();
    }

    @Test
    void aNewcomerBetweenUnlockAndWakeTakesTheLockAndWakesTheSleeperLaterL3() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> sleeper = sleeper("sleeper", this::lockAndUnlock);
        final Gate unlocked = stops.stopNext(At.BEFORE_WAKE);
        // The waker is another thread, to which the lock passes.
        final Actor<Void> waker = Actor.run("waker", () -> {
            locks.adopted(FRAME);
            locks.unlock(FRAME);
        });
        unlocked.awaitReached();
        assertThat(locks.tryLock(FRAME)).isTrue();
        unlocked.open();
        waker.result();
        assertThat(locks.table().queued(FRAME)).as("L5: no exclusive waiter is woken while the bit is set").isEqualTo(1);
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).as("L4").isTrue();
        locks.unlock(FRAME);
        sleeper.result();
    }

    @Test
    void waitersBitOfAPageIsClearedThoughAnotherPageSleepsInTheBucketL4L10() throws InterruptedException {
        final int other = sameBucket();
        pages.bind(other, MAPPING, 1, 0);
        locks.lock(FRAME);
        locks.lock(other);
        final Actor<Void> first = sleeper("first", this::lockAndUnlock);
        final Actor<Void> second = sleeper("second", () -> {
            locks.lock(other);
            locks.unlock(other);
        });
        locks.unlock(FRAME);
        first.result();
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).isFalse();
        assertThat(locks.table().queued(other)).isEqualTo(1);
        assertThat(pages.has(other, PageDescriptors.WAITERS)).isTrue();
        locks.unlock(other);
        second.result();
    }

    @Test
    void aWakeGoesUpToTheFirstExclusiveWaiterL5() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> shared1 = sleeper("shared-1", () -> locks.waitUnlocked(FRAME));
        final Actor<Void> shared2 = sleeper("shared-2", () -> locks.waitUnlocked(FRAME));
        final Actor<Void> exclusive = sleeper("exclusive", this::lockAndUnlock);
        final Actor<Void> behind = sleeper("behind", () -> locks.waitUnlocked(FRAME));
        final Gate woken = stops.stopNext(At.WOKEN);
        locks.unlock(FRAME);
        shared1.result();
        shared2.result();
        woken.awaitReached();
        assertThat(locks.table().queued(FRAME)).isEqualTo(1);
        assertThat(behind.done()).isFalse();
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).as("L4").isTrue();
        woken.open();
        exclusive.result();
        behind.result();
    }

    @Test
    void theSixthTryIsHandedOverL6() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> victim = sleeper("victim", () -> locks.lock(FRAME));
        for (int steal = 1; steal <= PageLocks.MAX_STEALS; steal++) {
            final Gate woken = stops.stopNext(At.WOKEN);
            locks.unlock(FRAME);
            woken.awaitReached();
            assertThat(locks.tryLock(FRAME)).as("steal %d", steal).isTrue();
            final Gate again = stops.noticeNext(At.QUEUED);
            woken.open();
            again.awaitReached();
        }
        final Gate woken = stops.noticeNext(At.WOKEN);
        locks.unlock(FRAME);
        assertThat(locks.tryLock(FRAME)).as("handed over before unlock returned").isFalse();
        victim.result();
        assertThat(woken.passed()).as("the victim had nothing left to try").isFalse();
        locks.adopted(FRAME);
        locks.unlock(FRAME);
    }

    @Test
    void stealsBeforeTheWakersWalkCountTooL6() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> victim = sleeper("victim", () -> locks.lock(FRAME));
        for (int steal = 1; steal <= PageLocks.MAX_STEALS; steal++) {
            final Gate unlocked = stops.stopNext(At.BEFORE_WAKE);
            final Actor<Void> waker = Actor.run("waker-" + steal, () -> {
                locks.adopted(FRAME);
                locks.unlock(FRAME);
            });
            unlocked.awaitReached();
            assertThat(locks.tryLock(FRAME)).as("steal %d", steal).isTrue();
            unlocked.open();
            waker.result();
        }
        locks.unlock(FRAME);
        assertThat(locks.isLocked(FRAME)).as("handed over before unlock returned").isTrue();
        victim.result();
        locks.adopted(FRAME);
        locks.unlock(FRAME);
    }

    @Test
    void aSleeperUsesOneEntryAgainAndAgainL7() throws InterruptedException {
        // The entry of a woken thread is queued again, elsewhere, at once: a waker that touched it later would break a queue.
        final int rounds = 2_000;
        final int other = FRAME + 1;
        pages.bind(other, MAPPING, 1, 0);
        final AtomicInteger turns = new AtomicInteger();
        final Actor<Void> a = Actor.run("a", () -> alternate(rounds, FRAME, other, turns));
        final Actor<Void> b = Actor.run("b", () -> alternate(rounds, FRAME, other, turns));
        a.result();
        b.result();
        assertThat(turns).hasValue(4 * rounds);
        assertThat(locks.table().queued(FRAME) + locks.table().queued(other)).isZero();
    }

    @Test
    void anInterruptDoesNotEndAWaitAndIsKeptL8() throws InterruptedException {
        locks.lock(FRAME);
        final Gate queued = stops.stopNext(At.QUEUED);
        final Actor<Boolean> sleeper = Actor.start("sleeper", () -> {
            lockAndUnlock();
            return Thread.interrupted();
        });
        queued.awaitReached();
        sleeper.interrupt();
        queued.open();
        locks.unlock(FRAME);
        assertThat(sleeper.result()).isTrue();
    }

    @Test
    void anInterruptEndsAnInterruptibleWaitL8() throws InterruptedException {
        locks.lock(FRAME);
        final Gate queued = stops.stopNext(At.QUEUED);
        final Actor<Void> sleeper = interruptible();
        queued.awaitReached();
        sleeper.interrupt();
        queued.open();
        assertThat(sleeper.failure()).isInstanceOf(InterruptedException.class);
        assertThat(locks.table().queued(FRAME)).isZero();
        locks.unlock(FRAME);
        assertThat(locks.isLocked(FRAME)).isFalse();
    }

    @Test
    void anInterruptThatRacesWithAWakeKeepsTheWakeL8() throws InterruptedException {
        locks.lock(FRAME);
        final Gate queued = stops.stopNext(At.QUEUED);
        final Actor<Boolean> leaver = Actor.start("leaver", () -> {
            locks.lockInterruptibly(FRAME);
            locks.unlock(FRAME);
            return Thread.interrupted();
        });
        queued.awaitReached();
        final Actor<Void> behind = sleeper("behind", this::lockAndUnlock);
        final Gate leaving = stops.stopNext(At.BEFORE_LEAVING);
        leaver.interrupt();
        queued.open();
        leaving.awaitReached();
        locks.unlock(FRAME);
        leaving.open();
        assertThat(leaver.result()).as("took the lock, and knows of the interrupt").isTrue();
        behind.result();
    }

    @Test
    void aSleeperThatIsInterruptedWokenAndRobbedTakesNoWakeWithItL8() throws InterruptedException {
        locks.lock(FRAME);
        final Gate queued = stops.stopNext(At.QUEUED);
        final Actor<Void> leaver = interruptible();
        queued.awaitReached();
        final Actor<Void> behind = sleeper("behind", this::lockAndUnlock);
        final Gate leaving = stops.stopNext(At.BEFORE_LEAVING);
        leaver.interrupt();
        queued.open();
        leaving.awaitReached();
        locks.unlock(FRAME);
        assertThat(locks.tryLock(FRAME)).isTrue();
        leaving.open();
        assertThat(leaver.failure()).isInstanceOf(InterruptedException.class);
        locks.unlock(FRAME);
        behind.result();
    }

    @Test
    void aReferenceIsDroppedAfterQueueingAndBeforeSleepingL9() throws InterruptedException {
        locks.lock(FRAME);
        pages.get(FRAME);
        final AtomicInteger queuedAtPut = new AtomicInteger(-1);
        final Actor<Void> sleeper = sleeper("dropper", () -> locks.waitUnlockedDropping(FRAME, frame -> {
            queuedAtPut.set(locks.table().queued(frame));
            pages.put(frame);
        }));
        assertThat(pages.refs(FRAME)).isEqualTo(1);
        assertThat(queuedAtPut).hasValue(1);
        locks.unlock(FRAME);
        sleeper.result();
    }

    @Test
    void aReferenceIsDroppedOnceWhenThereIsNothingToWaitForL9() throws InterruptedException {
        final AtomicInteger drops = new AtomicInteger();
        locks.waitUnlockedDropping(FRAME, frame -> drops.incrementAndGet());
        assertThat(drops).hasValue(1);

        locks.lock(FRAME);
        final Gate gate = stops.stopNext(At.BEFORE_QUEUE);
        final Actor<Void> late = Actor.run("late",
            () -> locks.waitUnlockedDropping(FRAME, frame -> drops.incrementAndGet()));
        gate.awaitReached();
        locks.unlock(FRAME);
        gate.open();
        late.result();
        assertThat(drops).hasValue(2);
    }

    @Test
    void aFailureToDropLeavesTheQueueL9() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> dropper = Actor.run("dropper", () -> locks.waitUnlockedDropping(FRAME, frame -> {
            throw new UnsupportedOperationException("cannot drop " + frame);
        }));
        assertThat(dropper.failure()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(locks.table().queued(FRAME)).isZero();
        locks.unlock(FRAME);
    }

    @Test
    void aSleeperMaySleepAgainWhileItDropsItsReferenceL9() throws InterruptedException {
        final int other = FRAME + 1;
        pages.bind(other, MAPPING, 1, 0);
        pages.set(other, PageDescriptors.WRITEBACK);
        locks.lock(FRAME);
        final Gate outer = stops.noticeNext(At.BEFORE_QUEUE);
        final Actor<Void> dropper = Actor.run("dropper",
            () -> locks.waitUnlockedDropping(FRAME, frame -> locks.waitWriteback(other)));
        outer.awaitReached();
        while (locks.table().queued(other) == 0) {
            Thread.onSpinWait();
        }
        assertThat(locks.table().queued(FRAME)).isEqualTo(1);
        locks.endWriteback(other);
        locks.unlock(FRAME);
        dropper.result();
    }

    @Test
    void waitersForTheLockAndForWritebackDoNotWakeEachOtherL10() throws InterruptedException {
        pages.set(FRAME, PageDescriptors.WRITEBACK);
        locks.lock(FRAME);
        final Actor<Void> writeback = sleeper("writeback", () -> locks.waitWriteback(FRAME));
        final Actor<Void> lock = sleeper("lock", () -> locks.lock(FRAME));
        locks.endWriteback(FRAME);
        writeback.result();
        assertThat(locks.table().queued(FRAME)).isEqualTo(1);
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).as("L4").isTrue();
        pages.set(FRAME, PageDescriptors.WRITEBACK);
        final Actor<Void> again = sleeper("again", () -> locks.waitWriteback(FRAME));
        locks.unlock(FRAME);
        lock.result();
        assertThat(locks.table().queued(FRAME)).isEqualTo(1);
        locks.endWriteback(FRAME);
        again.result();
        assertThat(pages.has(FRAME, PageDescriptors.WAITERS)).as("L4").isFalse();
        locks.adopted(FRAME);
        locks.unlock(FRAME);
    }

    @Test
    void aWrongUnlockIsRefusedAndChangesNothingL11() {
        locks.lock(FRAME);
        pages.set(FRAME, PageDescriptors.UPTODATE);
        final long locked = pages.state(FRAME);
        assertThatThrownBy(() -> locks.unlockWith(FRAME, PageDescriptors.UPTODATE))
            .isInstanceOf(IllegalMonitorStateException.class).hasMessageContaining("frame " + FRAME);
        assertThat(pages.state(FRAME)).isEqualTo(locked);

        locks.adopted(FRAME);
        pages.clear(FRAME, PageDescriptors.LOCKED);
        final long unlocked = pages.state(FRAME);
        assertThatThrownBy(() -> locks.unlock(FRAME)).isInstanceOf(IllegalMonitorStateException.class);
        assertThat(pages.state(FRAME)).isEqualTo(unlocked);
        assertThatThrownBy(() -> locks.endWriteback(FRAME)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingWithASleeperIsRefusedL4() throws InterruptedException {
        locks.lock(FRAME);
        final Actor<Void> sleeper = sleeper("the-sleeper", () -> locks.waitUnlocked(FRAME));
        assertThatThrownBy(locks::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("the-sleeper");
        locks.unlock(FRAME);
        sleeper.result();
    }

    private void lockAndUnlock() {
        locks.lock(FRAME);
        locks.unlock(FRAME);
    }

    private Actor<Void> interruptible() {
        return Actor.start("interruptible", () -> {
            locks.lockInterruptibly(FRAME);
            locks.unlock(FRAME);
            return null;
        });
    }

    /** Starts an actor and returns when it is queued. */
    private Actor<Void> sleeper(final String name, final Runnable body) {
        final Gate queued = stops.noticeNext(At.QUEUED);
        final Actor<Void> actor = Actor.run(name, body);
        queued.awaitReached();
        return actor;
    }

    private void alternate(final int rounds, final int first, final int second, final AtomicInteger turns) {
        for (int i = 0; i < rounds; i++) {
            locks.lock(first);
            turns.incrementAndGet();
            locks.unlock(first);
            locks.lock(second);
            turns.incrementAndGet();
            locks.unlock(second);
        }
    }

    private int sameBucket() {
        for (int frame = FRAME + 1; frame < pages.frames(); frame++) {
            if (locks.table().bucketOf(frame) == locks.table().bucketOf(FRAME)) {
                return frame;
            }
        }
        throw new AssertionError("no two frames share a bucket");
    }
}
