package io.quire.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.DirectoryStream;

import org.junit.jupiter.api.Test;

class DirectoryBufferTest {
    private static final int SIZE = 4096;
    private static final int LONGEST = 255;

    /** Offers a name in one of the two forms. */
    private interface Form {
        boolean add(DirectoryStream.Sink sink, byte[] name, long address);
    }

    @Test
    void f10ANameOutsideOfTheHeapMakesTheSameEntry() {
        final Form array = (sink, name, address) -> sink.add(name, 0x1234_5678_9abcL, 8, Long.MIN_VALUE + 7);
        final Form outside = (sink, name, address) -> sink.add(address, name.length, 0x1234_5678_9abcL, 8, Long.MIN_VALUE + 7);
        for (int length = 1; length <= LONGEST; length++) {
            assertThat(built(outside, length, SIZE)).as("a name of %d bytes", length).isEqualTo(built(array, length, SIZE));
        }
    }

    @Test
    void f10AnEntryThatDoesNotFitWholeIsNotBegun() {
        final Form outside = (sink, name, address) -> sink.add(address, name.length, 1, 8, 1);
        assertThat(built(outside, 8, 32)).hasSize(32);
        assertThat(built(outside, 9, 32)).isEmpty();
    }

    /** The bytes of an answer that is one entry, built where something else was before. */
    private static byte[] built(final Form form, final int length, final int room) {
        final byte[] name = new byte[length];
        Arrays.fill(name, (byte) 'n');
        try (Scratch memory = new Scratch(SIZE); Scratch outside = new Scratch(SIZE)) {
            for (int i = 0; i < SIZE; i++) {
                OffHeap.putByte(memory.address() + i, (byte) -1);
                OffHeap.putByte(outside.address() + i, (byte) 'x');
            }
            OffHeap.copyFromArray(name, 0, outside.address(), length);
            final DirectoryBuffer buffer = new DirectoryBuffer();
            buffer.begin(memory.address(), room);
            final boolean taken = form.add(buffer, name, outside.address());
            final byte[] bytes = new byte[(int) buffer.used()];
            OffHeap.copyToArray(memory.address(), bytes, 0, bytes.length);
            assertThat(taken).isEqualTo(bytes.length > 0);
            return bytes;
        }
    }
}
