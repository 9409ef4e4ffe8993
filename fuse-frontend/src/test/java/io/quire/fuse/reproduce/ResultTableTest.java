package io.quire.fuse.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The table says in one look what passed, and in full what did not. */
class ResultTableTest {
    private static final WriteCase COLD = WriteCase.historic();
    private static final WriteCase WARM = new WriteCase(COLD.load(), COLD.relation(), COLD.start(), COLD.boundaries(), false);

    private final ResultTable table = new ResultTable();

    @Test
    @DisplayName("Rows of cases by columns of policies, each cell with what came of it")
    void rowsAndColumns() {
        table.add("one-page", COLD, 1, Outcome.right(1));
        table.add("one-page", COLD, 2, Outcome.right(1));
        table.add("one-page", WARM, 1, Outcome.right(1));
        table.add("multi-page-locked", COLD, 1, new Outcome(Outcome.Kind.REPORTED, "text", 1));
        table.add("multi-page-locked", COLD, 2, Outcome.right(1));
        table.add("range", COLD, 1, Outcome.refused());
        assertThat(table.toString()).isEqualTo("""
                                               one-page  multi-page-locked  range
            one thread, 1 page boundary, cold  ok 2      ok 1, reported 1   refused
            one thread, 1 page boundary, warm  ok 1      -                  -
            """);
        assertThat(table.bad()).isZero();
        assertThat(table.tried()).isEqualTo(5);
    }

    @Test
    @DisplayName("What went wrong is counted and told in full, with the case, the policy and the run")
    void complaints() {
        table.add("range", COLD, 7, Outcome.wrong("byte 3 is 00"));
        assertThat(table.bad()).isEqualTo(1);
        assertThat(table.toString()).contains("WRONG 1",
            "WRONG under range, run 7: one thread, 112 bytes at 8192 - 12 across 1 page boundaries", "cold\n  byte 3 is 00\n");
    }

    @Test
    @DisplayName("A thousand failures are counted, not all printed")
    void manyComplaints() {
        for (int run = 1; run <= 1000; run++) {
            table.add("range", COLD, run, Outcome.hung("here"));
        }
        assertThat(table.toString()).contains("HUNG 1000", "990 more went wrong").doesNotContain("run 11:");
    }
}
