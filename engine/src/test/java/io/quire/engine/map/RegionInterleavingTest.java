package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.Future;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.ProbeFile;
import io.quire.engine.store.Errno;

/** Accesses through regions against truncate, punch, writes, writeback and eviction, one chosen order at a time. */
class RegionInterleavingTest extends RegionFixture {
    private static final int PAGES = 8;

    private final byte[] content = random(1, PAGES * PAGE);

    @BeforeEach
    void write() throws Exception {
        write(0, content);
    }

    /** What a load gave, or -1 when it was beyond the end. */
    private static int loadOrEnd(final MappedRegion region, final long offset) throws Exception {
        try {
            return region.getByte(offset) & 0xff;
        } catch (final BeyondEndException e) {
            return -1;
        }
    }

    /** Takes the frames that are free, so that a frame that was given back holds other bytes. */
    private CachedFile otherBytesEverywhere() throws Exception {
        final ProbeFile other = new ProbeFile();
        final CachedFile file2 = cache.open(other);
        final byte[] bytes = filled(PAGE, 0x66);
        for (int i = 0; i < 1100; i++) {
            file2.write((long) i * PAGE, bytes, 0, PAGE);
        }
        return file2;
    }

    @ParameterizedTest
    @ValueSource(strings = {"FAULT_PAGE_PINNED", "FAULT_PAGE_LOCKED", "FAULT_INSTALLED", "READ_HAS_PAGE", "READ_UPTODATE",
        "LOAD_ENTRY_READ", "LOAD_VALUE_READ"})
    @DisplayName("M4: truncate while a fault stands at each of its points: no entry shows a page beyond the size afterwards")
    void faultAgainstTruncate(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt(point);
        final Future<Integer> load = start(() -> loadOrEnd(region, 5 * PAGE));
        stop.awaitReached();
        final Future<?> truncate = run(() -> file.truncate(2 * PAGE));
        letRun(truncate);
        stop.open();
        assertThat(end(load)).isIn(-1, content[5 * PAGE] & 0xff);
        end(truncate);
        assertThat(loadOrEnd(region, 5 * PAGE)).isEqualTo(-1);
        assertThat(file.cachedPages()).isLessThanOrEqualTo(2);
        cache.verify();
        file.truncate(PAGES * PAGE);
        assertThat(loadOrEnd(region, 5 * PAGE)).isZero();
    }

