package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The answer to where a file has bytes: S36. */
class ExtentMapTest {
    private final ExtentMap map = new ExtentMap();

    @Test
    @DisplayName("S36: only what was said to read as zeros does; the edges belong to nobody else")
    void edges() {
        assertThat(map.isHole(0, 1)).as("nothing was mapped").isFalse();
        map.begin(100);
        map.add(200, true);
        map.add(300, false);
        map.add(400, true);
        map.add(500, true);
        assertThat(map.count()).as("neighbours of one kind are one").isEqualTo(3);
        assertThat(map.isHole(100, 200)).isTrue();
        assertThat(map.isHole(99, 200)).isFalse();
        assertThat(map.isHole(100, 201)).isFalse();
        assertThat(map.isHole(200, 300)).isFalse();
        assertThat(map.isHole(250, 350)).isFalse();
        assertThat(map.isHole(300, 500)).isTrue();
        assertThat(map.isHole(300, 501)).isFalse();
        map.add(450, false);
        assertThat(map.end()).as("an extent that ends before it begins").isEqualTo(500);
        map.begin(0);
        assertThat(map.isHole(100, 200)).as("forgotten").isFalse();
    }

    @Test
    @DisplayName("S36: what does not fit counts as data")
    void full() {
        map.begin(0);
        for (int i = 1; i <= 2 * ExtentMap.MAX_EXTENTS; i++) {
            map.add(i * 10L, i % 2 == 0);
        }
        assertThat(map.count()).isEqualTo(ExtentMap.MAX_EXTENTS);
        assertThat(map.isHole(10, 20)).isTrue();
        assertThat(map.isHole(10L * ExtentMap.MAX_EXTENTS + 10, 10L * ExtentMap.MAX_EXTENTS + 20)).isFalse();
    }

    @Test
    @DisplayName("S31: under faults the question can fail, and is counted")
    void faults() throws StoreException {
        final FaultyStore store = new FaultyStore(new MemoryStore());
        try (StoreFile file = store.open("file", true)) {
            store.onNext(StoreOperation.MAP, Fault.error(Errno.EIO));
            assertThatThrownBy(() -> file.mapRange(0, 4096, map))
                .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
            file.mapRange(0, 4096, map);
            assertThat(map.isHole(0, 4096)).isTrue();
            assertThat(store.calls(StoreOperation.MAP)).isEqualTo(2);
        }
        store.close();
    }
}
