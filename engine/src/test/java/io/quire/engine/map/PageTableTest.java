package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Memory of page tables. */
class PageTableTest {
    private static final long PAGES = 1L << 36;

    @Test
    @DisplayName("M2: a table for which there is no address space keeps none of it")
    void noAddressSpace() {
        final TableMemory memory = new TableMemory();
        try {
            // The entries alone take 512 GiB of addresses: kept, a few hundred attempts would use up all that a process has.
            for (int i = 0; i < 300; i++) {
                assertThatThrownBy(() -> PageTable.allocate(memory, PAGES, true, 0)).isInstanceOf(OutOfMemoryError.class);
            }
            assertThat(memory.allocate(PAGES << 3)).isNotZero();
        } finally {
            memory.run();
        }
    }
}