    @Test
    @DisplayName("M1: a load that stands between entry and value while the frame gets another page does not give its bytes")
    void frameIsReused() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.getByte(5 * PAGE);
        final Stop stop = stopAt(MapPoint.LOAD_ENTRY_READ);
        final Future<Integer> load = start(() -> loadOrEnd(region, 5 * PAGE));
        stop.awaitReached();
        cache.drop();
        final CachedFile other = otherBytesEverywhere();
        stop.open();
        assertThat(end(load)).isEqualTo(content[5 * PAGE] & 0xff);
        other.close();
    }

    @Test
    @DisplayName("M4: a load of what a truncate cuts off within its page gives the old byte or an error, never a zero")
    void loadAgainstTail() throws Exception {
        final MappedRegion region = space.map(file, 0, PAGES * PAGE, Sharing.SHARED, Protection.READ);
        region.getByte(PAGE);
        final Stop stop = stopAt(MapPoint.LOAD_ENTRY_READ);
        final Future<Integer> load = start(() -> loadOrEnd(region, PAGE + 100));
        stop.awaitReached();
        file.truncate(PAGE + 50);
        stop.open();
        assertThat(end(load)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"STORE_ENTRY_LOCKED", "WRITABLE_ASKING", "WRITABLE_GRANTED", "WRITABLE_DIRTY"})
    @DisplayName("M4: a store beyond what a truncate leaves of its page does not come back when the file grows")
    void storeAgainstTail(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.onPageMadeWritable((r, at) -> { });
        if (point.startsWith("STORE")) {
            region.putByte(PAGE, (byte) 1);
        }
        final Stop stop = stopAt(point);
        final Future<Boolean> storing = start(() -> {
            try {
                region.putByte(PAGE + 100, (byte) 77);
                return true;
            } catch (final BeyondEndException e) {
                return false;
            }
        });
        stop.awaitReached();
        final Future<?> truncate = run(() -> file.truncate(PAGE + 50));
        letRun(truncate);
        stop.open();
        end(storing);
        end(truncate);
        cache.verify();
        file.truncate(PAGES * PAGE);
        assertThat(region.getByte(PAGE + 100)).isZero();
        region.sync();
        assertThat(store.content(PAGE + 100, 1)).containsExactly(0);
    }

    @Test
    @DisplayName("M4: zeroing the tail waits for a store that saw the former size")
    void storeAgainstZeroing() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop saved = stopAt("TRUNCATE_BEFORE_PUBLISH");
        final Future<?> truncate = run(() -> file.truncate(PAGE + 50));
        saved.awaitReached();
        final Stop locked = stopAt(MapPoint.STORE_ENTRY_LOCKED);
        final Future<?> storing = run(() -> region.putByte(PAGE + 100, (byte) 77));
        locked.awaitReached();
        saved.open();
        letRun(truncate);
        locked.open();
        end(storing);
        end(truncate);
        cache.verify();
        file.truncate(PAGES * PAGE);
        assertThat(region.getByte(PAGE + 100)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"COPY_SOURCE_PINNED", "COPY_DONE"})
    @DisplayName("M8: truncate while a private copy is made: it is refused or taken back, and does not come back")
    void copyAgainstTruncate(final String point) throws Exception {
        final MappedRegion own = ownCopy(0, PAGES * PAGE);
        final Stop stop = stopAt(point);
        final Future<Integer> storing = start(() -> {
            try {
                own.putByte(5 * PAGE, (byte) 77);
                return 1;
            } catch (final BeyondEndException e) {
                return 0;
            }
        });
        stop.awaitReached();
        final Future<?> truncate = run(() -> file.truncate(2 * PAGE));
        letRun(truncate);
        stop.open();
        end(storing);
        end(truncate);
        assertThat(own.privateBytes()).isZero();
        file.truncate(PAGES * PAGE);
        assertThat(own.getByte(5 * PAGE)).isZero();
    }

    @Test
    @DisplayName("M8: the source of a private copy is not locked: a write of it goes on")
    void copyAgainstWrite() throws Exception {
        final MappedRegion own = ownCopy(0, PAGES * PAGE);
        final Stop stop = stopAt(MapPoint.COPY_DONE);
        final Future<?> storing = run(() -> own.putByte(5 * PAGE, (byte) 77));
        stop.awaitReached();
        write(5 * PAGE, filled(PAGE, 9));
        stop.open();
        end(storing);
        assertThat(own.getByte(5 * PAGE)).isEqualTo((byte) 77);
        assertThat(own.getByte(5 * PAGE + 1)).isEqualTo(content[5 * PAGE + 1]);
        assertThat(read(5 * PAGE, 2)).containsExactly(9, 9);
    }

    @Test
    @DisplayName("M5: the callback runs without a lock: it may truncate the file, and the store is then refused")
    void callbackTruncates() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.onPageMadeWritable((r, at) -> {
            assertThat(r).isSameAs(region);
            assertThat(at).isEqualTo(5L * PAGE);
            file.truncate(PAGE);
        });
        assertBeyondEnd(() -> region.putByte(5 * PAGE + 3, (byte) 1));
        assertThat(counter(CacheCounter.DIRTY)).isZero();
    }

    @Test
    @DisplayName("M5: the callback may write to the page that is made writable, and may refuse; nothing is dirty then")
    void callbackWritesOrRefuses() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.onPageMadeWritable((r, at) -> {
            throw new io.quire.engine.cache.CacheException(Errno.ENOSPC, "no room");
        });
        assertErrno(Errno.ENOSPC, () -> region.putByte(5 * PAGE, (byte) 1));
        assertThat(counter(CacheCounter.DIRTY)).isZero();
        region.onPageMadeWritable((r, at) -> write(at, filled(PAGE, 4)));
        region.putByte(5 * PAGE, (byte) 1);
        assertThat(read(5 * PAGE, 2)).containsExactly(1, 4);
        region.onPageMadeWritable((r, at) -> r.unmap());
        assertErrno(Errno.EBADF, () -> region.putByte(6 * PAGE, (byte) 1));
    }

    @Test
    @DisplayName("M5: the callback holds nothing, the region neither: it may use it while another thread changes it")
    void callbackAgainstChange() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop locked = stopAt(MapPoint.CHANGE_LOCKED);
        final Stop published = stopAt(MapPoint.CHANGE_PUBLISHED);
        published.open();
        region.onPageMadeWritable((r, at) -> {
            if (at == PAGE) {
                run(() -> region.remap(64 * PAGE));
                locked.awaitReached();
                locked.open();
                assertThat(r.getByte(3 * PAGE)).isEqualTo(content[3 * PAGE]);
                assertThat(space.regions()).isEqualTo(1);
            }
        });
        end(run(() -> region.putByte(PAGE, (byte) 1)));
        published.awaitReached();
        await("the change", () -> region.length() == 64 * PAGE);
        assertThat(read(PAGE, 1)).containsExactly(1);
        await("its thread", this::allEnded);
    }

    @Test
    @DisplayName("M6: a store waits for a writeback of its page, and makes it dirty again")
    void storeAgainstWriteback() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        final Stop stop = stopAt("WRITEBACK_PROTECTED");
        final Future<?> sync = run(region::sync);
        stop.awaitReached();
        final Future<?> storing = run(() -> region.putByte(PAGE, (byte) 2));
        letRun(storing);
        stop.open();
        end(sync);
        end(storing);
        assertThat(store.content(PAGE, 1)).containsExactly(1);
        assertThat(counter(CacheCounter.DIRTY)).isEqualTo(1);
        region.sync();
        assertThat(store.content(PAGE, 1)).containsExactly(2);
    }

    @Test
    @DisplayName("M6: a sync waits for a writeback that another thread has begun: what it answers for is in the store")
    void syncAgainstWriteback() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        final Stop stop = stopAt("WRITEBACK_PROTECTED");
        final Future<?> first = run(region::sync);
        stop.awaitReached();
        final Future<byte[]> second = start(() -> {
            file.sync(false);
            return store.content(PAGE, 1);
        });
        letRun(second);
        stop.open();
        assertThat(end(second)).containsExactly(1);
        end(first);
    }

    @Test
    @DisplayName("M6: a writeback waits for a store that has its entry, and takes its bytes along")
    void writebackAgainstStore() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE, (byte) 1);
        final Stop stop = stopAt(MapPoint.STORE_ENTRY_LOCKED);
        final Future<?> storing = run(() -> region.putByte(PAGE, (byte) 2));
        stop.awaitReached();
        final Future<?> sync = run(region::sync);
        letRun(sync);
        stop.open();
        end(sync);
        end(storing);
        assertThat(store.content(PAGE, 1)).containsExactly(2);
    }

    @Test
    @DisplayName("M6: truncate during writeback waits for it, and what it cuts off is cut off in the store")
    void truncateAgainstWriteback() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(PAGE + 100, (byte) 2);
        final Stop stop = stopAt("WRITEBACK_PROTECTED");
        final Future<?> sync = run(region::sync);
        stop.awaitReached();
        final Future<?> truncate = run(() -> file.truncate(PAGE + 10));
        letRun(truncate);
        stop.open();
        end(sync);
        end(truncate);
        assertThat(store.content(0, PAGES * PAGE)).isEqualTo(Arrays.copyOf(content, PAGE + 10));
    }

    @ParameterizedTest
    @CsvSource({"TABLE_FOUND", "LOAD_ENTRY_READ", "LOAD_VALUE_READ", "PIN_CHECKED"})
    @DisplayName("M1: a load while its region is unmapped and another takes the memory of its table is refused")
    void loadAgainstUnmap(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        if (point.startsWith("LOAD")) {
            region.getByte(0);
        }
        final long address = region.address();
        final Stop stop = stopAt(point);
        final Future<Integer> load = start(() -> {
            try {
                return (point.startsWith("LOAD") ? region.getByte(0) : space.getByte(address)) & 0xff;
            } catch (final io.quire.engine.cache.CacheException e) {
                assertThat(e.errno()).isIn(Errno.EFAULT, Errno.EBADF);
                return -1;
            }
        });
        stop.awaitReached();
        region.unmap();
        // The same page in the same table: not even the entry tells the two apart.
        final MappedRegion next = shared(0, PAGES * PAGE);
        next.getByte(0);
        stop.open();
        assertThat(end(load)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PIN_COUNTED", "FAULT_PAGE_PINNED", "FAULT_PAGE_LOCKED", "FAULT_INSTALLED"})
    @DisplayName("M1: unmap waits for faults that were counted, and takes what they installed back")
    void unmapAgainstFault(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt(point);
        final Future<Integer> load = start(() -> {
            try {
                return region.getByte(PAGE) & 0xff;
            } catch (final io.quire.engine.cache.CacheException e) {
                assertThat(e.errno()).isEqualTo(Errno.EBADF);
                return -1;
            }
        });
        stop.awaitReached();
        final Future<?> unmap = run(region::unmap);
        letRun(unmap);
        assertThat(unmap.isDone()).isFalse();
        stop.open();
        assertThat(end(load)).isIn(-1, content[PAGE] & 0xff);
        end(unmap);
        cache.verify();
    }

    @Test
    @DisplayName("M1: a fault that finds its region locked by sequence waits for the change, and sees it whole")
    void faultAgainstLockedRegion() throws Exception {
        final MappedRegion own = ownCopy(0, 2 * PAGE);
        own.putByte(PAGE, (byte) 7);
        final Stop fault = stopAt(MapPoint.PIN_CHECKED);
        final Future<Byte> load = start(() -> own.getByte(0));
        fault.awaitReached();
        final Stop change = stopAt(MapPoint.CHANGE_PUBLISHED);
        final Future<?> remap = run(() -> own.remap(64 * PAGE));
        change.awaitReached();
        fault.open();
        final Future<Byte> copied = start(() -> own.getByte(PAGE));
        letRun(load);
        letRun(copied);
        assertThat(load.isDone()).isFalse();
        assertThat(copied.isDone()).isFalse();
        change.open();
        end(remap);
        assertThat(end(load)).isEqualTo(content[0]);
        assertThat(end(copied)).isEqualTo((byte) 7);
    }

    @Test
    @DisplayName("M2: a store that stands before its bit while the region becomes read-only is refused")
    void storeAgainstProtect() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        region.putByte(0, (byte) 1);
        final Stop stop = stopAt(MapPoint.STORE_ENTRY_LOCKED);
        final Future<?> storing = run(() -> region.putByte(0, (byte) 2));
        stop.awaitReached();
        final Future<?> protect = run(() -> region.protect(Protection.READ));
        letRun(protect);
        assertThat(protect.isDone()).isFalse();
        stop.open();
        end(storing);
        end(protect);
        assertThat(region.getByte(0)).isEqualTo((byte) 2);
        assertErrno(Errno.EACCES, () -> region.putByte(0, (byte) 3));
    }

    @Test
    @DisplayName("M3: truncate during unmap finds the entries that are still there, and the map counts stay exact")
    void truncateAgainstUnmap() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        get(region, 0, PAGES * PAGE);
        final Stop stop = stopAt(MapPoint.CHANGE_PUBLISHED);
        final Future<?> unmap = run(region::unmap);
        stop.awaitReached();
        file.truncate(2 * PAGE);
        cache.verify();
        stop.open();
        end(unmap);
    }
}
