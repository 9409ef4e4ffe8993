package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.DIRTY;
import static io.quire.engine.memory.PageDescriptors.READAHEAD;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.WRITEBACK;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.Future;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.quire.engine.cache.Migrator.Outcome;
import io.quire.engine.lock.Points;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;
import io.quire.engine.tree.PageTree;

/** A page that moves to another frame, against everything that can come in between; G1 to G8 of the notes on migration. */
class MigrationTest extends CacheFixture {
    private static final int PAGES = 8;
    private static final int INDEX = 3;

    private final byte[] content = random(1, PAGES * PAGE);
    private Mapping mapping;
    private int frame;
    private int target;
    /** Whichever of the two has no page. */
    private volatile int spare;

    @Override
    PageCacheBuilder builder() {
        // A page of a compound page does not move before that is split.
        return super.builder().largePages(false);
    }

    @BeforeEach
    void write() throws Exception {
        write(0, content);
        mapping = cache.mappings.values().iterator().next();
        frame = frameOf(INDEX);
        target = cache.allocator.allocate();
        spare = target;
    }

    @AfterEach
    void freeWhatIsLeft() {
        cache.allocator.free(spare);
    }

    private int frameOf(final int index) {
        final int entry = mapping.tree.lookup(index);
        return PageTree.isPage(entry) ? PageTree.frame(entry) : -1;
    }

    private Outcome migrate() {
        final Outcome outcome = cache.migrator.migrate(mapping, INDEX, frame, target);
        if (outcome == Outcome.MOVED) {
            spare = frame;
        }
        return outcome;
    }

    private void assertMoved(final Outcome outcome) {
        assertThat(outcome).isEqualTo(Outcome.MOVED);
        assertThat(frameOf(INDEX)).isEqualTo(target);
        assertThat(cache.descriptors.mapping(frame)).isZero();
    }

    /** What the frame gets to see when it is given to another page. */
    private void reuseFrame() {
        fill(cache.arena.address(frame), filled(PAGE, 0x77));
    }

    private byte[] page() throws CacheException {
        return read((long) INDEX * PAGE, PAGE);
    }

    private byte[] expected() {
        return Arrays.copyOfRange(content, INDEX * PAGE, (INDEX + 1) * PAGE);
    }

    @Test
    @DisplayName("G1: a page moves with its bytes, and the store is not asked for them again")
    void moves() throws Exception {
        store.forgetCalls();
        assertMoved(migrate());
        reuseFrame();
        assertThat(page()).isEqualTo(expected());
        assertThat(store.calls(ProbeFile.Kind.READ)).isEmpty();
    }

    @Test
    @DisplayName("G2: a page to which somebody refers does not move")
    void referenced() throws Exception {
        final int held = mapping.getPage(INDEX);
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        assertThat(frameOf(INDEX)).isEqualTo(frame);
        cache.release(held);
        assertMoved(migrate());
        assertThat(page()).isEqualTo(expected());
    }

    @Test
    @DisplayName("G2: a page that is locked, or on its way to the store, does not move")
    void busy() throws Exception {
        cache.locker.lock(frame);
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        cache.locker.unlock(frame);
        cache.descriptors.set(frame, WRITEBACK);
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        cache.descriptors.clear(frame, WRITEBACK);
        assertMoved(migrate());
    }

    @Test
    @DisplayName("G2: a page that is in another frame, or in none, is not found")
    void gone() throws Exception {
        assertThat(cache.migrator.migrate(mapping, INDEX + 1, frame, target)).isEqualTo(Outcome.GONE);
        file.punch((long) INDEX * PAGE, PAGE);
        assertThat(migrate()).isEqualTo(Outcome.GONE);
        Arrays.fill(content, INDEX * PAGE, (INDEX + 1) * PAGE, (byte) 0);
        assertContent(content);
    }

