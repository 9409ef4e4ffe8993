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
        policy.close();
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

    @Test
    @DisplayName("R11: pages that are filled or in use just now stay in the small queue, and the main one gives; when it is empty they are candidates")
    void inHands() {
        IntStream.range(0, 200).forEach(this::page);
        IntStream.range(0, 50).forEach(policy::touched);
        assertThat(victims(1)).as("50 to the main queue").containsExactly(50);
        IntStream.range(51, 100).forEach(descriptors::get);
        IntStream.range(100, 200).forEach(frame -> descriptors.set(frame, PageDescriptors.LOCKED));
        assertThat(victims(3)).containsExactly(0, 1, 2);
        IntStream.range(51, 100).forEach(frame -> assertThat(policy.origin(frame)).as("page %d", frame).isEqualTo(S3FifoPolicy.SMALL));
        policy.verify(196);
        assertThat(victims(196)).as("each of them").hasSize(196).doesNotHaveDuplicates().startsWith(3, 4, 5);
    }

    @Test
    @DisplayName("R12: of a compound page every frame's uses count: used in part it is a candidate, used throughout it stays, with one use less of each")
    void usedInPart() {
        compound(8, 2);
        compound(16, 2);
        page(0);
        page(1);
        IntStream.of(8, 9, 11, 16, 17, 18, 19, 19).forEach(policy::touched);
        policy.capacity(10);
        assertThat(victims(1)).as("frame 10 was not used").containsExactly(8);
        assertThat(victims(1)).as("the next was, and goes to the main queue").containsExactly(0);
        assertThat(policy.origin(16)).isEqualTo(S3FifoPolicy.MAIN);
        assertThat(IntStream.range(16, 20).map(descriptors::use)).containsOnly(0);
        IntStream.of(16, 17, 18, 19, 19).forEach(policy::touched);
        page(2);
        assertThat(victims(1)).containsExactly(1);
        assertThat(victims(1)).as("the main queue, once around").containsExactly(16);
        assertThat(IntStream.range(16, 20).map(descriptors::use)).containsExactly(0, 0, 0, 1);
    }

    @Test
    @DisplayName("R3: a page whose shadow the tree gave up is known again, once, and not when it is long ago")
    void ghosts() {
        policy.capacity(100);
        IntStream.range(0, 200).forEach(frame -> {
            page(frame);
            assertThat(victims(1)).containsExactly(frame);
            policy.shadow(frame);
            policy.removed(frame);
            descriptors.freeze(frame, 1);
            descriptors.unbind(frame);
        });
        descriptors.bind(500, 1, 199, 0);
        assertThat(policy.inserted(500, false, ReplacementPolicy.NO_SHADOW)).as("the last").isTrue();
        assertThat(policy.origin(500)).isEqualTo(S3FifoPolicy.MAIN);
        descriptors.bind(501, 1, 20, 0);
        assertThat(policy.inserted(501, false, ReplacementPolicy.NO_SHADOW)).as("180 evictions ago").isFalse();
        policy.removed(500);
        assertThat(policy.inserted(500, false, ReplacementPolicy.NO_SHADOW)).as("it ceased to exist").isFalse();
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
