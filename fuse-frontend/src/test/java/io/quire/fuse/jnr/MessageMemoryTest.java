package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where messages and the data of answers lie (F15). */
class MessageMemoryTest {
    private static final long CAPACITY = 1 << 20;
    private static final long PAGE = 4096;
    private static final int TRANSFER = KernelProtocol.HEADER_SIZE + KernelProtocol.TRANSFER_IN_SIZE;

    private final MessageMemory memory = new MessageMemory(CAPACITY);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void f15APayloadBeginsOnAPageBoundary() {
        assertThat((memory.message() + TRANSFER) % PAGE).isZero();
        assertThat(memory.messageSize()).isEqualTo(TRANSFER + CAPACITY);
    }

    @Test
    void f15AnAnswersDataLeavesATransferAsItCame() {
        for (int i = 0; i < TRANSFER; i++) {
            OffHeap.putByte(memory.message() + i, (byte) 7);
        }
        final long data = memory.data(CAPACITY);
        assertThat(data % PAGE).isZero();
        OffHeap.zero(data, CAPACITY);
        for (int i = 0; i < TRANSFER; i++) {
            assertThat(OffHeap.getByte(memory.message() + i)).isEqualTo((byte) 7);
        }
    }

    @Test
    void f15ALargeMessageStaysUntilTheNextIsReceived() {
        final long last = memory.messageSize() - 1;
        memory.moved(memory.messageSize());
        final long before = memory.message();
        OffHeap.putByte(before + last, (byte) 5);
        assertThat(memory.message()).isEqualTo(before);
        memory.renew();
        assertThat(memory.message()).isEqualTo(NativeMemory.ALIGNMENT * (memory.message() / NativeMemory.ALIGNMENT) + PAGE - TRANSFER);
        OffHeap.putByte(memory.message() + last, (byte) 6);
        final long large = memory.message();
        memory.renew();
        assertThat(memory.message()).isEqualTo(large);
        assertThat(OffHeap.getByte(large + last)).isEqualTo((byte) 6);
    }

    @Test
    void f15SmallMessagesAndAnswersTakeNoHugePage() {
        final long before = memory.message();
        memory.moved(4096 + TRANSFER);
        memory.data(4096);
        memory.renew();
        assertThat(memory.message()).isEqualTo(before);
    }

    @Test
    void f15LargeAnswersTakeAHugePageAsMessagesDo() {
        final long before = memory.message();
        memory.data(64 << 10);
        memory.renew();
        assertThat(memory.message()).isNotEqualTo(before);
    }

    @Test
    void f15MoreThanWasNegotiatedIsRefused() {
        assertThatThrownBy(() -> memory.data(CAPACITY + 1)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("more than the " + CAPACITY);
    }
}
