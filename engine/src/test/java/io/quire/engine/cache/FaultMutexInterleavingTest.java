package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.evict.ReplacementPolicies;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.write.WritePolicies;

/**
 * A fault is stopped where it holds its fault mutex and has checked the size, and its page is not in the tree yet: in a full
 * cache, inside the replacement policy that is asked for a victim.
 */
class FaultMutexInterleavingTest extends CacheFixture {
    private static final int FRAMES = (int) (PageCache.MIN_CAPACITY / PAGE);
    private static final int PAGES = 8;

    private final Gate gate = new Gate();
    private volatile Thread stopped;

    @Override
    PageCacheBuilder builder() {
        return PageCache.builder(WritePolicies.MULTI_PAGE, StoppingPolicy::new).capacity(PageCache.MIN_CAPACITY)
            .readAhead(PAGES * PAGE);
    }

    /** The usual policy, with a stop before it looks for victims. */
    private final class StoppingPolicy implements ReplacementPolicy {
        private final ReplacementPolicy usual;

        StoppingPolicy(final PageDescriptors descriptors) {
            usual = ReplacementPolicies.DEFAULT.create(descriptors);
        }

        @Override
        public void capacity(final int frames) {
            usual.capacity(frames);
        }

        @Override
        public void migrated(final int from, final int to) {
            usual.migrated(from, to);
        }

        @Override
        public void split(final int head, final int order) {
            usual.split(head, order);
        }

        @Override
        public boolean inserted(final int frame, final boolean readAhead, final int shadow) {
            return usual.inserted(frame, readAhead, shadow);
        }

        @Override
        public void touched(final int frame) {
            usual.touched(frame);
        }

        @Override
        public void removed(final int frame) {
            usual.removed(frame);
        }

        @Override
        public int nextVictims(final int[] victims) {
            if (Thread.currentThread() == stopped) {
                gate.pass();
            }
            return usual.nextVictims(victims);
        }

        @Override
        public void rejected(final int frame) {
            usual.rejected(frame);
        }

        @Override
        public int shadow(final int frame) {
            return usual.shadow(frame);
        }

        @Override
        public long tableBytes() {
            return usual.tableBytes();
        }

        @Override
        public void forget(final long mapping, final long index) {
            usual.forget(mapping, index);
        }

        @Override
        public void close() {
            usual.close();
        }

        @Override
        public void verify(final long pages) {
            usual.verify(pages);
        }
    }

    /** Fills the cache with another file, but for some frames. */
    private CachedFile fillCache(final int free) throws Exception {
        final ProbeFile fillerStore = new ProbeFile();
        fillerStore.outsideWrite(0, random(1, FRAMES * PAGE));
        final CachedFile filler = cache.open(fillerStore);
        for (int index = 0; index < FRAMES - free; index++) {
            filler.read((long) index * PAGE, buffer, 8);
        }
        while (counter(CacheCounter.FREE_FRAMES) < free) {
            filler.truncate(filler.size() - PAGE);
        }
        assertThat(counter(CacheCounter.FREE_FRAMES)).isEqualTo(free);
        return filler;
    }

    private Future<Integer> stoppedFault() {
        final Future<Integer> fault = start(() -> {
            stopped = Thread.currentThread();
            return file.read(0, new byte[PAGES * PAGE], 0, PAGES * PAGE);
        });
        gate.awaitArrival();
        return fault;
    }

    /** Runs something as far as it gets while the fault is stopped. */
    private FutureTask<Void> asFarAsItGets(final ThrowingAction action) {
        final FutureTask<Void> task = new FutureTask<>(() -> {
            action.run();
            return null;
        });
        final Thread thread = new Thread(task, "as far as it gets");
        thread.start();
        awaitBlockedOrEnded(thread);
        return task;
    }

    /** Something that throws. */
    @FunctionalInterface
    private interface ThrowingAction {
        void run() throws Exception;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    @DisplayName("C5: so does an invalidation that finds the file shorter")
    void invalidate(final int free) throws Exception {
        store.outsideWrite(0, random(2, PAGES * PAGE));
        file.invalidate();
        try (CachedFile filler = fillCache(free)) {
            final Future<Integer> fault = stoppedFault();
            store.outsideTruncate(0);
            final FutureTask<Void> invalidating = asFarAsItGets(() -> file.invalidate());
            gate.open();
            end(invalidating);
            end(fault);
            assertThat(file.cachedPages()).isZero();
            assertThat(file.size()).isZero();
            cache.verify();
            assertThat(filler.cachedPages()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("a writer that inserts the page first wins; the fault gives its frame back and reads the new bytes")
    void writer(final boolean whole) throws Exception {
        final byte[] old = random(2, PAGES * PAGE);
        store.outsideWrite(0, old);
        file.invalidate();
        try (CachedFile filler = fillCache(0)) {
            final Future<Integer> fault = stoppedFault();
            final byte[] bytes = random(3, whole ? PAGE : 100);
            write(0, bytes);
            System.arraycopy(bytes, 0, old, 0, bytes.length);
            gate.open();
            assertThat(end(fault)).isEqualTo(PAGES * PAGE);
            assertContent(old);
            assertThat(filler.cachedPages()).isPositive();
        }
    }
}
