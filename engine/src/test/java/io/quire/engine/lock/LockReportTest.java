package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;

import io.quire.engine.memory.PageDescriptors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a report says, so that it can be understood without the program (L29, L30 of native-notes/locks.md). */
@Timeout(300)
final class LockReportTest {
    private static final String HERE = LockReportTest.class.getName() + ".";

    private final OrderedMutex regions = new OrderedMutex(LockClass.REGIONS, "regions of mapping 7");
    private final OrderedMutex frames = new OrderedMutex(LockClass.ALLOCATOR, "free frames");
    private PageDescriptors pages;
    private PageLocks locks;

    @BeforeEach
    void open() {
        LockOrder.resetForTest();
        pages = new PageDescriptors(4);
        locks = new PageLocks(pages, 1);
        for (int frame = 0; frame < 4; frame++) {
            pages.bind(frame, 7, frame, 0);
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
    @DisplayName("L30: memory allocated under the region lock while reclaim wants it: the chain of three, each edge with its stacks")
    void allocationUnderTheRegionLockL30() throws InterruptedException {
        Actor.run("faulter", this::faultUnderTheRegionLock).result();
        Actor.run("filler", this::allocateUnderThePageLock).result();
        assertThat(LockOrder.reports()).as("each of the two alone is in order").isEmpty();

        final LockOrderViolation violation = catchThrowableOfType(LockOrderViolation.class, this::reclaimWantsTheRegions);

        assertThat(regions.isHeldByCurrentThread()).as("L22: who is refused does not hold the lock").isFalse();
        assertThat(violation.getMessage()).containsSubsequence(
            "WARNING: possible circular locking dependency detected",
            "is trying to acquire lock:\nREGIONS (regions of mapping 7), at: " + HERE + "reclaimWantsTheRegions",
            "but task is already holding lock:\nALLOCATOR (free frames), at: " + HERE + "lockFrames", "held for",
            "the existing dependency chain (in reverse order) is:",
            "-> #2 (ALLOCATOR):\n       ALLOCATOR (free frames) asked for by filler/", "at " + HERE + "allocateUnderThePageLock",
            "while holding PAGE (frame 1, mapping 7, index 1)", "at " + HERE + "lockPage", "at " + HERE + "allocateUnderThePageLock",
            "-> #1 (PAGE):\n       PAGE (frame 1, mapping 7, index 1) asked for by faulter/", "at " + HERE + "faultUnderTheRegionLock",
            "while holding REGIONS (regions of mapping 7)", "at " + HERE + "lockRegions", "at " + HERE + "faultUnderTheRegionLock",
            "-> #0 (REGIONS (regions of mapping 7)): asked for by " + Thread.currentThread().getName(),
            "at " + HERE + "reclaimWantsTheRegions",
            "while holding ALLOCATOR (free frames)", "at " + HERE + "lockFrames", "at " + HERE + "reclaimWantsTheRegions",
            "Chain exists of:\n  REGIONS --> PAGE --> ALLOCATOR --> REGIONS",
            "*** DEADLOCK ***",
            "1 lock held by " + Thread.currentThread().getName(),
            "stack backtrace:");
        assertThat(violation.getMessage()).as("nothing is taken from the declared order where all was seen")
            .doesNotContain("declared:");
    }

    @Test
    @DisplayName("L29: a self-wait names thread, page, where and since when it was taken, and both chains")
    void aSelfWaitShowsBothChainsL29() {
        lockPage(2);
        final LockOrderViolation violation = catchThrowableOfType(LockOrderViolation.class, this::waitForPageTwo);
        locks.unlock(2);
        final String me = Thread.currentThread().getName() + "/" + Thread.currentThread().threadId();
        assertThat(violation.getMessage()).containsSubsequence(
            "WARNING: possible recursive locking detected",
            me + " is trying to acquire lock:\nPAGE (frame 2, mapping 7, index 2), at: " + HERE + "waitForPageTwo",
            "but task is already holding lock:\nPAGE (frame 2, mapping 7, index 2), at: " + HERE + "lockPage", "held for",
            "-> #1 (PAGE (frame 2, mapping 7, index 2)): taken by " + me, " ms ago\n",
            "at " + HERE + "lockPage", "at " + HERE + "aSelfWaitShowsBothChainsL29",
            "-> #0 (PAGE (frame 2, mapping 7, index 2)): asked for by " + me + " now\n",
            "at " + HERE + "waitForPageTwo",
            "*** DEADLOCK ***", "1 lock held by " + me, "#0: PAGE (frame 2, mapping 7, index 2)", "stack backtrace:");
    }

    @Test
    @DisplayName("L29: a self-wait is reported each time, also when no more reports are kept")
    void everySelfWaitIsReportedL29() {
        final long before = LockOrder.reportCount();
        lockPage(3);
        for (int i = 0; i < 600; i++) {
            assertThat(catchThrowableOfType(LockOrderViolation.class, () -> locks.lock(3))).as("wait %d", i).isNotNull();
        }
        locks.unlock(3);
        assertThat(LockOrder.reportCount() - before).isEqualTo(600);
        assertThat(LockOrder.reports()).hasSize(256);
    }

    @Test
    @DisplayName("L29: an inversion is reported each time that it is tried")
    void everyInversionIsReportedL29() {
        lockFrames();
        for (final String _ : List.of("first", "second")) {
            assertThat(catchThrowableOfType(LockOrderViolation.class, regions::lock))
                .hasMessageContaining("declared: REGIONS is outside STRIPE");
        }
        frames.unlock();
        assertThat(LockOrder.reports()).hasSize(2);
    }

    private void faultUnderTheRegionLock() {
        lockRegions();
        lockPage(1);
        locks.unlock(1);
        regions.unlock();
    }

    private void allocateUnderThePageLock() {
        lockPage(1);
        lockFrames();
        frames.unlock();
        locks.unlock(1);
    }

    private void reclaimWantsTheRegions() {
        lockFrames();
        try {
            regions.lock();
        } finally {
            frames.unlock();
        }
    }

    private void waitForPageTwo() {
        locks.lock(2);
    }

    private void lockPage(final int frame) {
        locks.lock(frame);
    }

    private void lockRegions() {
        regions.lock();
    }

    private void lockFrames() {
        frames.lock();
    }
}
