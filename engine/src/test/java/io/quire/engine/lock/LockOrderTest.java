package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;

import io.quire.engine.memory.PageDescriptors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invariants L17 to L25 of native-notes/locks.md. Violations are wanted here; what they leave behind is checked. */
@Timeout(300)
final class LockOrderTest {
    private static final long MAPPING = 7;
    private static final long OTHER_MAPPING = 8;

    private final OrderedMutex mapping = new OrderedMutex(LockClass.MAPPING, "mapping of a.txt");
    private final OrderedMutex tree = new OrderedMutex(LockClass.TREE, "tree of a.txt");
    private final OrderedMutex queues = new OrderedMutex(LockClass.ALLOCATOR, "queues");
    private final OrderedMutex frames = new OrderedMutex(LockClass.ALLOCATOR, "frames");
    private final FaultMutexTable faults = new FaultMutexTable(1);
    private final Stops stops = new Stops();
    private PageDescriptors pages;
    private PageLocks locks;

    @BeforeEach
    void open() {
        assertThat(LockOrder.ENABLED).as("tests run with -Dquire.lock.order=true").isTrue();
        LockOrder.resetForTest();
        pages = new PageDescriptors(64);
        locks = new PageLocks(pages, 1, stops);
        // Frames 0 to 9 are pages 0 to 9 of one mapping, 10 to 19 of another, and the others are bound to nothing.
        for (int frame = 0; frame < 10; frame++) {
            pages.bind(frame, MAPPING, frame, 0);
            pages.bind(frame + 10, OTHER_MAPPING, frame, 0);
        }
    }

    @AfterEach
    void nothingIsHeld() {
        assertThat(LockOrder.heldByCurrentThread()).isEmpty();
        LockOrder.resetForTest();
        assertThat(Actor.noneRuns()).as("every actor has ended").isTrue();
        locks.close();
        pages.close();
    }

    @Test
    void aThreadThatWaitsForItsOwnPageIsToldAtOnceL17() {
        locks.lock(1);
        for (final Runnable wait : List.<Runnable>of(() -> locks.lock(1), () -> locks.waitUnlocked(1))) {
            final LockOrderViolation violation = catchThrowableOfType(LockOrderViolation.class, wait::run);
            assertThat(violation).hasMessageContaining("WARNING: possible recursive locking detected")
                .hasMessageContaining("PAGE (frame 1, mapping 7, index 1), at: " + LockOrderTest.class.getName())
                .hasMessageContaining(Thread.currentThread().getName() + "/" + Thread.currentThread().threadId())
                .hasMessageContaining("1 lock held by");
        }
        assertThat(LockOrder.reports()).hasSize(2);
        locks.unlock(1);
    }

    @Test
    void aDroppingWaiterForItsOwnPageStillDropsItsReferenceL17L9() {
        final AtomicInteger drops = new AtomicInteger();
        locks.lock(1);
        assertThatThrownBy(() -> locks.waitUnlockedDropping(1, frame -> drops.incrementAndGet()))
            .isInstanceOf(LockOrderViolation.class);
        assertThat(drops).hasValue(1);
        locks.unlock(1);
    }

    @Test
    void aMutexIsNotReentrantL17() {
        tree.lock();
        assertThatThrownBy(tree::lock).isInstanceOf(LockOrderViolation.class).hasMessageContaining("tree of a.txt");
        assertThat(tree.isHeldByCurrentThread()).isTrue();
        tree.unlock();
        assertThatThrownBy(tree::unlock).isInstanceOf(IllegalMonitorStateException.class);
    }

    @Test
    void theDeclaredOrderIsAcceptedL18() {
        mapping.lock();
        faults.lock(2);
        faults.lock(5);
        locks.lock(1);
        tree.lock();
        queues.lock();
        assertThat(LockOrder.heldByCurrentThread()).hasSize(6);
        queues.unlock();
        tree.unlock();
        locks.unlock(1);
        faults.unlock(2);
        faults.unlock(5);
        mapping.unlock();
        assertThat(LockOrder.reports()).isEmpty();
    }

    @Test
    void anInversionOfTheDeclaredOrderIsReportedTheFirstTimeL18() {
        tree.lock();
        assertThatThrownBy(() -> locks.lock(1)).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("possible circular locking dependency detected")
            .hasMessageContaining("declared: PAGE is outside TREE");
        assertThat(locks.isLocked(1)).as("L22").isFalse();
        tree.unlock();
    }

    @Test
    void anInversionNamesTheChainThatSomebodyElseTookL18() throws InterruptedException {
        Actor.run("first-comer", this::pageThenTree).result();
        tree.lock();
        final LockOrderViolation violation = catchThrowableOfType(LockOrderViolation.class, () -> locks.lock(2));
        tree.unlock();
        assertThat(violation).hasMessageContaining("the existing dependency chain (in reverse order) is:")
            .hasMessageContaining("TREE (tree of a.txt) asked for by first-comer/")
            .hasMessageContaining("LockOrderTest.pageThenTree")
            .hasMessageContaining("while holding PAGE (frame 1, mapping 7, index 1)")
            .hasMessageContaining("LockOrderTest.anInversionNamesTheChainThatSomebodyElseTookL18")
            .hasMessageContaining("lock(TREE (tree of a.txt));")
            .hasMessageContaining("*** DEADLOCK ***");
        assertThat(LockOrder.reports()).containsExactly(violation.getMessage());
    }

