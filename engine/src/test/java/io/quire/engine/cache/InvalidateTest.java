package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;

/** Changes that were made to the store outside the cache. */
class InvalidateTest extends CacheFixture {
    private final byte[] content = random(1, 6 * PAGE + 50);
    private final byte[] other = random(2, 9 * PAGE);

    private StoreAttributes now() throws StoreException {
        final StoreAttributes attributes = new StoreAttributes();
        store.attributes(attributes);
        return attributes;
    }

    @Test
    @DisplayName("own writes, truncates, punches and allocations do not drop pages at the next look")
    void ownChanges() throws Exception {
        write(0, content);
        assertThat(file.revalidate(now())).isFalse();
        assertThat(file.revalidate(now())).isFalse();
        file.truncate(5 * PAGE);
        assertThat(file.revalidate(now())).isFalse();
        file.punch(PAGE, 10);
        assertThat(file.revalidate(now())).isFalse();
        file.allocate(0, 8 * PAGE, false);
        assertThat(file.revalidate(now())).isFalse();
        assertThat(file.cachedPages()).isEqualTo(5);
        assertThat(store.calls(Kind.READ)).isEmpty();
    }

    @Test
    @DisplayName("a change from outside drops the pages once, and the new bytes and the new size are seen")
    void outsideChange() throws Exception {
        write(0, content);
        assertThat(file.revalidate(now())).isFalse();
        store.outsideWrite(PAGE, Arrays.copyOf(other, 100));
        assertThat(read(PAGE, 100)).as("not noticed before a look").isEqualTo(Arrays.copyOfRange(content, PAGE, PAGE + 100));
        assertThat(file.revalidate(now())).isTrue();
        assertThat(file.revalidate(now())).isFalse();
        assertThat(read(PAGE, 100)).isEqualTo(Arrays.copyOf(other, 100));
        store.outsideTruncate(PAGE + 10);
        assertThat(file.revalidate(now())).isTrue();
        assertThat(file.size()).isEqualTo(PAGE + 10);
        cache.verify();
        store.outsideWrite(4 * PAGE, other);
        assertThat(file.revalidate(now())).isTrue();
        assertThat(file.size()).isEqualTo(4 * PAGE + other.length);
        assertContent(store.content(0, 100 * PAGE));
    }

    @Test
    @DisplayName("after own changes another size still tells of a change from outside")
    void outsideGrowthAfterOwnWrite() throws Exception {
        write(0, content);
        store.outsideWrite(content.length, other);
        assertThat(file.revalidate(now())).isTrue();
        assertThat(readAll()).hasSize(content.length + other.length).endsWith(other);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("C6: growth from outside brings its bytes, also within the page that was the last")
    void growthWithinTheLastPage(final boolean cached) throws Exception {
        write(0, content);
        if (!cached) {
            file.invalidate();
        }
        store.outsideWrite(content.length, Arrays.copyOf(other, 20));
        file.invalidate();
        assertThat(file.size()).isEqualTo(content.length + 20);
        assertContent(store.content(0, 100 * PAGE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("C12: a larger size found outside is not known before the page that was the last has left")
    void growthIsSeenWhole(final boolean revalidate) throws Exception {
        write(0, content);
        assertThat(file.revalidate(now())).isFalse();
        final Mapping mapping = cache.mappings.values().iterator().next();
        final int last = mapping.getPage(content.length / PAGE);
        cache.locks.lock(last);
        store.outsideWrite(content.length, other);
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> noticing = start(() -> {
            if (revalidate) {
                assertThat(file.revalidate(now())).isTrue();
            } else {
                file.invalidate();
            }
            return null;
        });
        awaitSleeper(sleeps);
        // Between the two sizes there would be the zeros of the page's tail.
        assertThat(read(0, content.length + PAGE)).isEqualTo(content);
        cache.locks.unlock(last);
        cache.release(last);
        end(noticing);
        assertContent(store.content(0, 100 * PAGE));
    }

    @Test
    @DisplayName("C13: invalidation ends although readers keep bringing pages in")
    void busyReaders() throws Exception {
        write(0, content);
        final AtomicBoolean ended = new AtomicBoolean();
        final Future<?> reader = start(() -> {
            while (!ended.get()) {
                assertThat(readAll()).isEqualTo(content);
            }
            return null;
        });
        for (int i = 0; i < 200; i++) {
            file.invalidate();
            cache.drop();
        }
        ended.set(true);
        end(reader);
    }

    @Test
    @DisplayName("a store that cannot tell its attributes: the error is passed on and the pages stay")
    void attributesFail() throws Exception {
        write(0, content);
        final StoreAttributes changed = now();
        changed.modified++;
        store.before(call -> {
            if (call.is(Kind.ATTRIBUTES)) {
                throw new StoreException(Errno.ESTALE, "scripted");
            }
        });
        assertErrno(Errno.ESTALE, () -> file.invalidate());
        assertErrno(Errno.ESTALE, () -> file.revalidate(changed));
        assertThat(file.cachedPages()).isEqualTo(7);
    }

    @Test
    @DisplayName("drop empties the cache of pages that nobody uses, and no data is lost")
    void drop() throws Exception {
        write(0, content);
        cache.drop();
        assertThat(counter(CacheCounter.PAGES)).isZero();
        assertThat(readAll()).isEqualTo(content);
    }
}
