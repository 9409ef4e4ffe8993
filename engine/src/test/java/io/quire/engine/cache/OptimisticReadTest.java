package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.memory.OffHeap;

/**
 * C4 under fire: while one thread copies from cached pages, another takes them away and gives their frames to another file,
 * with other bytes. The allocator hands out the frames that were freed last, so nearly every round reuses all of them.
 */
class OptimisticReadTest extends CacheFixture {
    private static final int PAGES = 16;
    private static final int ROUNDS = 400;
    private static final byte OURS = 0x11;
    private static final byte FOREIGN = 0x22;

    @ParameterizedTest
    @ValueSource(ints = {8, PAGE, PAGES * PAGE})
    @DisplayName("C4: a copy from a frame that changed hands meanwhile does not count")
    void framesChangeHands(final int length) throws Exception {
        store.outsideWrite(0, filled(PAGES * PAGE, OURS));
        file.invalidate();
        final byte[] foreign = filled(PAGES * PAGE, FOREIGN);
        final AtomicBoolean ended = new AtomicBoolean();
        final CountDownLatch begun = new CountDownLatch(1);
        final Future<Long> reader = start(() -> {
            long reads = 0;
            while (!ended.get()) {
                final long offset = length == PAGES * PAGE ? 0 : reads % PAGES * PAGE;
                assertThat(file.read(offset, buffer, length)).isEqualTo(length);
                for (int at = 0; at < length; at += 8) {
                    if (OffHeap.getLong(buffer + at) != 0x1111_1111_1111_1111L) {
                        throw new AssertionError("foreign bytes at " + (offset + at) + " in read " + reads);
                    }
                }
                reads++;
                begun.countDown();
            }
            return reads;
        });
        await("a first read", () -> begun.getCount() == 0 || reader.isDone());
        try (CachedFile other = cache.open(new ProbeFile())) {
            for (int round = 0; round < ROUNDS && !reader.isDone(); round++) {
                file.invalidate();
                assertThat(other.write(0, foreign, 0, foreign.length)).isEqualTo(foreign.length);
                other.invalidate();
            }
            ended.set(true);
            assertThat(end(reader)).isPositive();
        }
    }
}
