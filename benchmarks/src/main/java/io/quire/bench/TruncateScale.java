package io.quire.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import javax.imageio.ImageIO;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

import io.quire.engine.Quire;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreException;

/**
 * How long a truncate takes, by the pages that are present and by the length of the hole: native-notes/truncate.md says
 * O(fault mutexes + pages present), so a row grows with its pages and is flat over the holes.
 *
 * <p>Pages lie at even distances over the hole, the worst case for the tree, as each has a path of its own. A round brings them
 * in, cuts the file to one page and takes the time of that call alone; the table has the median of the rounds.
 */
public final class TruncateScale {
    private static final int[] HOLE_BITS = {20, 30, 40, 51};
    private static final String USAGE = """
        usage: scripts/bench --truncate [--quick] [--capacity MIB] [--rounds N] [--directory DIRECTORY]
          --quick       up to 1000 pages present, 3 rounds
          --capacity    of the cache, 4608 by default: a million pages are 4000 of them, and up to 2000 more go to tree nodes;
                        rows with more pages than fit are left out
          --rounds      7 by default
          --directory   where truncate.md and truncate.png go, benchmarks/results by default
        """;

    private final PageCache cache;
    private final CachedFile file;
    private final long buffer = NativeMemory.reserve(PageCache.PAGE_SIZE, false);
    private final int rounds;

    private record Settings(long capacity, int mostPages, int rounds, Path directory) { }

    /** One row: nanoseconds for each hole. */
    private record Row(int pages, List<Double> nanos) { }

    private TruncateScale(final PageCache cache, final CachedFile file, final int rounds) {
        this.cache = cache;
        this.file = file;
        this.rounds = rounds;
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     * @throws IOException when the cache or the store fails, or the results cannot be written
     */
    public static void main(final String[] arguments) throws IOException {
        System.setProperty("java.awt.headless", "true");
        final Settings settings = parse(arguments);
        if (settings == null) {
            return;
        }
        final List<Row> rows = measure(settings);
        final String table = markdown(rows, settings);
        System.out.print(table);
        Files.createDirectories(settings.directory());
        Files.writeString(settings.directory().resolve("truncate.md"), table);
        chart(rows, settings.directory().resolve("truncate.png"));
    }

    private static Settings parse(final String[] arguments) {
        long mebibytes = 4608;
        int rounds = 7;
        int mostPages = 1_000_000;
        Path directory = Path.of("benchmarks", "results");
        try {
            for (int i = 0; i < arguments.length; i++) {
                switch (arguments[i]) {
                    case "--quick" -> {
                        mostPages = 1000;
                        mebibytes = Math.min(mebibytes, 64);
                        rounds = 3;
                    }
                    case "--capacity" -> mebibytes = number(arguments, ++i);
                    case "--rounds" -> rounds = (int) number(arguments, ++i);
                    case "--directory" -> directory = Path.of(value(arguments, ++i));
                    case "--help", "-h" -> {
                        System.out.print(USAGE);
                        return null;
                    }
                    default -> throw new IllegalArgumentException("there is no option " + arguments[i]);
                }
            }
        } catch (final IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
        }
        return new Settings(mebibytes << 20, mostPages, rounds, directory);
    }

    private static String value(final String[] arguments, final int i) {
        if (i == arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " needs a value");
        }
        return arguments[i];
    }

    private static long number(final String[] arguments, final int i) {
        final long number = Long.parseLong(value(arguments, i));
        if (number < 1) {
            throw new IllegalArgumentException(arguments[i - 1] + " must be 1 or more, not " + number);
        }
        return number;
    }

