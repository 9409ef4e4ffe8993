package io.quire.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.engine.store.Errno;
import io.quire.engine.write.WritePolicies;
import io.quire.engine.evict.ReplacementPolicies;

/** A capacity that changes while the cache is used, and free frames that are gathered: G10 and G11. */
class ResizeTest extends CacheFixture {
    private static final int SMALL = (int) PageCache.MIN_CAPACITY;
    private static final int LARGE = 2 * SMALL;
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-[0-9a-f]+ ");

    @Override
    PageCacheBuilder builder() {
        return super.builder().capacity(LARGE);
    }

    /** The file with so many random pages, all in the cache. */
    private byte[] cached(final int pages) throws Exception {
        final byte[] content = random(pages, pages * PAGE);
        write(0, content);
        assertThat(readAll()).isEqualTo(content);
        return content;
    }

    @Test
    @DisplayName("G10: what fits stays in the cache when it shrinks, moved together, and its bytes are right")
    void shrinkMovesPages() throws Exception {
        final byte[] content = cached(1500);
        file.punch(0, 600L * PAGE);
        Arrays.fill(content, 0, 600 * PAGE, (byte) 0);
        final long reads = counter(CacheCounter.STORE_READS);
        cache.resize(SMALL);
        assertThat(cache.capacity()).isEqualTo(SMALL);
        assertThat(counter(CacheCounter.PAGES)).isEqualTo(900);
        assertThat(counter(CacheCounter.MIGRATIONS)).isEqualTo(1500 - SMALL / PAGE);
        assertThat(counter(CacheCounter.EVICTIONS)).isZero();
        cache.verify();
        assertThat(read(600L * PAGE, 900 * PAGE)).isEqualTo(Arrays.copyOfRange(content, 600 * PAGE, 1500 * PAGE));
        assertThat(counter(CacheCounter.STORE_READS)).as("all of it from the cache").isEqualTo(reads);
        assertContent(content);
    }

    @Test
    @DisplayName("G10: what does not fit is evicted, and the cache holds no more than it may")
    void shrinkEvicts() throws Exception {
        final byte[] content = cached(2000);
        cache.resize(SMALL);
        assertThat(counter(CacheCounter.PAGES)).isLessThanOrEqualTo(SMALL / PAGE);
        assertThat(counter(CacheCounter.PAGES) + counter(CacheCounter.FREE_FRAMES)).isEqualTo(SMALL / PAGE);
        cache.verify();
        assertContent(content);
        assertThat(counter(CacheCounter.PAGES)).isLessThanOrEqualTo(SMALL / PAGE);
    }

    @Test
    @DisplayName("G10: a cache grows up to its largest capacity, and shrinks again")
    void growAndShrink() throws Exception {
        assertThat(cache.maxCapacity()).isEqualTo(4L * LARGE);
        final byte[] content = cached(2000);
        for (final long capacity : new long[] {4L * LARGE, SMALL, LARGE + 100 * PAGE, SMALL + 300 * PAGE + 17, LARGE}) {
            cache.resize(capacity);
            assertThat(cache.capacity()).isEqualTo(capacity & -PAGE);
            cache.verify();
            assertThat(readAll()).isEqualTo(content);
            cache.verify();
        }
        cache.resize(4L * LARGE);
        assertThat(readAll()).isEqualTo(content);
        final long reads = counter(CacheCounter.STORE_READS);
        assertThat(readAll()).isEqualTo(content);
        assertThat(counter(CacheCounter.STORE_READS)).as("all of it fits").isEqualTo(reads);
    }

    @Test
    @DisplayName("G10: the memory of frames that went out of service reads as zeros: it was given back")
    void memoryIsGivenBack() throws Exception {
        cached(2000);
        final long address = cache.arena.address(1500);
        assertThat(bytesAt(address, PAGE)).isNotEqualTo(new byte[PAGE]);
        cache.resize(SMALL);
        assertThat(bytesAt(address, PAGE)).isEqualTo(new byte[PAGE]);
        assertThat(bytesAt(cache.arena.address(1999), PAGE)).isEqualTo(new byte[PAGE]);
    }

