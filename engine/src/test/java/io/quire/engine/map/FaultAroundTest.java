package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.ProbeFile;
import io.quire.engine.lock.StopPoints;

/** Neighbours are shown without page lock and reference: what keeps that right when they leave meanwhile. */
class FaultAroundTest extends RegionFixture {
    private static final int PAGES = 16;

    private final byte[] content = random(1, PAGES * PAGE);

    @Override
    int faultAround() {
        return AddressSpace.FAULT_AROUND;
    }

    @BeforeEach
    void write() throws Exception {
        write(0, content);
    }

    @Test
    @DisplayName("M3: one read fault shows the pages that are present around it; none of them takes a page lock")
    void neighbours() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final AtomicInteger locked = new AtomicInteger();
        StopPoints.listen((at, mapping, index) -> {
            if (at == MapPoint.FAULT_PAGE_PINNED) {
                locked.incrementAndGet();
            }
        });
        assertThat(get(region, 0, PAGES * PAGE)).isEqualTo(content);
        assertThat(locked).hasValue(0);
        cache.verify();
    }

    @Test
    @DisplayName("M3: a page that leaves between the two looks is not shown, also when its frame has another page")
    void leavesBetweenTheLooks() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt("SHOW_CHECKED", 3);
        final Future<Byte> load = start(() -> region.getByte(0));
        stop.awaitReached();
        cache.drop();
        final ProbeFile other = new ProbeFile();
        try (CachedFile file2 = cache.open(other)) {
            for (int i = 0; i < 1100; i++) {
                file2.write((long) i * PAGE, filled(PAGE, 0x66), 0, PAGE);
            }
            stop.open();
            assertThat(end(load)).isEqualTo(content[0]);
            assertThat(get(region, 0, PAGES * PAGE)).isEqualTo(content);
            cache.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AROUND_ENTRY_LOCKED", "SHOW_CHECKED", "SHOW_RAISED", "AROUND_SHOWN"})
    @DisplayName("M3: truncate while fault-around stands at each of its points: no entry shows a page beyond the size afterwards")
    void truncate(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt(point, 3);
        final Future<Byte> load = start(() -> region.getByte(0));
        stop.awaitReached();
        final Future<?> truncate = run(() -> file.truncate(PAGE));
        letRun(truncate);
        stop.open();
        end(load);
        end(truncate);
        assertBeyondEnd(() -> region.getByte(3 * PAGE));
        cache.verify();
        assertThat(file.cachedPages()).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"AROUND_ENTRY_LOCKED", "SHOW_CHECKED", "SHOW_RAISED", "AROUND_SHOWN"})
    @DisplayName("M3: a removal while fault-around stands at each of its points leaves no entry behind")
    void removal(final String point) throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt(point, 3);
        final Future<Byte> load = start(() -> region.getByte(0));
        stop.awaitReached();
        final Future<?> punch = run(() -> file.punch(3 * PAGE, PAGE));
        letRun(punch);
        stop.open();
        end(load);
        end(punch);
        cache.verify();
        assertThat(region.getByte(3 * PAGE)).isZero();
    }

    @Test
    @DisplayName("M3: a victim of eviction that is out of the tree and still bound is locked, and so not shown")
    void victim() throws Exception {
        final MappedRegion region = shared(0, PAGES * PAGE);
        final Stop stop = stopAt("SHOW_CHECKED", 3);
        final Future<Byte> load = start(() -> region.getByte(0));
        stop.awaitReached();
        final Stop evicting = stopAt("EVICT_SHADOWED", 3);
        try (CachedFile file2 = cache.open(new ProbeFile())) {
            final Future<?> pressure = run(() -> {
                for (int i = 64; i < 3000; i++) {
                    file2.write((long) i * PAGE, filled(PAGE, 0x66), 0, PAGE);
                }
            });
            evicting.awaitReached();
            stop.open();
            assertThat(end(load)).isEqualTo(content[0]);
            evicting.open();
            end(pressure);
            assertThat(get(region, 0, PAGES * PAGE)).isEqualTo(content);
            cache.verify();
        }
    }

    @Test
    @DisplayName("M12: pages that only regions keep give way when others need the memory, and come back")
    void regionsGiveWay() throws Exception {
        final int pages = 3000;
        final byte[] large = random(2, pages * PAGE);
        write(0, large);
        try (MappedRegion region = shared(0, (long) pages * PAGE)) {
            for (int round = 0; round < 2; round++) {
                for (int page = 0; page < pages; page++) {
                    assertThat(region.getByte((long) page * PAGE + 7)).isEqualTo(large[page * PAGE + 7]);
                }
            }
        }
    }
}
