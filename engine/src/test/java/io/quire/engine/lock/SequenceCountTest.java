package io.quire.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invariants L15 and L16 of native-notes/locks.md; the mixtures are looked for by jcstress. */
@Timeout(300)
final class SequenceCountTest {
    private final SequenceCount count = new SequenceCount();

    @Test
    void aReadWithoutAWriterStandsL15() {
        final long seen = count.readBegin();
        assertThat(count.retry(seen)).isFalse();
        assertThat(count.tryReadBegin()).isEqualTo(seen);
    }

    @Test
    void aReadDuringWhichAWriterWasAtWorkIsThrownAwayL15() {
        final long seen = count.readBegin();
        count.writeBegin();
        assertThat(count.retry(seen)).isTrue();
        count.writeEnd();
        assertThat(count.retry(seen)).isTrue();
        assertThat(count.retry(count.readBegin())).isFalse();
    }

    @Test
    void aReadThatBeginsDuringAWriteFallsBackL15() {
        count.writeBegin();
        final long seen = count.tryReadBegin();
        assertThat(seen).isEqualTo(SequenceCount.WRITING);
        assertThat(count.retry(seen)).isTrue();
        count.writeEnd();
        assertThat(count.retry(seen)).isTrue();
    }

    @Test
    void aReadWaitsForTheWriterL15() throws InterruptedException {
        count.writeBegin();
        final CountDownLatch about = new CountDownLatch(1);
        final Actor<Boolean> reader = Actor.start("reader", () -> {
            about.countDown();
            return count.retry(count.readBegin());
        });
        about.await();
        assertThat(reader.done()).isFalse();
        count.writeEnd();
        assertThat(reader.result()).isFalse();
    }

    @Test
    void twoWritersAreRefusedL16() {
        assertThatThrownBy(count::writeEnd).isInstanceOf(IllegalStateException.class);
        count.writeBegin();
        assertThatThrownBy(count::writeBegin).isInstanceOf(IllegalStateException.class);
        count.writeEnd();
    }
}
