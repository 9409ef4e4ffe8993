package io.quire.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Races of the free frames, many rounds each; invariants A5 and A8 of {@code native-notes/memory-layout.md}. */
@Timeout(300)
class FrameRaceTest {
    private static final int FRAMES = 1024;
    private static final int ROUNDS = 60_000;
    /** On one processor the two meet only when the system changes threads, so that all rounds would take minutes. */
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final PageDescriptors descriptors = new PageDescriptors(FRAMES);
    private final FrameAllocator allocator = new FrameAllocator(descriptors);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void release() throws InterruptedException {
        threads.shutdownNow();
        // What a failed test left behind must not find the memory gone.
        assertThat(threads.awaitTermination(200, TimeUnit.SECONDS)).isTrue();
        allocator.close();
        descriptors.close();
    }

    private void together(final List<Callable<Void>> actors) throws Exception {
        final List<Future<Void>> tasks = new ArrayList<>();
        for (final Callable<Void> actor : actors) {
            tasks.add(threads.submit(actor));
        }
        for (final Future<Void> task : tasks) {
            task.get(200, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("A5: a frame that was freed by someone who had not yet seen the limit is not given out")
    void freeAgainstLimit() throws Exception {
        final List<Integer> held = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            held.add(allocator.allocate());
        }
        final int high = held.get(150);
        allocator.limit(high + 1);
        final Rendezvous rendezvous = new Rendezvous();
        final AtomicBoolean last = new AtomicBoolean();
        final long end = System.nanoTime() + LONGEST_NANOS;
        together(List.of(() -> {
            for (int round = 0; !last.get(); round++) {
                rendezvous.meet();
                allocator.limit(100);
                last.set(round == ROUNDS - 1 || System.nanoTime() - end > 0);
                rendezvous.meet();
                assertThat(allocator.allocate()).as("round %d", round).isEqualTo(FrameAllocator.NONE);
                allocator.limit(high + 1);
                assertThat(allocator.allocate()).isEqualTo(high);
            }
            return null;
        }, () -> {
            do {
                rendezvous.meet();
                allocator.free(high);
                rendezvous.meet();
            } while (!last.get());
            return null;
        }));
    }

    /** Lets two threads go on at the same moment, as nearly as can be, again and again. */
    private static final class Rendezvous {
        private static final int SPINS = 10_000;

        private final AtomicInteger arrivals = new AtomicInteger();

        void meet() {
            final int all = arrivals.getAndIncrement() / 2 * 2 + 2;
            for (int spins = 0; arrivals.get() < all; spins++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new IllegalStateException("the other thread has failed");
                }
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
        }
    }

    @Test
    @DisplayName("A8: a frame that leaves the stack and comes back while another thread pops does not bring an old link back")
    void stackAba() throws Exception {
        final long words = NativeMemory.reserve(FrameStack.SIZE, false);
        final FrameStack stack = new FrameStack(descriptors, words);
        final AtomicIntegerArray owner = new AtomicIntegerArray(3);
        for (int frame = 0; frame < 3; frame++) {
            stack.push(frame);
        }
        final Callable<Void> actor = () -> {
            final int[] mine = new int[2];
            for (int round = 0; round < 1_000_000; round++) {
                int n = 0;
                for (int i = 0; i < 2; i++) {
                    final int frame = stack.pop();
                    if (frame != FrameStack.NONE) {
                        assertThat(owner.compareAndSet(frame, 0, 1)).as("frame %d is popped twice", frame).isTrue();
                        mine[n++] = frame;
                    }
                }
                for (int i = 0; i < n; i++) {
                    owner.set(mine[i], 0);
                    stack.push(mine[i]);
                }
            }
            return null;
        };
        together(List.of(actor, actor, actor));
        assertThat(stack.size()).isEqualTo(3);
        NativeMemory.release(words, FrameStack.SIZE);
    }
}
