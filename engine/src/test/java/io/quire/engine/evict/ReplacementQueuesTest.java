package io.quire.engine.evict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.memory.CompoundPages;
import io.quire.engine.memory.FrameAllocator;
import io.quire.engine.memory.PageDescriptors;

/** What the queues of every policy keep: Q1 to Q5; and how the small queue's target moves: R6 and R7. */
class ReplacementQueuesTest {
    private static final int FRAMES = 1000;

    private final PageDescriptors descriptors = new PageDescriptors(FRAMES);
    private final FrameAllocator allocator = new FrameAllocator(descriptors);
    private final CompoundPages compounds = new CompoundPages(descriptors, allocator);
    private ReplacementPolicy policy;

    static Iterable<ReplacementPolicies.Named> all() {
        return ReplacementPolicies.all();
    }

    @AfterEach
    void close() {
        policy.close();
        allocator.close();
        descriptors.close();
    }

    private void create(final ReplacementPolicies.Named named) {
        policy = named.create(descriptors);
        policy.capacity(FRAMES);
    }

    private void page(final int frame) {
        descriptors.bind(frame, 1, frame, 0);
        policy.inserted(frame, false, ReplacementPolicy.NO_SHADOW);
    }

    private void gone(final int frame) {
        policy.removed(frame);
        assertThat(descriptors.freeze(frame, 1)).isTrue();
        descriptors.unbind(frame);
    }

