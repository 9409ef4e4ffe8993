package io.quire.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.LockOrder;
import io.quire.engine.lock.OrderedMutex;

/** Invariants A1 to A8 of {@code native-notes/memory-layout.md}. */
@Timeout(300)
class FrameAllocatorTest {
    @RegisterExtension
    final Seed seed = new Seed();

    private static final int FRAMES = 4096;
    private static final int NONE = FrameAllocator.NONE;

    private final PageDescriptors descriptors = new PageDescriptors(FRAMES);
    private final OrderedMutex mutex = new OrderedMutex(LockClass.ALLOCATOR, "free frames");
    private final FrameAllocator allocator = new FrameAllocator(descriptors, mutex::lock, mutex::unlock);

    @AfterEach
    void endsClean() {
        try {
            allocator.verify(frame -> false);
            assertThat(LockOrder.reports()).isEmpty();
        } finally {
            allocator.close();
            descriptors.close();
        }
    }

    private List<Integer> takeAll() {
        final List<Integer> taken = new ArrayList<>();
        for (int frame = allocator.allocate(); frame != NONE; frame = allocator.allocate()) {
            taken.add(frame);
        }
        return taken;
    }

    private void freeAll(final List<Integer> taken) {
        taken.forEach(allocator::free);
    }

    @Test
    @DisplayName("A1: every frame is given out once, the lowest first, and then there is none")
    void ascending() {
        final List<Integer> taken = takeAll();
        assertThat(taken).hasSize(FRAMES).isSorted().doesNotHaveDuplicates();
        assertThat(allocator.available()).isZero();
        freeAll(taken);
        assertThat(allocator.available()).isEqualTo(FRAMES);
    }