    private static List<Row> measure(final Settings settings) throws IOException {
        final List<Row> rows = new ArrayList<>();
        try (MemoryStore store = new MemoryStore();
            PageCache cache = Quire.cache().capacity(settings.capacity()).readAhead(0).build();
            CachedFile file = cache.open(store.open("giant", true))) {
            final TruncateScale scale = new TruncateScale(cache, file, settings.rounds());
            scale.warmUp();
            // The last frames are left alone, so that nothing is evicted: an evicted page leaves history behind, which is removed too.
            final long room = cache.capacity() / PageCache.PAGE_SIZE * 9 / 10;
            for (int pages = 1; pages <= settings.mostPages() && pages <= room; pages *= 10) {
                final List<Double> nanos = new ArrayList<>();
                for (final int bits : HOLE_BITS) {
                    System.err.printf("bench: %,d pages present in a hole of 2^%d%n", pages, bits);
                    nanos.add(scale.truncate(bits, pages));
                }
                rows.add(new Row(pages, nanos));
            }
        } catch (final StoreException e) {
            throw new IOException("a store in memory failed", e);
        }
        return rows;
    }

    private void warmUp() throws IOException {
        for (int i = 0; i < 200; i++) {
            once(40, 100);
        }
    }

    /** Nanoseconds of one truncate, the median of the rounds. */
    private double truncate(final int holeBits, final int pages) throws IOException {
        final List<Double> times = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            times.add((double) once(holeBits, pages));
        }
        return Samples.median(times);
    }

    private long once(final int holeBits, final int pages) throws IOException {
        final long hole = holeBits == 51 ? Long.MAX_VALUE : 1L << holeBits + 12;
        final long holePages = (hole >>> 12) - 1;
        file.truncate(hole);
        final long stride = holePages / pages;
        for (long i = 1; i <= pages; i++) {
            file.read(i * stride << 12, buffer, 8);
        }
        if (file.cachedPages() != pages) {
            throw new IllegalStateException(file.cachedPages() + " pages are present, not " + pages + ", in a cache of "
                + cache.capacity() + " bytes");
        }
        final long start = System.nanoTime();
        file.truncate(PageCache.PAGE_SIZE);
        return System.nanoTime() - start;
    }

    private static String markdown(final List<Row> rows, final Settings settings) {
        final StringBuilder text = new StringBuilder("Truncate to one page: time by pages present and pages of the hole. In brackets: as a"
            + " multiple of the smallest hole's. Median of " + settings.rounds() + ".\n\n| pages present |");
        for (final int bits : HOLE_BITS) {
            text.append(" hole of 2^").append(bits).append(" |");
        }
        text.append(" ns per page | x first row |\n|--:|").append("--:|".repeat(HOLE_BITS.length)).append("--:|--:|\n");
        final double least = rows.get(0).nanos().get(0);
        for (final Row row : rows) {
            text.append(String.format(Locale.ROOT, "| %,d |", row.pages()));
            final double first = row.nanos().get(0);
            for (final double nanos : row.nanos()) {
                text.append(String.format(Locale.ROOT, " %s (%.2f) |", time(nanos), nanos / first));
            }
            final double last = row.nanos().get(row.nanos().size() - 1);
            text.append(String.format(Locale.ROOT, " %.0f | %.1f |%n", last / row.pages(), last / least));
        }
        return text.toString();
    }

    private static String time(final double nanos) {
        return nanos < 1e6 ? String.format(Locale.ROOT, "%.1f us", nanos / 1e3) : String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    private static void chart(final List<Row> rows, final Path target) throws IOException {
        final XYChart chart = new XYChartBuilder().width(900).height(600)
            .title("Truncate of a sparse giant").xAxisTitle("pages present").yAxisTitle("milliseconds").build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true).setLegendPosition(LegendPosition.InsideNW);
        final double[] pages = rows.stream().mapToDouble(Row::pages).toArray();
        for (int i = 0; i < HOLE_BITS.length; i++) {
            final int hole = i;
            chart.addSeries("hole of 2^" + HOLE_BITS[i] + " pages", pages,
                rows.stream().mapToDouble(row -> row.nanos().get(hole) / 1e6).toArray());
        }
        if (!ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", target.toFile())) {
            throw new IOException("this JDK writes no PNG; the chart is not in " + target);
        }
    }
}
