package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.concurrent.Future;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.ProbeFile;
import io.quire.engine.cache.ProbeFile.Kind;
import io.quire.engine.store.Errno;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;

/** Pages that stores through regions made newer than the store: nothing of them is lost, and they are bounded. */
class DirtyPagesTest extends RegionFixture {
    private static final int PAGES = 8;

    private final byte[] content = random(1, PAGES * PAGE);

    @BeforeEach
    void write() throws Exception {
        write(0, content);
    }

    private void failWrites() {
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                throw new StoreException(Errno.ENOSPC, "no space is left");
            }
        });
    }

    @Test
    @DisplayName("M6: a page that cannot be written back is dirty again; every handle sees the error once; the next sync saves it")
    void failingStore() throws Exception {
        final CachedFile second = file.reopen();
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        region.putByte(2 * PAGE, (byte) 2);
        failWrites();
        assertErrno(Errno.ENOSPC, region::sync);
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(2);
        cache.verify();
        store.behaveWell();
        assertErrno(Errno.ENOSPC, () -> second.sync(true));
        assertErrno(Errno.ENOSPC, () -> file.sync(true));
        region.sync();
        second.sync(true);
        assertThat(store.content(PAGE, 1)).containsExactly(1);
        assertThat(store.content(2 * PAGE, 1)).containsExactly(2);
        assertThat(counter(CacheCounter.DIRTY)).isZero();
        second.close();
    }

    @Test
    @DisplayName("M6: after a writeback that breaks off part-way, the pages that did not arrive are dirty")
    void shortThenFailing() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        for (int page = 1; page < 5; page++) {
            region.putByte(page * PAGE, (byte) page);
        }
        store.behave(new ProbeFile.Behaviour() {
            private int calls;

            @Override
            public void before(final ProbeFile.Call call) throws StoreException {
                if (call.is(Kind.WRITE) && calls++ > 0) {
                    throw new StoreException(Errno.EIO, "the disk is gone");
                }
            }

            @Override
            public long limit(final ProbeFile.Call call) {
                return PAGE + 100;
            }
        });
        assertErrno(Errno.EIO, region::sync);
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(3);
        store.behaveWell();
        region.sync();
        for (int page = 1; page < 5; page++) {
            assertThat(store.content(page * PAGE, 1)).containsExactly(page);
        }
    }

    @Test
    @DisplayName("M6: a store that breaks rather than refuses loses nothing either")
    void breakingStore() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        store.before(call -> {
            if (call.is(Kind.WRITE)) {
                throw new IllegalStateException("broken");
            }
        });
        assertThatThrownBy(region::sync).isInstanceOf(IllegalStateException.class);
        store.behaveWell();
        cache.verify();
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(1);
        assertErrno(Errno.EIO, () -> file.sync(false));
        assertThat(store.content(PAGE, 1)).containsExactly(1);
    }

    @Test
    @DisplayName("M7: at most a quarter of the frames is dirty, and memory pressure finds clean pages")
    void throttled() throws Exception {
        final int frames = (int) (PageCache.MIN_CAPACITY / PAGE);
        final int pages = 3 * frames;
        file.truncate((long) pages * PAGE);
        final MappedRegion region = shared(0, (long) pages * PAGE);
        for (int page = 0; page < pages; page++) {
            region.putInt((long) page * PAGE + 8, page + 1);
            assertThat(counter(CacheCounter.DIRTY)).isLessThanOrEqualTo(frames / 4);
        }
        for (int page = 0; page < pages; page++) {
            assertThat(region.getInt((long) page * PAGE + 8)).isEqualTo(page + 1);
        }
        region.sync();
        for (int page = 0; page < pages; page += 97) {
            assertThat(store.content((long) page * PAGE + 8, 1)).containsExactly((byte) (page + 1));
        }
    }

    @Test
    @DisplayName("M7: when nothing can be written back, stores are refused with the store's error, and what is dirty stays")
    void throttledOnAFailingStore() throws Exception {
        final int frames = (int) (PageCache.MIN_CAPACITY / PAGE);
        file.truncate((long) frames * PAGE);
        final MappedRegion region = shared(0, (long) frames * PAGE);
        failWrites();
        for (int page = 0; page < frames / 4; page++) {
            region.putInt((long) page * PAGE, page + 1);
        }
        assertErrno(Errno.ENOSPC, () -> region.putInt((long) frames * PAGE - 4, 1));
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(frames / 4);
        store.behaveWell();
        region.putInt((long) frames * PAGE - 4, 1);
        assertErrno(Errno.ENOSPC, region::sync);
        for (int page = 0; page < frames / 4; page++) {
            assertThat(region.getInt((long) page * PAGE)).isEqualTo(page + 1);
        }
    }

    @Test
    @DisplayName("M7: dirty pages are not dropped, evicted or invalidated before the store has them")
    void dropped() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        cache.drop();
        assertThat(store.content(PAGE, 1)).containsExactly(1);
        region.putByte(2 * PAGE, (byte) 2);
        file.invalidate();
        assertThat(store.content(2 * PAGE, 1)).containsExactly(2);
        region.putByte(3 * PAGE, (byte) 3);
        failWrites();
        cache.drop();
        assertErrno(Errno.ENOSPC, file::invalidate);
        assertThat(region.getByte(3 * PAGE)).isEqualTo((byte) 3);
        store.behaveWell();
        assertErrno(Errno.ENOSPC, () -> file.sync(false));
        assertThat(store.content(3 * PAGE, 1)).containsExactly(3);
        assertThat(region.getByte(PAGE)).isEqualTo((byte) 1);
    }

    @Test
    @DisplayName("M7: a truncate that the store refuses gives back what was stored beyond the size that it asked for")
    void refusedTruncate() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE + 5, (byte) 1);
        region.putByte(5 * PAGE, (byte) 2);
        store.before(call -> {
            if (call.is(Kind.TRUNCATE)) {
                throw new StoreException(Errno.EIO, "refused");
            }
        });
        assertErrno(Errno.EIO, () -> file.truncate(PAGE + 1));
        store.behaveWell();
        assertThat(region.getByte(PAGE + 5)).isEqualTo((byte) 1);
        assertThat(region.getByte(5 * PAGE)).isEqualTo((byte) 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRUNCATE_BEFORE_PUBLISH", "TRUNCATE_BEFORE_TAIL"})
    @DisplayName("M7: a truncate that the store refuses loses no store that was made while it ran")
    void storeDuringRefusedTruncate(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE + 5, (byte) 1);
        store.before(call -> {
            if (call.is(Kind.TRUNCATE)) {
                throw new StoreException(Errno.EIO, "refused");
            }
        });
        final Stop stop = stopAt(point);
        final Future<?> truncate = run(() -> assertErrno(Errno.EIO, () -> file.truncate(PAGE + 10)));
        stop.awaitReached();
        region.putByte(PAGE + 6, (byte) 2);
        final boolean beyond = file.size() == PAGES * PAGE;
        if (beyond) {
            region.putByte(PAGE + 100, (byte) 3);
            region.putByte(5 * PAGE, (byte) 4);
        }
        stop.open();
        end(truncate);
        assertThat(get(region, PAGE + 5, 2)).containsExactly(1, 2);
        assertThat(region.getByte(PAGE + 100)).isEqualTo(beyond ? 3 : content[PAGE + 100]);
        assertThat(region.getByte(5 * PAGE)).isEqualTo(beyond ? 4 : content[5 * PAGE]);
    }

    @Test
    @DisplayName("M7, C12: what was stored into the last page is there when the file has grown from outside meanwhile")
    void storeDuringOutsideGrowth() throws Exception {
        file.truncate(PAGE + 10);
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        store.outsideWrite(PAGE + 10, random(3, PAGE));
        final Stop stop = stopAt("REMOVE_COLLECTED");
        final Future<?> noticing = run(file::invalidate);
        stop.awaitReached();
        region.putByte(PAGE + 1, (byte) 2);
        stop.open();
        end(noticing);
        assertThat(get(region, PAGE, 2)).containsExactly(1, 2);
        assertThat(get(region, PAGE + 10, PAGE)).isEqualTo(random(3, PAGE));
        region.sync();
        assertThat(store.content(PAGE, 2)).containsExactly(1, 2);
        assertThat(store.content(PAGE + 10, PAGE)).isEqualTo(random(3, PAGE));
    }

    @Test
    @DisplayName("C5, C6: a file that was cut from outside stays cut: what was dirty beyond its end does not make it longer")
    void outsideCut() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        region.putByte(5 * PAGE, (byte) 2);
        store.outsideTruncate(PAGE + 10);
        file.invalidate();
        assertThat(file.size()).isEqualTo(PAGE + 10);
        assertThat(store.content(0, PAGES * PAGE)).hasSize(PAGE + 10);
        assertThat(store.content(PAGE, 1)).containsExactly(1);
    }

    @Test
    @DisplayName("C13, M7: a change from outside is seen although what is dirty cannot be written back, which stays")
    void outsideChangeOnAFailingStore() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        region.getByte(3 * PAGE);
        store.outsideWrite(3 * PAGE, new byte[] {7});
        store.outsideTruncate(PAGES * PAGE - 1);
        failWrites();
        final StoreAttributes now = new StoreAttributes();
        store.attributes(now);
        assertErrno(Errno.ENOSPC, () -> file.revalidate(now));
        assertThat(file.size()).isEqualTo(PAGES * PAGE - 1);
        assertThat(region.getByte(3 * PAGE)).isEqualTo((byte) 7);
        assertThat(region.getByte(PAGE)).isEqualTo((byte) 1);
        cache.verify();
        store.behaveWell();
        assertErrno(Errno.ENOSPC, region::sync);
    }

    @Test
    @DisplayName("M7: a punch drops what was stored before it, and keeps what is stored afterwards")
    void punched() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(2 * PAGE + 9, (byte) 1);
        region.putByte(4 * PAGE, (byte) 2);
        file.punch(2 * PAGE, 2 * PAGE + 1);
        assertThat(region.getByte(2 * PAGE + 9)).isZero();
        assertThat(region.getByte(4 * PAGE)).isZero();
        region.putByte(2 * PAGE, (byte) 3);
        region.sync();
        assertThat(store.content(2 * PAGE, PAGE)).isEqualTo(Arrays.copyOf(new byte[] {3}, PAGE));
        assertThat(store.content(4 * PAGE, 2)).containsExactly(0, content[4 * PAGE + 1]);
    }

    @Test
    @DisplayName("M7: a closing cache hands what was stored through regions to the store, and says so when it cannot")
    void closingCache() throws Exception {
        final PageCache other = builder().build();
        final ProbeFile store2 = new ProbeFile();
        final CachedFile file2 = other.open(store2);
        file2.truncate(PAGE);
        final MappedRegion region = space.map(file2, 0, PAGE, Sharing.SHARED, Protection.READ_WRITE);
        region.putByte(7, (byte) 7);
        other.close();
        assertThat(store2.content(7, 1)).containsExactly(7);
        assertErrno(Errno.EBADF, () -> region.getByte(7));
        assertErrno(Errno.EBADF, () -> region.putByte(7, (byte) 1));
    }

    @Test
    @DisplayName("M7: a store through an entry that was installed while the cache closes is handed to the store or refused")
    void storeAgainstClosingCache() throws Exception {
        final PageCache other = builder().build();
        final ProbeFile store2 = new ProbeFile();
        final CachedFile file2 = other.open(store2);
        file2.truncate(PAGE);
        final MappedRegion region = space.map(file2, 0, PAGE, Sharing.SHARED, Protection.READ_WRITE);
        final Stop locked = stopAt(MapPoint.FAULT_PAGE_LOCKED);
        final Stop installed = stopAt(MapPoint.FAULT_INSTALLED);
        final Future<?> fault = run(() -> {
            try {
                region.putByte(7, (byte) 7);
            } catch (final CacheException e) {
                assertThat(e.errno()).isEqualTo(Errno.EBADF);
            }
        });
        locked.awaitReached();
        final Future<?> closing = run(other::close);
        await("a close that waits for the page", () -> other.counters().get(CacheCounter.LOCK_WAITS) > 0);
        locked.open();
        installed.awaitReached();
        region.putByte(8, (byte) 8);
        installed.open();
        end(fault);
        end(closing);
        assertThat(store2.content(8, 1)).containsExactly(8);
    }

    @Test
    @DisplayName("M10: the last handle that cannot write back says so, and the file is closed all the same")
    void closingFails() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(0, (byte) 1);
        file.close();
        failWrites();
        assertErrno(Errno.ENOSPC, region::unmap);
        assertThat(store.isClosed()).isTrue();
        assertThat(space.regions()).isZero();
    }
}