    @Test
    void theOrderOfTwoLocksOfOneClassIsLearntL18() throws InterruptedException {
        Actor.run("learner", () -> {
            queues.lock();
            frames.lock();
            frames.unlock();
            queues.unlock();
        }).result();
        frames.lock();
        assertThatThrownBy(queues::lock).isInstanceOf(LockOrderViolation.class).hasMessageContaining("learner/");
        frames.unlock();
    }

    @Test
    void theOrderOfTwoMappingsPagesIsLearntL18() throws InterruptedException {
        Actor.run("copier", () -> {
            locks.lock(9);
            locks.lock(10);
            locks.unlock(10);
            locks.unlock(9);
        }).result();
        locks.lock(15);
        assertThatThrownBy(() -> locks.lock(3)).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("mapping 8").hasMessageContaining("copier/");
        locks.unlock(15);
    }

    @Test
    void aSeenChainIsNotSearchedAgainButIsStillChecked() {
        for (int i = 0; i < 3; i++) {
            locks.lock(4);
            assertThatThrownBy(() -> locks.lock(3)).isInstanceOf(LockOrderViolation.class);
            locks.lock(5);
            locks.unlock(5);
            locks.unlock(4);
        }
        assertThat(LockOrder.reports()).hasSize(3);
    }

    @Test
    void pagesOfAMappingAreTakenInAscendingOrderL19() {
        locks.lock(4);
        locks.lock(6);
        assertThatThrownBy(() -> locks.lock(5)).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("locks of class PAGE are taken in ascending order, and 5 does not follow 6");
        assertThat(locks.isLocked(5)).as("L22").isFalse();
        assertThatThrownBy(() -> locks.waitUnlocked(3)).isInstanceOf(LockOrderViolation.class);
        locks.unlock(4);
        locks.unlock(6);
    }

    @Test
    void stripesAreTakenInAscendingOrderL19() {
        faults.lock(3);
        assertThatThrownBy(() -> faults.lock(2)).isInstanceOf(LockOrderViolation.class);
        assertThatThrownBy(faults::passAll).isInstanceOf(LockOrderViolation.class);
        faults.unlock(3);
    }

    @Test
    void aPageThatLeftItsMappingKeepsItsPlaceWhileItIsHeldL19() {
        locks.lock(4);
        pages.freeze(4, 1);
        pages.unbind(4);
        assertThatThrownBy(() -> locks.lock(3)).isInstanceOf(LockOrderViolation.class);
        locks.unlock(4);
    }

    @Test
    void tryingMakesNoOrderL20() {
        tree.lock();
        assertThat(locks.tryLock(6)).isTrue();
        assertThat(locks.tryLock(5)).isTrue();
        assertThat(mapping.tryLock()).isTrue();
        assertThat(LockOrder.heldByCurrentThread()).hasSize(4).element(1).asString().contains("by trylock");
        mapping.unlock();
        locks.unlock(5);
        locks.unlock(6);
        tree.unlock();
        assertThat(LockOrder.reports()).isEmpty();
    }

    @Test
    void whatWasTriedCountsAgainstWhatIsWaitedForLaterL20() {
        assertThat(locks.tryLock(6)).isTrue();
        assertThatThrownBy(() -> locks.lock(5)).isInstanceOf(LockOrderViolation.class);
        assertThatThrownBy(mapping::lock).isInstanceOf(LockOrderViolation.class);
        locks.unlock(6);
    }

    @Test
    void twoThreadsThatWaitForEachOthersPagesAreReportedOnceByOneOfThemL21() throws Exception {
        // Frames that are bound to nothing have no order, so that only the sleepers themselves can find out.
        final List<Throwable> failures = circle(20, 21);
        assertThat(failures).hasSize(1);
        assertThat(LockOrder.reports()).containsExactly(failures.getFirst().getMessage());
        assertThat(failures.getFirst().getMessage())
            .contains("INFO: deadlock: 2 tasks wait for each other")
            .containsPattern("sleeper-20/\\d+ is waiting for lock:\nPAGE \\(frame 21, bound to nothing\\)")
            .containsPattern("sleeper-21/\\d+ is waiting for lock:\nPAGE \\(frame 20, bound to nothing\\)")
            .containsPattern("which is held by sleeper-20/\\d+:\nPAGE \\(frame 20, bound to nothing\\), at: .*LockOrderTest")
            .containsPattern("1 lock held by sleeper-21/");
    }

    @Test
    void aLongCircleIsReportedOnceL21() throws Exception {
        final List<Throwable> failures = circle(20, 21, 22, 23);
        assertThat(failures).hasSize(1);
        assertThat(failures.getFirst().getMessage()).contains("INFO: deadlock: 4 tasks wait for each other");
        assertThat(LockOrder.reports()).hasSize(1);
    }

