package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A read-ahead that its executor runs late: after the file was cut, punched or closed. */
class LatePrefetchTest extends CacheFixture {
    private static final int PAGES = 64;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final ProbeFile victimStore = new ProbeFile();
    private CachedFile victim;

    @Override
    PageCacheBuilder builder() {
        return super.builder().readAhead(16 * PAGE).readAheadExecutor(tasks::add);
    }

    /** Reads on until a window is to be fetched ahead; the first page of it. */
    private long aPrefetch() throws Exception {
        victimStore.outsideWrite(0, random(1, PAGES * PAGE));
        victim = cache.open(victimStore);
        for (int index = 0; tasks.isEmpty(); index++) {
            assertThat(read(victim, (long) index * PAGE, PAGE)).hasSize(PAGE);
        }
        return victim.cachedPages();
    }

    @Test
    @DisplayName("C10: a window that is fetched after the file was closed is not fetched")
    void afterClose() throws Exception {
        aPrefetch();
        victim.close();
        tasks.remove().run();
        assertThat(victim.cachedPages()).isZero();
        assertThat(victimStore.isClosed()).isTrue();
    }

    @Test
    @DisplayName("K1: of a window that is fetched after a truncate, the pages beyond the size do not come in")
    void afterTruncate() throws Exception {
        final long first = aPrefetch();
        victim.truncate((first + 2) * PAGE - 5);
        tasks.remove().run();
        assertThat(victim.cachedPages()).isEqualTo(first + 2);
        victim.truncate(PAGES * PAGE);
        assertThat(read(victim, (first + 2) * PAGE - 5, PAGE)).containsOnly(0);
        victim.close();
    }
}