    private int[] victims(final int count) {
        final int[] victims = new int[count];
        return Arrays.copyOf(victims, policy.nextVictims(victims));
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q1: a page in transit is in no queue, and back in one when it was rejected")
    void rejected(final ReplacementPolicies.Named named) {
        create(named);
        IntStream.range(0, 5).forEach(this::page);
        final int[] taken = victims(2);
        assertThat(taken).containsExactly(0, 1);
        policy.verify(3);
        policy.rejected(0);
        policy.verify(4);
        gone(1);
        policy.verify(4);
        assertThat(victims(10)).containsExactlyInAnyOrder(0, 2, 3, 4);
        policy.verify(0);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q4: a frame that left in transit is not taken back, also when it holds another page by then")
    void leftInTransit(final ReplacementPolicies.Named named) {
        create(named);
        page(0);
        page(1);
        assertThat(victims(1)).containsExactly(0);
        gone(0);
        policy.rejected(0);
        policy.verify(1);
        page(0);
        policy.rejected(0);
        policy.verify(2);
        assertThat(victims(10)).containsExactlyInAnyOrder(0, 1);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q2: a compound page counts what it takes, and a batch has room for frames and not for pages")
    void compound(final ReplacementPolicies.Named named) {
        create(named);
        compounds.bind(8, 3, 1, 8, false);
        policy.inserted(8, false, ReplacementPolicy.NO_SHADOW);
        IntStream.range(16, 20).forEach(this::page);
        policy.verify(12);
        assertThat(victims(8)).containsExactly(8);
        policy.verify(4);
        policy.rejected(8);
        policy.verify(12);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q3: the pieces of a page that is split stand where it stood; a page that moves keeps its place")
    void places(final ReplacementPolicies.Named named) {
        create(named);
        page(0);
        compounds.bind(8, 2, 1, 8, false);
        policy.inserted(8, false, ReplacementPolicy.NO_SHADOW);
        page(1);
        descriptors.get(8);
        compounds.split(8, 8);
        policy.split(8, 2);
        descriptors.bind(500, 1, 1, 0);
        policy.migrated(1, 500);
        descriptors.unbind(1);
        policy.verify(6);
        assertThat(victims(10)).containsExactly(0, 8, 9, 10, 11, 500);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q3: what moves or is split in transit enters a queue, whatever the evictor does")
    void inTransit(final ReplacementPolicies.Named named) {
        create(named);
        page(0);
        compounds.bind(8, 1, 1, 8, false);
        policy.inserted(8, false, ReplacementPolicy.NO_SHADOW);
        assertThat(victims(3)).containsExactly(0, 8);
        descriptors.bind(500, 1, 0, 0);
        policy.migrated(0, 500);
        descriptors.unbind(0);
        policy.rejected(0);
        descriptors.get(8);
        compounds.split(8, 8);
        policy.split(8, 1);
        policy.rejected(8);
        policy.verify(3);
        assertThat(victims(10)).containsExactlyInAnyOrder(500, 8, 9);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("a page that is used without end is a victim still: looking for one ends")
    void usedWithoutEnd(final ReplacementPolicies.Named named) {
        create(named);
        IntStream.range(0, 50).forEach(this::page);
        for (int frame = 0; frame < 50; frame++) {
            for (int i = 0; i < 10; i++) {
                policy.touched(frame);
            }
        }
        assertThat(victims(50)).hasSize(50).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q5: pages that can go are offered however many others cannot, wherever they stand")
    void offersWhatCanGo(final ReplacementPolicies.Named named) {
        create(named);
        offers(100, 90);
    }

    @ParameterizedTest
    @MethodSource("all")
    @DisplayName("Q5: also while there are more pages than the capacity, which has just shrunk")
    void offersWhatCanGoInAShrink(final ReplacementPolicies.Named named) {
        create(named);
        policy.capacity(40);
        offers(187, 3);
    }

    private void offers(final int busyPages, final int others) {
        IntStream.range(0, busyPages + others).forEach(this::page);
        final List<Integer> busy = Arrays.stream(victims(busyPages)).boxed().toList();
        assertThat(busy).hasSize(busyPages);
        busy.forEach(policy::rejected);
        int evicted = 0;
        for (int batch = 0; batch < 100 && evicted < others; batch++) {
            for (final int victim : victims(32)) {
                if (busy.contains(victim)) {
                    policy.rejected(victim);
                } else {
                    gone(victim);
                    evicted++;
                }
            }
        }
        assertThat(evicted).isEqualTo(others);
        policy.verify(busyPages);
        assertThat(victims(busyPages)).hasSize(busyPages);
    }

    @Test
    @DisplayName("an LRU page of several frames is renewed by a use of any of them; a use of a frame that is nowhere is nothing")
    void lruHead() {
        create(ReplacementPolicies.LRU);
        compounds.bind(8, 2, 1, 8, false);
        policy.inserted(8, false, ReplacementPolicy.NO_SHADOW);
        page(0);
        policy.touched(10);
        policy.touched(700);
        policy.verify(5);
        assertThat(victims(1)).containsExactly(0);
    }

    @Test
    @DisplayName("R7: the target has its bounds whatever comes back, and keeps its share when the capacity changes")
    void target() {
        final AdaptivePolicy adaptive = new AdaptivePolicy(descriptors);
        policy = adaptive;
        adaptive.capacity(FRAMES);
        assertThat(adaptive.smallTarget()).isEqualTo(100);
        for (int i = 0; i < 200; i++) {
            adaptive.refaulted(S3FifoPolicy.SMALL, 1);
        }
        assertThat(adaptive.smallTarget()).isEqualTo(500);
        adaptive.capacity(400);
        assertThat(adaptive.smallTarget()).isEqualTo(200);
        for (int i = 0; i < 200; i++) {
            adaptive.refaulted(S3FifoPolicy.MAIN, 80);
        }
        assertThat(adaptive.smallTarget()).isEqualTo(4);
        adaptive.refaulted(S3FifoPolicy.SMALL, 81);
        assertThat(adaptive.smallTarget()).as("farther than a fifth").isEqualTo(4);
        adaptive.capacity(3);
        assertThat(adaptive.smallTarget()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 54, 200, FRAMES})
    @DisplayName("R6: a refault moves the same share of a small cache as of a large one, a 200th")
    void step(final int frames) {
        final AdaptivePolicy adaptive = new AdaptivePolicy(descriptors);
        policy = adaptive;
        adaptive.capacity(frames);
        for (int refaults = 1; refaults <= 40; refaults++) {
            adaptive.refaulted(S3FifoPolicy.SMALL, 1);
            assertThat(adaptive.smallTarget()).as("after %d refaults", refaults).isEqualTo(frames * (20 + refaults) / 200);
        }
        adaptive.refaulted(S3FifoPolicy.MAIN, 1);
        assertThat(adaptive.smallTarget()).isEqualTo(frames * 59 / 200);
    }
}