    @Test
    @DisplayName("A2: frames that were freed are used again before one that never was")
    void unusedFramesStayUntouched() {
        final List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            taken.add(allocator.allocate());
        }
        final int used = allocator.used();
        assertThat(used).isLessThan(600);
        for (int round = 0; round < 20; round++) {
            freeAll(taken);
            taken.clear();
            for (int i = 0; i < 500; i++) {
                taken.add(allocator.allocate());
            }
        }
        assertThat(allocator.used()).isEqualTo(used);
        freeAll(taken);
    }

    @Test
    @DisplayName("A3: single frames that were freed in any order come together to blocks of every order")
    void freedFramesCoalesce() {
        final Random random = new Random(7);
        for (int order = FrameAllocator.MAX_ORDER; order >= 0; order--) {
            final List<Integer> taken = takeAll();
            java.util.Collections.shuffle(taken, random);
            freeAll(taken);
            final List<Integer> blocks = new ArrayList<>();
            for (int block = allocator.allocate(order); block != NONE; block = allocator.allocate(order)) {
                assertThat(block & (1 << order) - 1).as("alignment of a block of order %d", order).isZero();
                blocks.add(block);
            }
            assertThat(blocks).as("blocks of order %d", order).hasSize(FRAMES >> order).doesNotHaveDuplicates();
            for (final int block : blocks) {
                allocator.free(block, order);
            }
        }
    }

    @Test
    @DisplayName("A4: a block is not found where one frame of each is in use, and is when that frame comes back")
    void fragmented() {
        final List<Integer> taken = takeAll();
        taken.stream().filter(frame -> frame % 512 != 100).forEach(allocator::free);
        assertThat(allocator.allocate(9)).isEqualTo(NONE);
        final int half = allocator.allocate(8);
        assertThat(half).isEqualTo(256);
        allocator.free(half, 8);
        allocator.free(1024 + 100);
        assertThat(allocator.allocate(9)).isEqualTo(1024);
        allocator.free(1024, 9);
        taken.stream().filter(frame -> frame % 512 == 100 && frame != 1124).forEach(allocator::free);
    }

    @Test
    @DisplayName("A5: frames at and above the limit are not given out, before or after they are freed, and come back with it")
    void limit() {
        final List<Integer> taken = takeAll();
        allocator.limit(1000);
        assertThat(allocator.frames()).isEqualTo(1000);
        assertThat(allocator.stranded()).isEqualTo(FRAMES - 1000);
        assertThat(allocator.retire()).isFalse();
        freeAll(taken);
        assertThat(allocator.stranded()).isZero();
        assertThat(allocator.available()).isEqualTo(1000);
        final List<Integer> lower = takeAll();
        assertThat(lower).hasSize(1000).allMatch(frame -> frame < 1000);
        assertThat(allocator.allocate(3)).isEqualTo(NONE);
        assertThat(allocator.retire()).isTrue();
        assertThat(allocator.used()).isEqualTo(1000);
        allocator.limit(3000);
        final List<Integer> upper = takeAll();
        assertThat(upper).hasSize(2000).allMatch(frame -> frame >= 1000 && frame < 3000);
        freeAll(lower);
        freeAll(upper);
        allocator.limit(FRAMES);
        assertThat(allocator.available()).isEqualTo(FRAMES);
    }

    @Test
    @DisplayName("A5: no block lies across the limit, and buddies that it kept apart join when it moves")
    void blocksAcrossTheLimit() {
        freeAll(takeAll());
        allocator.limit(1000);
        int block = allocator.allocate(9);
        assertThat(block).isZero();
        assertThat(allocator.allocate(9)).as("frames 512 to 1023 are not all in service").isEqualTo(NONE);
        allocator.free(block, 9);
        allocator.verify(frame -> false);
        allocator.limit(1024);
        allocator.verify(frame -> false);
        block = allocator.allocate(9);
        final int second = allocator.allocate(9);
        assertThat(second).isEqualTo(512);
        allocator.limit(700);
        allocator.free(second, 9);
        allocator.verify(frame -> false);
        assertThat(allocator.available()).isEqualTo(700 - 512);
        allocator.free(block, 9);
        allocator.limit(FRAMES);
    }

    @Test
    @DisplayName("A6: a claimed range is given to nobody else")
    void claim() {
        final List<Integer> taken = takeAll();
        taken.stream().filter(frame -> frame % 3 != 0).forEach(allocator::free);
        final BitSet claimed = new BitSet();
        assertThat(allocator.claim(512, 512, claimed)).isEqualTo(claimed.cardinality());
        for (int frame = 512; frame < 1024; frame++) {
            assertThat(claimed.get(frame - 512)).as("frame %d", frame).isEqualTo(frame % 3 != 0);
        }
        final List<Integer> rest = takeAll();
        assertThat(rest).noneMatch(frame -> frame >= 512 && frame < 1024);
        freeAll(rest);
        claimed.stream().forEach(i -> allocator.free(512 + i));
        taken.stream().filter(frame -> frame % 3 == 0).forEach(allocator::free);
        assertThat(allocator.available()).isEqualTo(FRAMES);
    }

    @Test
    @DisplayName("Orders and limits that do not exist are refused")
    void badArguments() {
        assertThatThrownBy(() -> allocator.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> allocator.allocate(10)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> allocator.limit(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> allocator.limit(FRAMES + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("A1 to A6: a hundred thousand random steps against a plain set")
    void model() {
        final Random random = new Random(seed.value());
        final BitSet used = new BitSet();
        final List<int[]> held = new ArrayList<>();
        int limit = FRAMES;
        for (int step = 0; step < 100_000; step++) {
            final int what = random.nextInt(100);
            if (what < 52) {
                final int order = random.nextInt(3) > 0 ? 0 : random.nextInt(10);
                final int frame = allocator.allocate(order);
                if (frame == NONE) {
                    assertThat(order > 0 || used.get(0, limit).cardinality() == limit).as("none is free").isTrue();
                    continue;
                }
                assertThat(frame + (1 << order)).isLessThanOrEqualTo(limit);
                assertThat(frame & (1 << order) - 1).isZero();
                assertThat(used.nextSetBit(frame)).satisfiesAnyOf(at -> assertThat(at).isNegative(),
                    at -> assertThat(at).isGreaterThanOrEqualTo(frame + (1 << order)));
                used.set(frame, frame + (1 << order));
                held.add(new int[] {frame, order});
            } else if (what < 99 && !held.isEmpty()) {
                final int[] block = held.remove(random.nextInt(held.size()));
                if (random.nextBoolean()) {
                    allocator.free(block[0], block[1]);
                } else {
                    for (int i = 0; i < 1 << block[1]; i++) {
                        allocator.free(block[0] + i);
                    }
                }
                used.clear(block[0], block[0] + (1 << block[1]));
            } else if (random.nextInt(5) == 0) {
                limit = 1 + random.nextInt(FRAMES);
                allocator.limit(limit);
                assertThat(allocator.stranded()).isEqualTo(used.get(limit, FRAMES).cardinality());
                assertThat(allocator.retire()).isEqualTo(used.get(limit, FRAMES).isEmpty());
            }
            assertThat(allocator.available()).isEqualTo(limit - used.get(0, limit).cardinality());
            if (step % 512 == 0) {
                allocator.verify(used::get);
            }
        }
        held.forEach(block -> allocator.free(block[0], block[1]));
        allocator.limit(FRAMES);
        assertThat(allocator.available()).isEqualTo(FRAMES);
    }

    @Test
    @DisplayName("A7: threads that take and free frames and blocks while the limit moves never get one frame twice, and lose none")
    void concurrent() throws Exception {
        final AtomicIntegerArray owner = new AtomicIntegerArray(FRAMES);
        final List<Future<?>> tasks = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int t = 1; t <= 3; t++) {
                final int me = t;
                tasks.add(threads.submit(() -> churn(new Random(seed.value() + me), owner, me)));
            }
            tasks.add(threads.submit(() -> {
                final Random random = new Random(seed.value());
                for (int i = 0; i < 2_000; i++) {
                    allocator.limit(1 + random.nextInt(FRAMES));
                    allocator.retire();
                }
                allocator.limit(FRAMES);
            }));
            for (final Future<?> task : tasks) {
                task.get(200, TimeUnit.SECONDS);
            }
        }
        assertThat(allocator.stranded()).isZero();
        assertThat(allocator.available()).isEqualTo(FRAMES);
    }

    private void churn(final Random random, final AtomicIntegerArray owner, final int me) {
        final List<int[]> held = new ArrayList<>();
        for (int step = 0; step < 150_000; step++) {
            if (held.size() < 600 && random.nextInt(20) != 0 && (held.isEmpty() || random.nextBoolean())) {
                final int order = random.nextInt(4) > 0 ? 0 : random.nextInt(8);
                final int frame = allocator.allocate(order);
                if (frame != NONE) {
                    for (int i = 0; i < 1 << order; i++) {
                        assertThat(owner.compareAndSet(frame + i, 0, me)).as("frame %d is given out twice", frame + i).isTrue();
                    }
                    held.add(new int[] {frame, order});
                    continue;
                }
            }
            if (!held.isEmpty()) {
                release(held.remove(random.nextInt(held.size())), owner, me);
            }
        }
        held.forEach(block -> release(block, owner, me));
    }

    private void release(final int[] block, final AtomicIntegerArray owner, final int me) {
        for (int i = 0; i < 1 << block[1]; i++) {
            assertThat(owner.compareAndSet(block[0] + i, me, 0)).as("frame %d has another owner", block[0] + i).isTrue();
        }
        allocator.free(block[0], block[1]);
    }
}