    @Test
    @DisplayName("G10: with huge pages too a full cache has no more resident memory than its capacity, and after a shrink, and after it grew")
    void residentMemory() throws Exception {
        final ProbeFile from = new ProbeFile();
        from.outsideTruncate(10L * LARGE);
        final long[] capacities = {SMALL + 300 * PAGE, 2 * LARGE + 17 * PAGE, LARGE + 200 * PAGE, SMALL + 100 * PAGE};
        try (PageCache other = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(capacities[0])
            .maxCapacity(4L * LARGE).readAhead(0).build()) {
            final CachedFile reader = other.open(from);
            for (final long capacity : capacities) {
                other.resize(capacity);
                assertThat(resident(other)).as("after the change to %,d bytes", capacity).isLessThanOrEqualTo(capacity);
                for (long at = 0; at < 4L * LARGE; at += 64 * PAGE) {
                    reader.read(at, buffer, 64 * PAGE);
                }
                assertThat(resident(other)).as("full, with %,d bytes", capacity).isBetween(capacity - 64 * PAGE, capacity);
            }
            other.verify();
        }
    }

    /** What the kernel counts as resident of the pages' memory, in bytes; what it has put aside for want of memory, too. */
    private static long resident(final PageCache of) throws Exception {
        final long base = of.arena.base();
        long sum = 0;
        boolean inside = false;
        for (final String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            final Matcher range = MAPPING.matcher(line);
            if (range.lookingAt()) {
                final long start = Long.parseUnsignedLong(range.group(1), 16);
                inside = start >= base && start < base + of.maxCapacity();
            } else if (inside && (line.startsWith("Rss:") || line.startsWith("Swap:"))) {
                sum += Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        return sum;
    }

    @Test
    @DisplayName("G10: batches, overhead and the share of the small queue follow the capacity")
    void limitsFollow() throws Exception {
        final int batch = cache.batchLimit;
        final long overhead = cache.overheadBytes();
        cache.resize(SMALL);
        assertThat(cache.batchLimit).isEqualTo(batch / 2);
        assertThat(cache.overheadBytes()).isLessThan(overhead);
        cache.resize(LARGE);
        assertThat(cache.batchLimit).isEqualTo(batch);
        assertThat(cache.overheadBytes()).isEqualTo(overhead);
    }

    @Test
    @DisplayName("G10: a page that stays in use ends the shrink with EBUSY, names it, and leaves the former capacity")
    void busy() throws Exception {
        final byte[] content = cached(2000);
        final int index = indexInFrame(1800);
        final int frame = mapping().getPage(index);
        cache.resizer.patience(TimeUnit.MILLISECONDS.toNanos(20));
        assertThatThrownBy(() -> cache.resize(SMALL)).isInstanceOfSatisfying(CacheException.class,
            e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY)).hasMessageContaining("page " + index + " of");
        assertThat(cache.capacity()).isEqualTo(LARGE);
        cache.release(frame);
        cache.verify();
        assertContent(content);
        cache.resize(SMALL);
        assertContent(content);
    }

    @Test
    @DisplayName("G10: the read-ahead windows of a file that is open follow the capacity, down and up")
    void windowsFollow() throws Exception {
        final byte[] content = random(7, 900 * PAGE);
        final ProbeFile from = new ProbeFile();
        from.outsideWrite(0, content);
        try (PageCache other = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(LARGE)
            .readAhead(1 << 20).readAheadExecutor(Runnable::run).build()) {
            final CachedFile reader = other.open(from);
            for (int part = 0; part < 3; part++) {
                other.resize(part == 1 ? SMALL : LARGE);
                from.forgetCalls();
                for (int page = part * 300; page < (part + 1) * 300; page++) {
                    assertThat(read(reader, (long) page * PAGE, PAGE))
                        .isEqualTo(Arrays.copyOfRange(content, page * PAGE, (page + 1) * PAGE));
                }
                assertThat(from.calls(ProbeFile.Kind.READ).stream().mapToLong(ProbeFile.Call::length).max())
                    .as("the longest call at %d bytes", other.capacity()).hasValue(other.capacity() / 32);
            }
            other.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1, PageCache.MIN_CAPACITY - 1, 4L * LARGE + 1, Long.MAX_VALUE})
    @DisplayName("A capacity that the cache cannot have is refused with EINVAL")
    void badSizes(final long bytes) {
        assertErrno(Errno.EINVAL, () -> cache.resize(bytes));
        assertThat(cache.capacity()).isEqualTo(LARGE);
    }

    @Test
    @DisplayName("A closed cache is neither resized nor compacted")
    void closed() {
        final PageCache other = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT).capacity(SMALL).build();
        other.close();
        assertThatThrownBy(() -> other.resize(SMALL)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(other::compact).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName("The largest capacity is refused outside its range, and never less than the capacity")
    void maxCapacity() {
        final PageCacheBuilder builder = PageCache.builder(WritePolicies.MULTI_PAGE, ReplacementPolicies.DEFAULT);
        assertThatThrownBy(() -> builder.maxCapacity(SMALL - 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxCapacity(PageCache.MAX_CAPACITY + 1)).isInstanceOf(IllegalArgumentException.class);
        try (PageCache other = builder.capacity(LARGE).maxCapacity(SMALL).build()) {
            assertThat(other.maxCapacity()).isEqualTo(LARGE);
        }
    }

    @Test
    @DisplayName("G11: compaction gathers free frames into whole blocks and loses no page")
    void compaction() throws Exception {
        final byte[] content = cached(2000);
        // Every eighth page stays.
        for (int index = 0; index < 2000; index += 8) {
            file.punch((index + 1L) * PAGE, 7L * PAGE);
            Arrays.fill(content, (index + 1) * PAGE, Math.min(2000, index + 8) * PAGE, (byte) 0);
        }
        final long pages = counter(CacheCounter.PAGES);
        assertThat(cache.allocator.allocate(9)).isEqualTo(-1);
        final int gathered = cache.compact();
        assertThat(gathered).isEqualTo(3);
        assertThat(counter(CacheCounter.PAGES)).isEqualTo(pages);
        cache.verify();
        for (int i = 0; i < gathered; i++) {
            final int block = cache.allocator.allocate(9);
            assertThat(block).isNotNegative();
            cache.allocator.free(block, 9);
        }
        assertContent(content);
    }

    @Test
    @DisplayName("G11: a page in use keeps its block from being emptied, and no other")
    void compactionLeavesBusyBlocks() throws Exception {
        cached(2000);
        for (int index = 0; index < 2000; index += 8) {
            file.punch((index + 1L) * PAGE, 7L * PAGE);
        }
        final int frame = mapping().getPage(indexInFrame(0, 512));
        assertThat(cache.compact()).isEqualTo(3);
        assertThat(frame).isLessThan(512);
        assertThat(cache.descriptors.mapping(frame)).isEqualTo(mapping().id);
        cache.release(frame);
    }

    private Mapping mapping() {
        return cache.mappings.values().iterator().next();
    }

    private int indexInFrame(final int first) {
        return indexInFrame(first, first + 1);
    }

    /** The lowest index whose page is in one of some frames. */
    private int indexInFrame(final int first, final int end) {
        final Mapping mapping = mapping();
        for (int index = 0; index < 2000; index++) {
            final int frame = mapping.getPage(index);
            if (frame >= 0) {
                cache.release(frame);
            }
            if (frame >= first && frame < end) {
                return index;
            }
        }
        throw new AssertionError("no page in frames " + first + " to " + end);
    }
}
