package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.ProbeFile.Call;
import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreException;

/** Windows of read-ahead, seen by the calls that the store gets. */
class ReadAheadTest extends CacheFixture {
    private static final int MAX = 32;
    private static final int PAGES = 512;

    private final byte[] content = random(1, PAGES * PAGE);
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean direct;
    private boolean refuse;
    private ProbeFile executorStore;

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead((long) MAX * PAGE);
    }

    @BeforeEach
    void write() throws Exception {
        write(0, content);
        file.invalidate();
        store.forgetCalls();
    }

    private void withExecutor() throws Exception {
        cache.close();
        store.behaveWell();
        cache = builder().readAheadExecutor(task -> {
            if (refuse) {
                throw new RejectedExecutionException("scripted");
            }
            if (direct) {
                task.run();
            } else {
                tasks.add(task);
            }
        }).build();
        final ProbeFile again = new ProbeFile();
        again.outsideWrite(0, content);
        executorStore = again;
        file = cache.open(again);
    }

    private void readPages(final CachedFile from, final long first, final int pages) throws CacheException {
        assertThat(read(from, first * PAGE, pages * PAGE))
            .isEqualTo(Arrays.copyOfRange(content, (int) first * PAGE, (int) (first + pages) * PAGE));
    }

    private static List<Long> pages(final List<Call> calls) {
        final List<Long> lengths = new ArrayList<>();
        calls.forEach(call -> lengths.add(call.length() / PAGE));
        return lengths;
    }

    @Test
    @DisplayName("a sequential reader gets windows that grow to the maximum; every page is fetched once")
    void sequential() throws Exception {
        for (int page = 0; page < PAGES; page++) {
            readPages(file, page, 1);
        }
        final List<Long> windows = pages(store.calls(Kind.READ));
        assertThat(windows.getFirst()).isGreaterThan(1).isLessThan(MAX);
        for (int i = 1; i < windows.size() - 1; i++) {
            assertThat(windows.get(i)).isGreaterThanOrEqualTo(windows.get(i - 1)).isLessThanOrEqualTo(MAX);
        }
        assertThat(windows.stream().mapToLong(Long::longValue).sum()).isEqualTo(PAGES);
        assertThat(windows).hasSizeLessThanOrEqualTo(PAGES / MAX + 4);
        assertThat(counter(CacheCounter.STORE_READS)).isEqualTo(windows.size());
        assertThat(counter(CacheCounter.READ_AHEAD) + counter(CacheCounter.MISSES)).isEqualTo(PAGES);
    }

    @Test
    @DisplayName("a random reader fetches what it asks for and not more")
    void random() throws Exception {
        final Random random = new Random(3);
        for (int i = 0; i < 40; i++) {
            final int page = 8 + random.nextInt(PAGES - 8);
            file.invalidate();
            store.forgetCalls();
            readPages(file, page, 1);
            // Two neighbours by chance are a stream, and then a window is right.
            assertThat(pages(store.calls(Kind.READ)).getFirst()).isLessThanOrEqualTo(MAX / 4);
        }
        store.forgetCalls();
        file.invalidate();
        for (final int page : new int[] {100, 20, 300, 50, 200, 400, 10}) {
            readPages(file, page, 1);
        }
        assertThat(pages(store.calls(Kind.READ))).containsOnly(1L);
    }

    @Test
    @DisplayName("a large request is one call, not larger than a batch")
    void largeRequest() throws Exception {
        assertThat(file.read(100L * PAGE, buffer, 32 * PAGE)).isEqualTo(32 * PAGE);
        assertThat(pages(store.calls(Kind.READ))).containsExactly(32L);
        store.forgetCalls();
        assertThat(file.read(200L * PAGE, buffer, 100 * PAGE)).isEqualTo(100 * PAGE);
        assertThat(bytesAt(buffer, 100 * PAGE)).isEqualTo(Arrays.copyOfRange(content, 200 * PAGE, 300 * PAGE));
        assertThat(store.calls(Kind.READ)).hasSizeLessThanOrEqualTo(5).allMatch(call -> call.length() <= MAX * PAGE);
    }

    @Test
    @DisplayName("streams that interleave on one handle each get windows again")
    void interleaved() throws Exception {
        final int each = 128;
        for (int page = 0; page < each; page++) {
            for (int stream = 0; stream < 3; stream++) {
                readPages(file, stream * 160L + page, 1);
            }
        }
        assertThat(store.calls(Kind.READ)).as("far fewer calls than pages").hasSizeLessThan(3 * (each / MAX + 8));
        assertThat(counter(CacheCounter.STORE_READ_BYTES)).as("hardly a page too many")
            .isLessThanOrEqualTo(3L * (each + MAX) * PAGE);
    }

    @Test
    @DisplayName("each handle has a window of its own")
    void handles() throws Exception {
        try (CachedFile second = file.reopen()) {
            for (int page = 0; page < 128; page++) {
                readPages(file, page, 1);
                readPages(second, 256 + page, 1);
            }
        }
        assertThat(store.calls(Kind.READ)).hasSizeLessThan(2 * (128 / MAX + 5));
    }

    @Test
    @DisplayName("a window stops at a page that is present and at the end of the file")
    void windowStops() throws Exception {
        readPages(file, 3, 1);
        store.forgetCalls();
        readPages(file, 0, 1);
        assertThat(pages(store.calls(Kind.READ)).getFirst()).isLessThanOrEqualTo(3);
        file.truncate(10 * PAGE + 5);
        store.forgetCalls();
        for (int page = 4; page < 10; page++) {
            readPages(file, page, 1);
        }
        assertThat(store.calls(Kind.READ)).allMatch(call -> call.offset() + call.length() <= 11 * PAGE);
        assertThat(file.cachedPages()).isLessThanOrEqualTo(11);
    }

    @Test
    @DisplayName("with an executor the marker page starts the next window before the reader needs it")
    void marker() throws Exception {
        withExecutor();
        direct = true;
        for (int page = 0; page < PAGES; page++) {
            readPages(file, page, 1);
        }
        assertThat(counter(CacheCounter.MISSES)).as("only the first window was waited for").isLessThanOrEqualTo(2);
        assertThat(executorStore.calls(Kind.READ).stream().mapToLong(Call::length).sum()).isEqualTo(PAGES * PAGE);
        file.close();
    }

    @Test
    @DisplayName("a window that no thread has fetched yet is fetched by the reader; the late fetch finds nothing to do")
    void lateExecutor() throws Exception {
        withExecutor();
        for (int page = 0; page < PAGES; page++) {
            readPages(file, page, 1);
        }
        assertThat(tasks).isNotEmpty();
        final int calls = executorStore.calls(Kind.READ).size();
        tasks.forEach(Runnable::run);
        assertThat(executorStore.calls(Kind.READ)).hasSize(calls);
        file.close();
    }

    @Test
    @DisplayName("an executor that refuses costs the reader nothing but the window")
    void refusingExecutor() throws Exception {
        withExecutor();
        refuse = true;
        for (int page = 0; page < PAGES; page++) {
            readPages(file, page, 1);
        }
        file.close();
    }

    @Test
    @DisplayName("C8: a window fetched by an executor that fails leaves no page; the reader gets the error when it comes there")
    void failingPrefetch() throws Exception {
        withExecutor();
        readPages(file, 0, 1);
        int page = 1;
        while (tasks.isEmpty()) {
            readPages(file, page++, 1);
        }
        executorStore.before(call -> {
            throw new StoreException(Errno.EIO, "scripted");
        });
        tasks.poll().run();
        cache.verify();
        executorStore.behaveWell();
        readPages(file, 0, 300);
        file.invalidate();
        executorStore.before(call -> {
            throw new IllegalStateException("a bug of the store");
        });
        while (!tasks.isEmpty()) {
            final Runnable task = tasks.poll();
            try {
                task.run();
            } catch (final IllegalStateException e) {
                assertThat(e).hasMessage("a bug of the store");
            }
            cache.verify();
        }
        executorStore.behaveWell();
        readPages(file, 0, 300);
        file.close();
    }

    @Test
    @DisplayName("C10: a fetch that comes after the file or the cache was closed brings nothing in")
    void prefetchAfterClose() throws Exception {
        withExecutor();
        for (int page = 0; page < 100; page++) {
            readPages(file, page, 1);
        }
        file.close();
        tasks.forEach(Runnable::run);
        assertThat(counter(CacheCounter.PAGES)).isZero();
        cache.verify();
    }

    @Test
    @DisplayName("a reader meets a window in flight: it waits for the page and not for a call of its own")
    void meetsWindowInFlight() throws Exception {
        final Gate gate = new Gate();
        store.before(call -> {
            if (call.is(Kind.READ)) {
                gate.pass();
            }
        });
        final Future<?> first = start(() -> {
            readPages(file, 0, 1);
            return null;
        });
        gate.awaitArrival();
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> second = start(() -> {
            readPages(file, 1, 1);
            return null;
        });
        awaitSleeper(sleeps);
        gate.open();
        end(first);
        end(second);
        assertThat(store.calls(Kind.READ)).hasSize(1);
    }

    @Test
    @DisplayName("without read-ahead a request is still one call, and nothing more is read")
    void off() throws Exception {
        try (PageCache plain = super.builder().readAhead(0).build()) {
            final ProbeFile own = new ProbeFile();
            own.outsideWrite(0, content);
            try (CachedFile opened = plain.open(own)) {
                readPages(opened, 0, 16);
                readPages(opened, 16, 1);
                readPages(opened, 17, 1);
            }
            assertThat(pages(own.calls(Kind.READ))).containsExactly(16L, 1L, 1L);
            plain.verify();
        }
    }
}
