package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/** The ends of handles, files and caches: C10, C11. */
class CloseTest extends CacheFixture {
    private final byte[] content = random(1, 300 * PAGE + 10);

    @Test
    @DisplayName("a closed handle refuses everything with EBADF; the other handles go on")
    void closedHandle() throws Exception {
        write(0, content);
        final CachedFile second = file.reopen();
        file.close();
        file.close();
        assertRefusesEverything(file);
        assertThat(read(second, 0, content.length)).isEqualTo(content);
        assertThat(store.isClosed()).isFalse();
        second.close();
        assertThat(store.isClosed()).isTrue();
        assertRefusesEverything(second);
    }

    private void assertRefusesEverything(final CachedFile closed) {
        assertErrno(Errno.EBADF, () -> closed.read(0, buffer, 10));
        assertErrno(Errno.EBADF, () -> closed.read(0, new byte[10], 0, 10));
        assertErrno(Errno.EBADF, () -> closed.write(0, buffer, 10));
        assertErrno(Errno.EBADF, () -> closed.write(0, new byte[10], 0, 10));
        assertErrno(Errno.EBADF, () -> closed.truncate(0));
        assertErrno(Errno.EBADF, () -> closed.punch(0, 10));
        assertErrno(Errno.EBADF, () -> closed.allocate(0, 10, false));
        assertErrno(Errno.EBADF, () -> closed.sync(false));
        assertErrno(Errno.EBADF, () -> closed.invalidate());
        assertErrno(Errno.EBADF, () -> closed.revalidate(new StoreAttributes()));
        assertErrno(Errno.EBADF, () -> closed.reopen());
    }

    @Test
    @DisplayName("C10: the pages go with the last handle, and every frame is free again")
    void lastHandle() throws Exception {
        write(0, content);
        final CachedFile second = file.reopen();
        second.close();
        assertThat(counter(CacheCounter.PAGES)).isEqualTo(301);
        file.close();
        assertThat(counter(CacheCounter.PAGES)).isZero();
        assertThat(counter(CacheCounter.FREE_FRAMES)).isEqualTo(cache.capacity() / PAGE);
        assertThat(cache.nodes.nodesUsed()).isZero();
        assertThat(store.calls(Kind.CLOSE)).hasSize(1);
    }

    @Test
    @DisplayName("a store that fails to close: the error is passed on, the pages are gone all the same")
    void storeFailsToClose() throws Exception {
        write(0, content);
        store.before(call -> {
            if (call.is(Kind.CLOSE)) {
                throw new StoreException(Errno.EIO, "scripted");
            }
        });
        assertErrno(Errno.EIO, () -> file.close());
        assertThat(counter(CacheCounter.FREE_FRAMES)).isEqualTo(cache.capacity() / PAGE);
        file.close();
    }

    @Test
    @DisplayName("C10: closing waits for a fill in flight; its reader gets its bytes or EBADF, and no page stays")
    void closeWithFillInFlight() throws Exception {
        write(0, content);
        file.invalidate();
        final CachedFile second = file.reopen();
        second.close();
        final Gate gate = new Gate();
        store.after(call -> {
            if (call.is(Kind.READ)) {
                gate.pass();
            }
        });
        final Future<?> reader = start(() -> {
            try {
                assertThat(read(0, PAGE)).isEqualTo(Arrays.copyOf(content, PAGE));
            } catch (final CacheException e) {
                assertThat(e.errno()).isEqualTo(Errno.EBADF);
            }
            return null;
        });
        gate.awaitArrival();
        final long sleeps = counter(CacheCounter.LOCK_WAITS);
        final Future<?> closer = start(() -> {
            file.close();
            return null;
        });
        awaitSleeper(sleeps);
        assertThat(store.isClosed()).isFalse();
        gate.open();
        end(closer);
        end(reader);
        assertThat(store.isClosed()).isTrue();
        assertThat(counter(CacheCounter.PAGES)).isZero();
    }

