package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.quire.engine.Seed;
import io.quire.engine.store.Errno;

/**
 * Random reads, writes, truncates, punches and drops of files while the cache is resized and compacted. Each worker has a file of
 * its own and knows its bytes; what they share is frames, queues and locks. {@code -Dquire.seed=N} repeats a run's choices,
 * {@code -Dquire.stress.operations=N} lengthens it.
 */
class MigrationStressTest extends CacheFixture {
    private static final int WORKERS = 3;
    private static final int MOST_PAGES = 900;
    private static final long MIN = PageCache.MIN_CAPACITY;
    /** Changes of the cache that the workers see at least, however slowly the thread that makes them gets along. */
    private static final int DISTURBED = 20;

    @RegisterExtension
    final Seed seed = new Seed();

    private final int operations = Integer.getInteger("quire.stress.operations", 600);
    private final AtomicBoolean done = new AtomicBoolean();
    private final CountDownLatch disturbed = new CountDownLatch(DISTURBED);

    @Override
    PageCacheBuilder builder() {
        return super.builder().capacity(MIN).maxCapacity(3 * MIN).readAhead(1 << 20);
    }

    @Test
    @DisplayName("G1, G2, G10, G11: random work on files while the cache grows, shrinks and is compacted loses nothing")
    void stress() throws Exception {
        final List<Future<?>> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            final Worker worker = new Worker(seed.value() + i);
            workers.add(start(() -> {
                worker.run();
                return null;
            }));
        }
        final Future<?> disturber = start(this::disturb);
        boolean ended = false;
        try {
            for (final Future<?> worker : workers) {
                worker.get();
            }
            ended = true;
        } finally {
            done.set(true);
            if (!ended) {
                workers.forEach(worker -> worker.cancel(true));
            }
            end(disturber);
        }
        pagesBeyondTheEndMove();
        assertThat(counter(CacheCounter.PAGES)).isLessThanOrEqualTo(MIN / PAGE);
        cache.verify();
    }

    /** Wherever chance has left pages and free frames: those beyond the last frame of a smaller cache have to move. */
    private void pagesBeyondTheEndMove() throws Exception {
        cache.drop();
        cache.resize(3 * MIN);
        final byte[] content = random(seed.value(), 2 * (int) MIN - 100 * PAGE);
        write(0, content);
        final Mapping mapping = cache.mappings.get(1);
        for (int index = 0; index < content.length / PAGE; index++) {
            final int frame = mapping.getPage(index);
            cache.release(frame);
            if (frame < MIN / PAGE) {
                file.punch((long) index * PAGE, PAGE);
                Arrays.fill(content, index * PAGE, (index + 1) * PAGE, (byte) 0);
            }
        }
        final long before = counter(CacheCounter.MIGRATIONS);
        cache.resize(MIN);
        assertThat(counter(CacheCounter.MIGRATIONS) - before).isPositive();
        assertThat(readAll()).isEqualTo(content);
    }

    private Void disturb() throws CacheException {
        final Random random = new Random(seed.value() - 1);
        try {
            disturb(random);
        } finally {
            // Nobody waits for one that has failed.
            for (int i = 0; i < DISTURBED; i++) {
                disturbed.countDown();
            }
        }
        return null;
    }

    private void disturb(final Random random) throws CacheException {
        while (!done.get()) {
            if (random.nextInt(3) == 0) {
                cache.compact();
            } else {
                try {
                    cache.resize(MIN + random.nextInt((int) (2 * MIN / PAGE) + 1) * (long) PAGE);
                } catch (final CacheException e) {
                    // Others had every page in use all the time: allowed, and the former capacity stays.
                    assertThat(e.errno()).isEqualTo(Errno.EBUSY);
                }
            }
            disturbed.countDown();
        }
    }

    /** One file and the bytes that it must have. */
    private final class Worker {
        private final Random random;
        private final CachedFile own = cache.open(new ProbeFile());
        private byte[] model = new byte[0];

        Worker(final long own) throws CacheException {
            random = new Random(own);
        }

        void run() throws Exception {
            for (int i = 0; i < operations || disturbed.getCount() > 0; i++) {
                step();
            }
            check(0, model.length);
        }

        private void step() throws Exception {
            final int at = random.nextInt(model.length + 1);
            switch (random.nextInt(20)) {
                case 0 -> truncate(random.nextInt(MOST_PAGES * PAGE));
                case 1 -> {
                    final int length = 1 + random.nextInt(64 * PAGE);
                    own.punch(at, length);
                    Arrays.fill(model, at, Math.min(model.length, at + length), (byte) 0);
                }
                case 2 -> own.invalidate();
                case 3 -> cache.reclaimer.reclaim(cache.threads.current());
                case 4, 5, 6, 7, 8, 9 -> write(at);
                default -> check(at, Math.min(model.length - at, 1 + random.nextInt(random.nextInt(4) == 0 ? 200 * PAGE : 100)));
            }
        }

        private void truncate(final int size) throws CacheException {
            own.truncate(size);
            model = Arrays.copyOf(model, size);
        }

        private void write(final int at) throws CacheException {
            final int most = random.nextInt(4) == 0 ? 100 * PAGE : 2 * PAGE;
            final byte[] bytes = new byte[Math.min(MOST_PAGES * PAGE - at, 1 + random.nextInt(most))];
            random.nextBytes(bytes);
            assertThat(own.write(at, bytes, 0, bytes.length)).isEqualTo(bytes.length);
            if (at + bytes.length > model.length) {
                model = Arrays.copyOf(model, at + bytes.length);
            }
            System.arraycopy(bytes, 0, model, at, bytes.length);
        }

        private void check(final int at, final int length) throws CacheException {
            final byte[] found = new byte[length];
            int got = 0;
            while (got < length) {
                final int n = own.read(at + got, found, got, length - got);
                assertThat(n).as("bytes read at %d of a file of %d", at + got, model.length).isPositive();
                got += n;
            }
            assertThat(Arrays.mismatch(found, Arrays.copyOfRange(model, at, at + length)))
                .as("first difference in %d bytes at %d", length, at).isNegative();
        }
    }
}