    @Test
    @DisplayName("G6: a dirty page stays dirty, with its mark in the tree; the use count and the read-ahead mark go along")
    void stateMoves() throws Exception {
        cache.descriptors.set(frame, DIRTY | READAHEAD);
        cache.descriptors.use(frame, (byte) 2);
        mapping.tree.lock();
        mapping.tree.setMark(INDEX, PageTree.MARK_DIRTY);
        mapping.tree.unlock();
        assertMoved(migrate());
        assertThat(cache.descriptors.has(target, DIRTY | READAHEAD | UPTODATE)).isTrue();
        assertThat(cache.descriptors.use(target)).isEqualTo((byte) 2);
        assertThat(mapping.tree.isMarked(INDEX, PageTree.MARK_DIRTY)).isTrue();
        assertThat(cache.descriptors.has(frame, DIRTY)).isFalse();
        cache.descriptors.clear(target, DIRTY | READAHEAD);
        mapping.tree.lock();
        mapping.tree.clearMark(INDEX, PageTree.MARK_DIRTY);
        mapping.tree.unlock();
    }

    @Test
    @DisplayName("G6: a page with some valid blocks keeps them, and is not uptodate in its new frame")
    void partialPageMoves() throws Exception {
        cache.descriptors.clear(frame, UPTODATE);
        cache.descriptors.validBlocks(frame, 0b110);
        assertMoved(migrate());
        assertThat(cache.descriptors.has(target, UPTODATE)).isFalse();
        assertThat(cache.descriptors.validBlocks(target)).isEqualTo(0b110);
        assertThat(bytesAt(cache.arena.address(target), PAGE)).isEqualTo(expected());
        assertThat(page()).isEqualTo(expected());
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"COPY_STATE_READ", "COPY_DONE", "GET_SLOT_READ"})
    @DisplayName("G3: a reader that looked before the page moved gets its bytes, whatever the old frame holds by then")
    void readerBefore(final CachePoint point) throws Exception {
        if (point == CachePoint.GET_SLOT_READ) {
            // Such a reader is not on the optimistic way.
            cache.descriptors.set(frame, READAHEAD);
        }
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<byte[]> reader = start(this::page);
        stop.awaitArrival();
        assertMoved(migrate());
        reuseFrame();
        stop.open();
        assertThat(end(reader)).isEqualTo(expected());
    }

    @Test
    @DisplayName("G2: a reader with a reference keeps the page from moving, and the reader gets its bytes")
    void readerWithReference() throws Exception {
        cache.descriptors.set(frame, READAHEAD);
        final Points.Stop stop = points.stop(CachePoint.GET_REFERENCED, mapping.id, INDEX);
        final Future<byte[]> reader = start(this::page);
        stop.awaitArrival();
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        stop.open();
        assertThat(end(reader)).isEqualTo(expected());
        assertMoved(migrate());
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class,
        names = {"MIGRATE_LOCKED", "MIGRATE_UNMAPPED", "MIGRATE_FROZEN", "MIGRATE_BOUND", "MIGRATE_COPIED", "MIGRATE_REPLACED"})
    @DisplayName("G3: a reader without a reference is served at every step of a migration, or waits, and never reads anything else")
    void readerDuring(final CachePoint point) throws Exception {
        fill(cache.arena.address(target), filled(PAGE, 0x11));
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        if (point != CachePoint.MIGRATE_REPLACED) {
            assertThat(page()).as("while the slot has the old frame").isEqualTo(expected());
        }
        final Future<byte[]> reader = start(this::page);
        stop.open();
        assertThat(end(reader)).isEqualTo(expected());
        end(migration);
        assertThat(page()).isEqualTo(expected());
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"MIGRATE_BOUND", "MIGRATE_COPIED"})
    @DisplayName("G5: who meets the new frame by a stale number before the slot has it reads the page's bytes or none")
    void newFrameMetEarly(final CachePoint point) throws Exception {
        fill(cache.arena.address(target), filled(PAGE, 0x11));
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        if (cache.descriptors.has(target, UPTODATE)) {
            assertThat(mapping.isBound(target, INDEX)).isTrue();
            assertThat(bytesAt(cache.arena.address(target), PAGE)).isEqualTo(expected());
        }
        assertThat(cache.descriptors.has(target, PageDescriptors.LOCKED)).isTrue();
        stop.open();
        assertMoved(end(migration));
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"MIGRATE_REFERENCED", "MIGRATE_LOCKED", "MIGRATE_UNMAPPED"})
    @DisplayName("G2: a writer that finds the page before its count is frozen keeps it from moving; nothing is lost")
    void writerBeforeFreeze(final CachePoint point) throws Exception {
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        final Points.Stop found = points.stop(CachePoint.WRITE_FOUND, mapping.id, INDEX);
        final Future<?> writer = startWrite();
        found.awaitArrival();
        stop.open();
        assertThat(end(migration)).isEqualTo(Outcome.BUSY);
        found.open();
        end(writer);
        assertContent(content);
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"MIGRATE_FROZEN", "MIGRATE_BOUND", "MIGRATE_COPIED", "MIGRATE_REPLACED"})
    @DisplayName("G4: a writer that comes while the count is frozen waits and writes into the new frame; nothing is lost")
    void writerAfterFreeze(final CachePoint point) throws Exception {
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        final Points.Stop stored = points.stop(CachePoint.WRITE_BEFORE_STORE).optional();
        final Future<?> writer = startWrite();
        assertThat(stored.hasArrival()).isFalse();
        stored.open();
        stop.open();
        assertMoved(end(migration));
        end(writer);
        reuseFrame();
        assertContent(content);
    }

    private Future<?> startWrite() {
        final byte[] piece = random(9, 100);
        System.arraycopy(piece, 0, content, INDEX * PAGE + 50, piece.length);
        return start(() -> {
            write((long) INDEX * PAGE + 50, piece);
            return null;
        });
    }

    @ParameterizedTest
    @CsvSource({"MIGRATE_REFERENCED, 0", "MIGRATE_REFERENCED, 100", "MIGRATE_LOCKED, 0", "MIGRATE_FROZEN, 0", "MIGRATE_COPIED, 0", "MIGRATE_REPLACED, 0", "MIGRATE_LOCKED, 100",
        "MIGRATE_FROZEN, 100", "MIGRATE_COPIED, 100", "MIGRATE_REPLACED, 100"})
    @DisplayName("C5, C6: a truncate that comes during a migration removes the page, or zeroes its tail, where it is by then")
    void truncateDuring(final CachePoint point, final int tail) throws Exception {
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        final int size = INDEX * PAGE + tail;
        final Future<?> truncate = start(() -> {
            file.truncate(size);
            return null;
        });
        await("the size is published", () -> file.size() == size);
        stop.open();
        end(migration);
        end(truncate);
        fill(cache.arena.address(spare), filled(PAGE, 0x77));
        assertThat(frameOf(INDEX) >= 0).isEqualTo(tail > 0);
        final byte[] cut = Arrays.copyOf(content, size);
        assertThat(readAll()).isEqualTo(cut);
        file.truncate(content.length);
        assertContent(Arrays.copyOf(cut, content.length));
    }

    @Test
    @DisplayName("G2: a page that left the file between its lookup and its lock is not moved")
    void removedBeforeLock() throws Exception {
        final Points.Stop stop = points.stop(CachePoint.MIGRATE_REFERENCED, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        file.truncate(INDEX * PAGE);
        stop.open();
        assertThat(end(migration)).isEqualTo(Outcome.GONE);
        assertContent(Arrays.copyOf(content, INDEX * PAGE));
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"REMOVE_COLLECTED", "REMOVE_LOCKED", "ZERO_FOUND"})
    @DisplayName("G2: a page that a truncate has found does not move from under it")
    void truncateBefore(final CachePoint point) throws Exception {
        final int size = INDEX * PAGE + (point == CachePoint.ZERO_FOUND ? 100 : 0);
        final Points.Stop stop = points.stop(point);
        final Future<?> truncate = start(() -> {
            file.truncate(size);
            return null;
        });
        stop.awaitArrival();
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        stop.open();
        end(truncate);
        assertContent(Arrays.copyOf(content, size));
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class, names = {"EVICT_REFERENCED", "EVICT_LOCKED"})
    @DisplayName("G2: a page that an eviction has in hand does not move")
    void evictionBefore(final CachePoint point) throws Exception {
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Integer> eviction = start(() -> cache.reclaimer.reclaim(cache.threads.current()));
        stop.awaitArrival();
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        stop.open();
        assertThat(end(eviction)).isPositive();
        assertContent(content);
    }

    @Test
    @DisplayName("G2: a page whose slot an eviction is about to clear is not found")
    void evictionFrozen() throws Exception {
        final Points.Stop stop = points.stop(CachePoint.EVICT_FROZEN, mapping.id, INDEX);
        final Future<Integer> eviction = start(() -> cache.reclaimer.reclaim(cache.threads.current()));
        stop.awaitArrival();
        final Future<Outcome> migration = start(this::migrate);
        stop.open();
        assertThat(end(eviction)).isPositive();
        assertThat(end(migration)).isEqualTo(Outcome.GONE);
        assertContent(content);
    }

    @ParameterizedTest
    @EnumSource(value = CachePoint.class,
        names = {"MIGRATE_REFERENCED", "MIGRATE_LOCKED", "MIGRATE_FROZEN", "MIGRATE_COPIED", "MIGRATE_REPLACED"})
    @DisplayName("G7: an eviction that comes during a migration leaves the page alone, and it keeps a place in the queues")
    void evictionDuring(final CachePoint point) throws Exception {
        final Points.Stop stop = points.stop(point, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        cache.reclaimer.reclaim(cache.threads.current());
        assertThat(frameOf(INDEX)).isNotNegative();
        stop.open();
        assertMoved(end(migration));
        assertContent(content);
    }

    @Test
    @DisplayName("G3: a fault for the page during its migration finds it, and nothing is read from the store")
    void faultDuring() throws Exception {
        store.forgetCalls();
        cache.descriptors.set(frame, READAHEAD);
        final Points.Stop stop = points.stop(CachePoint.MIGRATE_FROZEN, mapping.id, INDEX);
        final Future<Outcome> migration = start(this::migrate);
        stop.awaitArrival();
        final Points.Stop read = points.stop(CachePoint.GET_SLOT_READ, mapping.id, INDEX);
        final Future<byte[]> reader = start(this::page);
        read.awaitArrival();
        read.open();
        stop.open();
        assertMoved(end(migration));
        assertThat(end(reader)).isEqualTo(expected());
        assertThat(store.calls(ProbeFile.Kind.READ)).isEmpty();
    }

    /** Shows the page once, as a region would: its entry is one map. */
    private final class Shown implements PageMapper {
        private boolean keeps;

        Shown() {
            map(1);
            mapping.addMapper(this);
        }

        private void map(final int delta) {
            OffHeap.getAndAddInt(cache.descriptors.address(frame) + PageDescriptors.MAPS_OFFSET, delta);
        }

        @Override
        public int unmap(final long first, final long last, final boolean even) {
            assertThat(first).isEqualTo(INDEX);
            assertThat(last).isEqualTo(INDEX);
            assertThat(cache.descriptors.has(frame, PageDescriptors.LOCKED)).as("under the page lock").isTrue();
            if (keeps) {
                return 0;
            }
            map(-1);
            return 1;
        }

        @Override
        public int writeProtect(final long index) {
            return 0;
        }

        @Override
        public boolean referenced(final long index) {
            return false;
        }

        @Override
        public int entries(final long index) {
            return 0;
        }
    }

    @Test
    @DisplayName("G8: a page that regions show is taken back from them before it moves")
    void shown() throws Exception {
        final Shown shown = new Shown();
        assertMoved(migrate());
        assertThat(cache.descriptors.maps(frame)).isZero();
        assertThat(cache.descriptors.maps(target)).isZero();
        mapping.removeMapper(shown);
        assertThat(page()).isEqualTo(expected());
    }

    @Test
    @DisplayName("G8: a page that is shown still, or again, when its count is frozen stays where it is")
    void shownAgain() throws Exception {
        final Shown shown = new Shown();
        shown.keeps = true;
        assertThat(migrate()).isEqualTo(Outcome.BUSY);
        assertThat(cache.descriptors.refs(frame)).isEqualTo(1);
        shown.keeps = false;
        assertMoved(migrate());
        mapping.removeMapper(shown);
    }
}
