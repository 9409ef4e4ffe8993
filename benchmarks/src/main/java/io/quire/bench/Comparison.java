package io.quire.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A measurement beside its peers. The ratio is how fast it is when the fastest peer is 1.
 *
 * @param title     what a row of the table is called
 * @param subject   what is judged
 * @param peers     what it is judged by, in the same run
 * @param target    the least ratio that will do, 0 when none is set
 * @param noGarbage whether it may not allocate on the heap
 */
record Comparison(String title, Measurement subject, List<Measurement> peers, double target, boolean noGarbage) {
    /** All comparisons, in the order of the table. */
    static List<Comparison> all() {
        final Measurement hit8 = Measurement.of("HitBenchmark.bytes8");
        final Measurement hit4k = Measurement.of("HitBenchmark.kib4");
        final Measurement hit64k = Measurement.of("HitBenchmark.kib64");
        final Measurement write = Measurement.of("WriteBenchmark.kib64");
        final Measurement copy4k = Measurement.of("CopyBenchmark.kib4");
        final Measurement copy64k = Measurement.of("CopyBenchmark.kib64");
        final List<Measurement> mapped =
            List.of(Measurement.of("MappedBenchmark.buffer8"), Measurement.of("MappedBenchmark.segment8"));
        final List<Comparison> all = new ArrayList<>();
        all.add(new Comparison("hit of 8 bytes / mapped file", hit8, mapped, 0.4, true));
        all.add(new Comparison("hit of 8 bytes, huge pages / mapped file", hit8.with("hugePages", "true"), mapped, 0.4,
            true));
        all.add(new Comparison("hit of 4 KiB / plain copy", hit4k, List.of(copy4k), 0, true));
        all.add(new Comparison("hit of 64 KiB / plain copy", hit64k, List.of(copy64k), 0.8, true));
        all.add(new Comparison("hit of 64 KiB, scattered pages / plain copy", hit64k.with("layout", "scattered"),
            List.of(copy64k), 0, true));
        for (final String policy : List.of("one-page", "multi-page")) {
            all.add(new Comparison("write of 64 KiB, " + policy + " / plain copy", write.with("policy", policy),
                List.of(copy64k), 0, true));
        }
        all.add(new Comparison("fault of one page / plain copy of it", Measurement.of("FaultBenchmark.page"),
            List.of(copy4k), 0, false));
        for (final Measurement hit : List.of(hit8, hit4k, hit64k)) {
            final String size = hit == hit8 ? "8 bytes" : hit == hit4k ? "4 KiB" : "64 KiB";
            all.add(new Comparison("two threads / one, hit of " + size + ", one file", hit.threads(2), List.of(hit), 1.8,
                true));
            all.add(new Comparison("two threads / one, hit of " + size + ", two files",
                hit.with("files", "2").threads(2), List.of(hit), 1.8, true));
        }
        for (final Measurement copy : List.of(copy4k, copy64k)) {
            all.add(new Comparison("two threads / one, plain copy of " + (copy == copy4k ? "4 KiB" : "64 KiB"),
                copy.threads(2), List.of(copy), 0, true));
        }
        addRegions(all, mapped);
        return all;
    }

    private static void addRegions(final List<Comparison> all, final List<Measurement> mapped) {
        final Measurement read = Measurement.of("RegionBenchmark.read8");
        all.add(new Comparison("region read of 8 bytes / mapped file", read, mapped, 0.4, true));
        all.add(new Comparison("region read of 8 bytes by address / mapped file",
            Measurement.of("RegionBenchmark.address8"), mapped, 0, true));
        final Measurement touch = Measurement.of("FaultAroundBenchmark.touch");
        all.add(new Comparison("page mapped by fault-around / by a fault of its own", touch,
            List.of(touch.with("faultAround", "4096")), 3, false));
        final Measurement fill = Measurement.of("SequentialFillBenchmark.mib");
        all.add(new Comparison("sequential fill of 1 MiB, compound pages / single pages", fill,
            List.of(fill.with("largePages", "false")), 1.3, false));
        final Measurement find = Measurement.of("RegionTableBenchmark.find");
        all.add(new Comparison("two threads / one, finding a region while another maps and unmaps", find.threads(2),
            List.of(find), 1.8, true));
    }
}
