package io.quire.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;

/** The examples of the Javadoc and the README, compiled and run. */
class EmbeddingTest {
    @Test
    @DisplayName("the example of the Javadoc works")
    void example() throws Exception {
        // @start region="example"
        final byte[] text = "bound in off-heap pages".getBytes(StandardCharsets.UTF_8);
        final byte[] back = new byte[text.length];
        try (Store store = new MemoryStore();
            PageCache cache = Quire.cache().capacity(64L << 20).build();
            CachedFile file = cache.open(store.open("quire", true))) {
            file.write(4096 - 12, text, 0, text.length);
            file.sync(false);
            file.read(4096 - 12, back, 0, back.length);
        }
        // @end
        assertThat(back).isEqualTo(text);
    }

    @Test
    @DisplayName("the example of mapped regions works")
    void regions() throws Exception {
        try (Store store = new MemoryStore();
            PageCache cache = Quire.cache().capacity(64L << 20).build();
            CachedFile file = cache.open(store.open("quire", true))) {
            file.truncate(1 << 20);
            // @start region="regions"
            try (AddressSpace space = new AddressSpace();
                MappedRegion region = space.map(file, 0, 1 << 20, Sharing.SHARED, Protection.READ_WRITE)) {
                region.putLong(0, region.getLong(8) + 1);
                region.sync();
            }
            cache.resize(32L << 20);
            // @end
            final byte[] word = new byte[8];
            assertThat(file.read(0, word, 0, 8)).isEqualTo(8);
            assertThat(ByteBuffer.wrap(word).order(ByteOrder.nativeOrder()).getLong()).isEqualTo(1);
            assertThat(cache.capacity()).isEqualTo(32L << 20);
        }
    }
}
