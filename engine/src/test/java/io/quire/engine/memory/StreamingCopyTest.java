package io.quire.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies past the caches, between ranges with guards on both sides. */
class StreamingCopyTest {
    private static final int GUARD = 256;
    private static final int ROOM = (1 << 20) + 4 * GUARD;

    private final long source = NativeMemory.reserve(ROOM, false);
    private final long destination = NativeMemory.reserve(ROOM, false);

    @AfterEach
    void release() {
        NativeMemory.release(source, ROOM);
        NativeMemory.release(destination, ROOM);
    }

    @Test
    @DisplayName("on the processors that the project is for, copies do go past the caches")
    void available() {
        assertThat(StreamingCopy.isAvailable()).isEqualTo(System.getProperty("os.arch").equals("amd64"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 4095, 4096, 4097, 4159, 4160, 8191, 65_536, 65_599, 262_144, 262_145, 262_208, 1 << 20})
    @DisplayName("every byte arrives and none beside them changes, at every alignment")
    void copies(final int length) {
        final byte[] bytes = new byte[ROOM];
        new Random(length).nextBytes(bytes);
        OffHeap.copyFromArray(bytes, 0, source, ROOM);
        for (final int from : new int[] {0, 1, 8, 17, 63}) {
            for (final int to : new int[] {0, 1, 8, 16, 40, 63}) {
                final byte[] expected = new byte[ROOM];
                Arrays.fill(expected, (byte) 0x5a);
                OffHeap.copyFromArray(expected, 0, destination, ROOM);
                StreamingCopy.copy(source + from, destination + GUARD + to, length);
                System.arraycopy(bytes, from, expected, GUARD + to, length);
                final byte[] found = new byte[ROOM];
                OffHeap.copyToArray(destination, found, 0, ROOM);
                assertThat(Arrays.mismatch(found, expected)).as("from %d to %d", from, to).isEqualTo(-1);
            }
        }
    }
}