    @Test
    void aMutexSleeperFindsACircleTooL21() throws Exception {
        final CyclicBarrier bothHold = new CyclicBarrier(2);
        final Actor<Void> a = Actor.start("page-sleeper", () -> {
            queues.lock();
            bothHold.await();
            bothHold.await();
            queues.unlock();
            return null;
        });
        final LockRef page = new LockRef(LockClass.PAGE, locks, 30, 0, 0, null);
        locks.lock(30);
        bothHold.await();
        // The other thread is made to wait for this thread's page, by constructing the state.
        final ThreadLocks.Held queuesHeld = LockOrder.holderForTest(new LockRef(LockClass.ALLOCATOR, queues, 0, 0, 0, ""));
        queuesHeld.owner().waiting = new ThreadLocks.Wait(page, CallSite.here(), System.nanoTime());
        assertThatThrownBy(queues::lock).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("2 tasks wait for each other").hasMessageContaining("ALLOCATOR (queues)");
        queuesHeld.owner().waiting = null;
        bothHold.await();
        a.result();
        locks.unlock(30);
    }

    @Test
    void aSleeperThatLeavesACircleIsNotLeftInTheQueueL21L8() throws Exception {
        assertThat(circle(20, 21)).hasSize(1);
        for (final int frame : new int[] {20, 21}) {
            assertThat(locks.table().queued(frame)).isZero();
            assertThat(locks.tryLock(frame)).isTrue();
            locks.unlock(frame);
        }
    }

    @Test
    void anUnlockByAThreadThatDoesNotHoldIsReportedL25() throws InterruptedException {
        locks.lock(1);
        assertThat(Actor.run("stranger", () -> locks.unlock(1)).failure()).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("bad unlock balance").hasMessageContaining("stranger/")
            .hasMessageContaining("it is held by " + Thread.currentThread().getName());
        assertThat(locks.isLocked(1)).isTrue();
        locks.unlock(1);
    }

    @Test
    void aPageThatWasBoundLockedMustBeAdoptedL23() {
        pages.bind(40, MAPPING, 40, PageDescriptors.LOCKED);
        assertThatThrownBy(() -> locks.unlock(40)).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("was a page that was bound locked not adopted?");
        locks.adopted(40);
        assertThatThrownBy(() -> locks.lock(40)).as("L17").isInstanceOf(LockOrderViolation.class);
        locks.unlock(40);
    }

    @Test
    void aLockCanPassToAnotherThreadL23() throws InterruptedException {
        locks.lock(1);
        Actor.run("heir", () -> {
            locks.adopted(1);
            locks.unlock(1);
        }).result();
        assertThat(LockOrder.heldByCurrentThread()).isEmpty();
        assertThat(LockOrder.reports()).isEmpty();
    }

    @Test
    void placesWhereNoLockMayBeHeldCanBeStated() {
        LockOrder.assertNoneHeld("answering");
        mapping.lock();
        LockOrder.assertNoPageHeld("copying from the source");
        assertThatThrownBy(() -> LockOrder.assertNoneHeld("answering")).isInstanceOf(LockOrderViolation.class)
            .hasMessageContaining("locks held while answering").hasMessageContaining("mapping of a.txt");
        locks.lock(1);
        assertThatThrownBy(() -> LockOrder.assertNoPageHeld("copying from the source"))
            .isInstanceOf(LockOrderViolation.class);
        locks.unlock(1);
        mapping.unlock();
    }

    @Test
    void theReportKeepsLockdepsLayoutL18() {
        locks.lock(6);
        final LockOrderViolation violation = catchThrowableOfType(LockOrderViolation.class, () -> locks.lock(5));
        locks.unlock(6);
        assertThat(violation.getMessage()).containsSubsequence(
            "======", "WARNING: ", "------", " is trying to acquire lock:\n", "but task is already holding lock:\n",
            "which lock already depends on the new lock", "other info that might help us debug this:",
            "Possible unsafe locking scenario:", "CPU0                    CPU1", "*** DEADLOCK ***",
            "1 lock held by ", " #0: PAGE (frame 6", "stack backtrace:\n", "LockOrderTest");
    }

    private void pageThenTree() {
        locks.lock(1);
        tree.lock();
        tree.unlock();
        locks.unlock(1);
    }

    /** Thread i holds frame i and waits for the next; returns what they threw. Whoever is thrown out gives its frame back. */
    private List<Throwable> circle(final int... frames) throws Exception {
        final CyclicBarrier allHold = new CyclicBarrier(frames.length);
        final List<Throwable> failures = new CopyOnWriteArrayList<>();
        final List<Actor<Void>> actors = new ArrayList<>();
        for (int i = 0; i < frames.length; i++) {
            final int mine = frames[i];
            final int wanted = frames[(i + 1) % frames.length];
            actors.add(Actor.start("sleeper-" + mine, () -> {
                locks.lock(mine);
                allHold.await();
                try {
                    locks.lock(wanted);
                    locks.unlock(wanted);
                } catch (final LockOrderViolation e) {
                    failures.add(e);
                } finally {
                    locks.unlock(mine);
                }
                return null;
            }));
        }
        for (final Actor<Void> actor : actors) {
            actor.result();
        }
        return failures;
    }
}
