package io.quire.engine.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.quire.engine.lock.Points;

/** Finding and removing pages in ranges up to the whole of 2^51: what a scan costs goes by the pages present, up to a million. */
class SparseScanTest {
    private static final int BATCH = 64;
    private static final int HEIGHT = 9;

    private final Points points = new Points();

    @AfterEach
    void letGo() {
        points.close();
    }

    @ParameterizedTest
    @CsvSource({"20, 1", "20, 1000", "20, 1000000", "30, 1000000", "40, 1000000", "51, 1", "51, 10", "51, 100", "51, 1000", "51, 10000",
        "51, 100000", "51, 1000000"})
    @DisplayName("K11: removing all pages of a hole in batches looks at no more nodes than there are pages, and the height for each batch")
    void removeAll(final int holeBits, final int present) {
        final long hole = 1L << holeBits;
        // In runs, as files are read: a million pages of which each had a path of its own would need gigabytes of nodes.
        final int runs = Math.min(present, 1000);
        final int length = present / runs;
        try (NodeSlab slab = new NodeSlab(1 << 16)) {
            final PageTree tree = new PageTree(slab, "sparse");
            tree.lock();
            int frame = 0;
            for (int run = 0; run < runs; run++) {
                final long first = hole / runs * run;
                for (int i = 0; i < length; i++) {
                    assertThat(tree.replace(first + i, PageTree.page(frame++))).isEqualTo(PageTree.EMPTY);
                }
            }
            final AtomicLong scanned = points.count(TreePoint.SCAN_NODE);
            final long[] indices = new long[BATCH];
            final int[] frames = new int[BATCH];
            long removed = 0;
            long from = 0;
            int found;
            while (from < hole && (found = tree.gang(from, hole - 1, indices, frames)) > 0) {
                for (int i = 0; i < found; i++) {
                    tree.replace(indices[i], PageTree.EMPTY);
                }
                removed += found;
                from = indices[found - 1] + 1;
            }
            assertThat(removed).isEqualTo((long) runs * length);
            // A batch goes down to its first page once, over one further leaf, and to each run that begins in it.
            final long batches = removed / BATCH + 2;
            assertThat(scanned.get()).isLessThanOrEqualTo(HEIGHT * (2 * batches + runs));
            tree.unlock();
            tree.close();
        }
    }
}
