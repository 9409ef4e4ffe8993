package io.quire.engine.evict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered of evicted pages. */
class GhostTableTest {
    private static final int MOST = 200_000;

    @AutoClose
    private final GhostTable table = new GhostTable(MOST);

    @Test
    @DisplayName("a page is known once, by its queue and by what went from that queue since")
    void once() {
        table.capacity(400);
        table.add(7, 30, 0, 100, 900);
        table.add(7, 31, 1, 101, 900);
        assertThat(table.take(7, 30, 110, 960)).as("from the small queue, 10 ago").isEqualTo(10 << 1);
        assertThat(table.take(7, 30, 110, 960)).isEqualTo(GhostTable.UNKNOWN);
        assertThat(table.take(7, 31, 110, 960)).as("from the main queue, 60 ago").isEqualTo(60 << 1 | 1);
        assertThat(table.take(8, 31, 110, 960)).as("another file").isEqualTo(GhostTable.UNKNOWN);
    }

    @Test
    @DisplayName("a page that goes again is known by the last time")
    void again() {
        table.capacity(64);
        table.add(1, 5, 1, 3, 3);
        table.add(1, 5, 0, 20, 3);
        assertThat(table.take(1, 5, 21, 3)).isEqualTo(1 << 1);
        assertThat(table.take(1, 5, 21, 3)).isEqualTo(GhostTable.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 1000, 100_000, MOST})
    @DisplayName("of the last half capacity of evictions nearly all are known, at a distance that is right to a 256th, and nothing of what never was")
    void recent(final int capacity) {
        table.capacity(capacity);
        assertThat(table.bytes()).isBetween(4L * capacity, 4L * capacity + 28);
        final int start = Integer.MAX_VALUE - capacity;
        for (int i = 0; i < 4 * capacity; i++) {
            table.add(i % 3, i, 0, start + i, 0);
        }
        final int now = start + 4 * capacity;
        int known = 0;
        int imagined = 0;
        for (int i = 0; i < capacity / 2; i++) {
            final int page = 4 * capacity - 1 - i;
            final long ghost = table.take(page % 3, page, now, 0);
            if (ghost != GhostTable.UNKNOWN) {
                known++;
                assertThat(ghost & 1).isZero();
                assertThat(ghost >>> 1).as("page %d", page).isBetween(i + 1L - capacity / 256, i + 1L + capacity / 256);
            }
            imagined += table.take(page % 3 + 3, page, now, 0) == GhostTable.UNKNOWN ? 0 : 1;
        }
        assertThat(known).as("known of %d", capacity / 2).isGreaterThanOrEqualTo(capacity / 2 * 97 / 100 - 1);
        assertThat(imagined).as("imagined of %d", capacity / 2).isLessThanOrEqualTo(capacity / 10_000);
    }

    @Test
    @DisplayName("another capacity forgets, the same one does not")
    void capacity() {
        table.capacity(500);
        table.add(1, 1, 0, 1, 1);
        table.capacity(500);
        assertThat(table.take(1, 1, 1, 1)).isZero();
        table.add(1, 1, 0, 1, 1);
        table.capacity(501);
        assertThat(table.take(1, 1, 1, 1)).isEqualTo(GhostTable.UNKNOWN);
    }
}
