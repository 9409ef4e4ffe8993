package io.quire.engine.evict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.memory.CompoundPages;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;

/** The replacement queues: sizes in frames, places that pages keep. */
class S3FifoPolicyTest {
    private static final int FRAMES = 1000;

    private final PageDescriptors descriptors = new PageDescriptors(FRAMES);
    private final FrameAllocator allocator = new FrameAllocator(descriptors);
    private final CompoundPages compounds = new CompoundPages(descriptors, allocator);
    private final S3FifoPolicy policy = new S3FifoPolicy(descriptors);

    @AfterEach
    void close() {
        allocator.close();
        descriptors.close();
    }

    private void page(final int frame) {
        descriptors.bind(frame, 1, frame, 0);
        policy.inserted(frame, false, ReplacementPolicy.NO_SHADOW);
    }

    private void compound(final int head, final int order) {
        compounds.bind(head, order, 1, head, false);
        policy.inserted(head, false, ReplacementPolicy.NO_SHADOW);
    }

    private int[] victims(final int count) {
        final int[] victims = new int[count];
        return Arrays.copyOf(victims, policy.nextVictims(victims));
    }

    @Test
    @DisplayName("A compound page counts in its queue what it takes, and its pieces stand in its place after a split")
    void split() {
        IntStream.range(0, 4).forEach(this::page);
        compound(8, 3);
        IntStream.range(16, 20).forEach(this::page);
        policy.verify(16);
        descriptors.get(8);
        compounds.split(8, 8);
        policy.split(8, 3);
        policy.verify(16);
        assertThat(victims(20)).containsExactly(0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
        policy.verify(0);
    }

    @Test
    @DisplayName("The pieces of a compound page that an evictor has in hand are in a queue, the head stays in hand")
    void splitOfAVictim() {
        compound(8, 2);
        assertThat(victims(1)).containsExactly(8);
        descriptors.use(10, (byte) 2);
        descriptors.get(8);
        compounds.split(8, 8);
        policy.split(8, 2);
        policy.verify(3);
        policy.capacity(10);
        assertThat(victims(1)).as("one that was used stands in the main queue").containsExactly(9);
        policy.rejected(8);
        policy.verify(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @DisplayName("G7: a page that moves to another frame keeps its place")
    void migrated(final int place) {
        IntStream.range(0, 3).forEach(this::page);
        descriptors.bind(500, 1, place, 0);
        policy.migrated(place, 500);
        descriptors.unbind(place);
        policy.verify(3);
        assertThat(victims(3)).containsExactly(IntStream.range(0, 3).map(i -> i == place ? 500 : i).toArray());
    }

    @Test
    @DisplayName("G7: a page that moves while an evictor has it in hand is in a queue, whatever the evictor does")
    void migratedVictim() {
        page(0);
        assertThat(victims(1)).containsExactly(0);
        descriptors.bind(500, 1, 0, 0);
        policy.migrated(0, 500);
        descriptors.unbind(0);
        policy.rejected(0);
        policy.verify(1);
        assertThat(victims(2)).containsExactly(500);
    }

    @Test
    @DisplayName("The small queue's share follows the capacity")
    void capacity() {
        IntStream.range(0, 60).forEach(this::page);
        IntStream.range(0, 30).forEach(policy::touched);
        policy.capacity(200);
        assertThat(victims(10)).as("60 for a share of 20").containsExactly(IntStream.range(30, 40).toArray());
        assertThat(victims(1)).as("20 for a share of 20: the main queue gives").containsExactly(0);
        policy.capacity(100);
        assertThat(victims(1)).as("20 for a share of 10").containsExactly(40);
        policy.verify(48);
    }
}
