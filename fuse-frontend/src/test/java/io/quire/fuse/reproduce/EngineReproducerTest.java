package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.write.WritePolicies;

/** The deadlock is reported where it is made, and made nowhere else (D1 to D3 of deadlock.md). */
@Timeout(300)
class EngineReproducerTest {
    private static final long LIMIT = 60_000;

    @BeforeEach
    @AfterEach
    void forgetReports() {
        LockOrder.resetForTest();
    }

    @Test
    @DisplayName("D1: under every policy but the laboratory's each case completes with the right bytes and no report")
    void everyOtherPolicyCompletes() throws IOException {
        for (final WritePolicy policy : WritePolicies.all()) {
            if (!policy.isLaboratory()) {
                try (EngineReproducer reproducer = new EngineReproducer(policy, LIMIT)) {
                    for (final WriteCase one : WriteCase.all()) {
                        final Outcome outcome = reproducer.run(one, 1);
                        assertThat(outcome.kind()).as(policy.name() + ", " + one + ": " + outcome.detail())
                            .isEqualTo(Outcome.Kind.RIGHT);
                    }
                }
            }
        }
        assertThat(LockOrder.reports()).isEmpty();
    }

    @Test
    @DisplayName("D2: multi-page-locked waits for a page of its own batch; the report names thread, page and both chains")
    void theSelfWaitIsReported() throws IOException {
        final Outcome outcome = historic(1);
        assertThat(outcome.kind()).as(outcome.detail()).isEqualTo(Outcome.Kind.REPORTED);
        assertThat(outcome.detail()).containsSubsequence(
            "WARNING: possible recursive locking detected",
            CaseRunner.THREAD_NAME, "is trying to acquire lock:\nPAGE (frame ", "mapping 1, index 1)",
            "but task is already holding lock:\nPAGE (frame ", "mapping 1, index 1)", "held for",
            "-> #1 (PAGE", "taken by " + CaseRunner.THREAD_NAME, "WriteOperation.grab", "MultiPageLockedPolicy.write",
            "-> #0 (PAGE", "asked for by " + CaseRunner.THREAD_NAME, "MultiPageLockedPolicy.copy",
            "*** DEADLOCK ***",
            "3 locks held by " + CaseRunner.THREAD_NAME, "#0: MAPPING", "#1: PAGE", "index 1)", "#2: PAGE", "index 2)",
            "stack backtrace:");
    }

    @Test
    @DisplayName("D3: five hundred times in a row, each within a second, the cache sound after each")
    void fiveHundredTimes() throws IOException {
        assertThat(historic(500).kind()).isEqualTo(Outcome.Kind.REPORTED);
    }

    @Test
    @DisplayName("D2: every case under multi-page-locked either completes with the right bytes or is reported")
    void nothingHangsUnderTheLaboratorysPolicy() throws IOException {
        try (EngineReproducer reproducer = new EngineReproducer(WritePolicies.MULTI_PAGE_LOCKED, LIMIT)) {
            for (final WriteCase one : WriteCase.all()) {
                final Outcome outcome = reproducer.run(one, 1);
                assertThat(outcome.isBad()).as(one + ": " + outcome.kind() + " " + outcome.detail()).isFalse();
            }
        }
    }

    private static Outcome historic(final int runs) throws IOException {
        Outcome outcome = null;
        try (EngineReproducer reproducer = new EngineReproducer(WritePolicies.MULTI_PAGE_LOCKED, LIMIT)) {
            for (int run = 1; run <= runs; run++) {
                outcome = reproducer.run(WriteCase.historic(), run);
                assertThat(outcome.kind()).as("run " + run + ": " + outcome.detail()).isEqualTo(Outcome.Kind.REPORTED);
            }
        }
        return outcome;
    }
}
