package io.quire.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;

/** The example of the Javadoc and the README, compiled and run. */
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
}
