package io.quire.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheCounter;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.MemoryOverhead;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.store.StoreFile;

/**
 * What a cache uses beside its pages: descriptors, tree nodes and tables, counted, for a full cache of many pages in one file, in many files,
 * and one page in each of very many; and the same while a full cache is turned over. The heap is measured, after a collection.
 */
public final class MemoryScale {
    private static final long PAGE = PageCache.PAGE_SIZE;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final String USAGE = """
        usage: scripts/bench --memory [--quick] [--directory DIRECTORY]
          --quick       a tenth of the pages and of the files
          --directory   where memory.md goes, benchmarks/results by default

        In full it uses 5 GiB of memory: a million pages, and the files on the heap.
        """;

    private static final Place RUN = (file, page) -> page;

    private final long buffer = NativeMemory.reserve(PAGE, false);
    private final StringBuilder rows = new StringBuilder();

    /** Where the pages of a file lie. */
    @FunctionalInterface
    private interface Place {
        long index(int file, int page);
    }

    private MemoryScale() {
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     * @throws IOException when the cache fails, or the results cannot be written
     */
    public static void main(final String[] arguments) throws IOException {
        int scale = 1;
        Path directory = Path.of("benchmarks", "results");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> scale = 10;
                case "--directory" -> {
                    if (++i == arguments.length) {
                        fail("--directory needs a value");
                    }
                    directory = Path.of(arguments[i]);
                }
                case "--help", "-h" -> {
                    System.out.print(USAGE);
                    return;
                }
                default -> fail("there is no option " + arguments[i]);
            }
        }
        final String table = new MemoryScale().measure(scale);
        System.out.print(table);
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("memory.md"), table);
    }

    private static void fail(final String message) {
        System.err.println("bench: " + message);
        System.err.print(USAGE);
        System.exit(2);
    }

    private String measure(final int scale) throws IOException {
        final int million = 1_000_000 / scale;
        final Place scattered = (file, page) -> (file * 4099L + page) * GOLDEN >>> 14;
        population("%,d pages in 1 file", million, 1, million, million, RUN);
        population("%,d pages in %,d files", million, 1000 / scale, 1000, million, RUN);
        population("1 page, the first, in each of %2$,d files", million / 10, million / 10, 1, million / 10, RUN);
        population("1 page, page 5, in each of %2$,d files", million / 10, million / 10, 1, million / 10, (file, page) -> 5);
        population("1 page, anywhere, in each of %2$,d files", million / 10, million / 10, 1, million / 10, scattered);
        population("churn: 1 page, anywhere, in each of %2$,d files", million, million, 1, million / 10, scattered);
        population("churn: 10 pages in turn, anywhere, of each of %2$,d files", million, million / 10, 10, million / 20, scattered);
        population("churn: a scan of %,d pages in %,d files", million, 1000 / scale, 1000, million / 10, RUN);
        population("beside the promise: 4 pages in each of %2$,d files", million / 10, million / 40, 4, million / 10, RUN);
        population("beside the promise: %,d pages anywhere in 1 file", million / 10, 1, million / 10, million / 10,
            (file, page) -> (page * GOLDEN >>> 1) % (64L * million / 10));
        return "Memory beside the pages of a full cache, in bytes per page cached, and all of it off the heap as a part of the bytes cached; counted."
            + " Churn: the highest, looked at a hundred times. The heap is what stays reachable after a collection, for each file that is open"
            + " (mapping, tree, handle, locks; without the store's file).\n\n"
            + "| population | cached | descriptors | tree nodes | tables | off the heap | heap per file |\n|---|--:|--:|--:|--:|--:|--:|\n" + rows;
    }

    /** Fills a cache from files, one after the other or, where single pages are turned over, in turn, and notes the most that it used once it was full. */
    private void population(final String name, final int pages, final int count, final int pagesEach, final int frames, final Place place)
        throws IOException {
        System.err.printf("bench: " + name + "%n", pages, count);
        final List<CachedFile> files = new ArrayList<>(count);
        final List<StoreFile> stores = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            stores.add(new Zeros());
        }
        try (PageCache cache = Quire.cache().capacity(Math.max(PageCache.MIN_CAPACITY, frames * PAGE)).readAhead(0).build()) {
            final long before = heap();
            for (final StoreFile store : stores) {
                files.add(cache.open(store));
            }
            final boolean turns = pages > frames && place != RUN;
            final boolean churn = pages > frames;
            MemoryOverhead most = cache.overhead();
            double mostPart = 0;
            long cachedThen = 1;
            long done = 0;
            final int step = Math.max(1, pages / 100);
            for (int outer = 0; outer < (turns ? pagesEach : count); outer++) {
                for (int inner = 0; inner < (turns ? count : pagesEach); inner++) {
                    final int file = turns ? inner : outer;
                    final int page = turns ? outer : inner;
                    files.get(file).read(place.index(file, page) * PAGE, buffer, Long.BYTES);
                    done++;
                    if (done == pages || churn && done > frames && done % step == 0) {
                        final long cached = cache.counters().get(CacheCounter.PAGES);
                        final MemoryOverhead now = cache.overhead();
                        if ((double) now.total() / cached > mostPart) {
                            mostPart = (double) now.total() / cached;
                            most = now;
                            cachedThen = cached;
                        }
                    }
                }
            }
            // Of few files nothing can be seen beside what classes and compiled code come to meanwhile.
            final String perFile = count < 1000 ? "" : String.format(Locale.ROOT, "%,d", (heap() - before) / count);
            rows.append(String.format(Locale.ROOT, "| " + name + " | %3$,d | %4$.2f | %5$.2f | %6$.2f | %7$.2f %% | %8$s |%n", pages, count,
                cachedThen, (double) most.descriptors() / cachedThen, (double) most.treeNodes() / cachedThen,
                (double) most.tables() / cachedThen, mostPart / PAGE * 100, perFile));
        }
    }

    /** Bytes that are reachable, after several collections. */
    private static long heap() {
        final Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    /** A file as large as there can be, all of it a hole. */
    private static final class Zeros implements StoreFile {
        @Override
        public long read(final long offset, final IoVector target) {
            long read = 0;
            for (int i = 0; i < target.count(); i++) {
                OffHeap.zero(target.address(i), target.length(i));
                read += target.length(i);
            }
            return read;
        }

        @Override
        public long write(final long offset, final IoVector source) throws StoreException {
            throw new StoreException(Errno.EROFS, "a file of zeros is not written");
        }

        @Override
        public void truncate(final long size) throws StoreException {
            throw new StoreException(Errno.EROFS, "a file of zeros is not cut");
        }

        @Override
        public void punch(final long offset, final long length) {
        }

        @Override
        public void allocate(final long offset, final long length, final boolean keepSize) {
        }

        @Override
        public void sync(final boolean dataOnly) {
        }

        @Override
        public void attributes(final StoreAttributes target) {
            target.size = Long.MAX_VALUE;
        }

        @Override
        public void close() {
        }
    }
}