    @Test
    @DisplayName("closing a cache closes the files that are open, and refuses them and new ones afterwards")
    void closeCache() throws Exception {
        write(0, content);
        final ProbeFile otherStore = new ProbeFile();
        final CachedFile other = cache.open(otherStore);
        cache.close();
        cache.close();
        assertThat(store.isClosed()).isTrue();
        assertThat(otherStore.isClosed()).isTrue();
        assertErrno(Errno.EBADF, () -> file.read(0, buffer, 10));
        assertErrno(Errno.EBADF, () -> file.write(0, buffer, 10));
        assertErrno(Errno.EBADF, () -> file.truncate(0));
        assertErrno(Errno.EBADF, () -> file.sync(false));
        assertErrno(Errno.EBADF, () -> file.invalidate());
        assertErrno(Errno.EBADF, () -> file.reopen());
        assertErrno(Errno.EBADF, () -> other.punch(0, 1));
        final StoreAttributes changed = new StoreAttributes();
        changed.modified = 77;
        assertErrno(Errno.EBADF, () -> file.revalidate(changed));
        assertThatThrownBy(() -> cache.open(new ProbeFile())).isInstanceOf(IllegalStateException.class);
        file.close();
        other.close();
    }

    @Test
    @DisplayName("a file opened while the cache closes is closed too")
    void openRacesWithClose() throws Exception {
        final Gate gate = new Gate();
        final ProbeFile late = new ProbeFile();
        late.before(call -> {
            if (call.is(Kind.ATTRIBUTES)) {
                gate.pass();
            }
        });
        final Future<?> opener = start(() -> assertThatThrownBy(() -> cache.open(late))
            .isInstanceOf(IllegalStateException.class));
        gate.awaitArrival();
        cache.close();
        gate.open();
        end(opener);
        assertThat(late.isClosed()).isTrue();
    }

    @Test
    @DisplayName("C11: readers that race with the close of the cache get right bytes or EBADF, never others")
    void readersRaceWithClose() throws Exception {
        for (int round = 0; round < 20; round++) {
            final PageCache own = builder().readAhead(16 * PAGE).build();
            final ProbeFile ownStore = new ProbeFile();
            ownStore.outsideWrite(0, content);
            final CachedFile opened = own.open(ownStore);
            final AtomicLong reads = new AtomicLong();
            final long seed = round;
            final Future<?> reader = start(() -> {
                final byte[] bytes = new byte[3 * PAGE];
                long at = seed * PAGE;
                try {
                    while (true) {
                        final int from = (int) (at % (290 * PAGE));
                        final int n = opened.read(from, bytes, 0, bytes.length);
                        if (!Arrays.equals(bytes, 0, n, content, from, from + n)) {
                            throw new AssertionError("other bytes at " + from);
                        }
                        reads.incrementAndGet();
                        at += 7L * PAGE + 13;
                    }
                } catch (final CacheException e) {
                    assertThat(e.errno()).isEqualTo(Errno.EBADF);
                }
                return null;
            });
            await("a reader at work", () -> reads.get() > 50);
            own.close();
            end(reader);
            own.verify();
        }
    }

    @Test
    @DisplayName("C11: a frame number that is stale after the close can still be looked at")
    void staleFrames() throws Exception {
        write(0, content);
        final int frame = PageTree.frame(cache.mappings.values().iterator().next().tree.lookup(0));
        cache.close();
        assertThat(cache.descriptors.mapping(frame)).isZero();
        assertThat(bytesAt(cache.arena.address(frame), PAGE)).as("its memory was given back").containsOnly(0);
    }

    @Test
    @DisplayName("a cache that nobody refers to is collected, although the threads that used it live on")
    void collected() throws Exception {
        final WeakReference<PageCache> reference = useAndForget();
        await("the collection of an unused cache", () -> {
            System.gc();
            return reference.get() == null;
        });
    }

    private WeakReference<PageCache> useAndForget() throws Exception {
        final PageCache own = builder().build();
        final CachedFile opened = own.open(new ProbeFile());
        opened.write(0, content, 0, content.length);
        opened.read(0, new byte[content.length], 0, content.length);
        own.close();
        return new WeakReference<>(own);
    }
}
