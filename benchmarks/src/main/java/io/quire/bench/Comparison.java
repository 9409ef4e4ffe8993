package io.quire.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.write.WritePolicies;

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
    /** Everything that it needs, in the order in which it is measured. */
    List<Measurement> measurements() {
        return Stream.concat(Stream.of(subject), peers.stream()).toList();
    }

    /** The same with fewer peers. */
    Comparison withPeers(final List<Measurement> fewer) {
        return new Comparison(title, subject, fewer, target, noGarbage);
    }

    /** All comparisons, in the order of the table. */
    static List<Comparison> all() {
        final Measurement hit8 = Measurement.of("HitBenchmark.bytes8");
        final Measurement value8 = Measurement.of("HitBenchmark.value8");
        final Measurement hit4k = Measurement.of("HitBenchmark.kib4");
        final Measurement hit64k = Measurement.of("HitBenchmark.kib64");
        final Measurement copy4k = Measurement.of("CopyBenchmark.kib4");
        final Measurement copy64k = Measurement.of("CopyBenchmark.kib64");
        final List<Measurement> mapped =
            List.of(Measurement.of("MappedBenchmark.buffer8"), Measurement.of("MappedBenchmark.segment8"));
        final List<Comparison> all = new ArrayList<>();
        all.add(new Comparison("hit of 8 bytes / Caffeine over a slab", hit8, kinds("CaffeineBenchmark.bytes8", "housekeeping",
            "pool", "caller"), 4, true));
        all.add(new Comparison("hit of 8 bytes as a value / mapped file", value8,
            List.of(Measurement.of("MappedBenchmark.bufferValue8"), Measurement.of("MappedBenchmark.segmentValue8")), 0.5, true));
        all.add(new Comparison("hit of 8 bytes, copied / mapped file", hit8, mapped, 0.5, true));
        all.add(new Comparison("hit of 8 bytes, small pages / mapped file", hit8.with("hugePages", "false"), mapped, 0, true));
        all.add(new Comparison("hit of 8 bytes / Chronicle's store", hit8, kinds("ChronicleBenchmark.bytes8", "kind", "memory",
            "mapped"), 0, true));
        all.add(new Comparison("hit of 8 bytes / Ehcache's off-heap store", hit8, List.of(Measurement.of("EhcacheBenchmark.bytes8")),
            0, true));
        all.add(new Comparison("hit of 8 bytes / FileChannel read", hit8, channel("bytes8", "memory"), 0, true));
        all.add(new Comparison("hit of 4 KiB / copy out of a mapped file", hit4k, List.of(Measurement.of("MappedBenchmark.kib4")),
            0.85, true));
        all.add(new Comparison("hit of 4 KiB / FileChannel read", hit4k, channel("kib4", "memory", "disk"), 2.3, true));
        all.add(new Comparison("hit of 4 KiB / plain copy", hit4k, List.of(copy4k), 0, true));
        all.add(new Comparison("hit of 4 KiB / Caffeine over a slab", hit4k, kinds("CaffeineBenchmark.kib4", "housekeeping",
            "pool", "caller"), 0, true));
        all.add(new Comparison("hit of 4 KiB / Chronicle's store", hit4k, kinds("ChronicleBenchmark.kib4", "kind", "memory"), 0,
            true));
        all.add(new Comparison("hit of 4 KiB / Ehcache's off-heap store", hit4k, List.of(Measurement.of("EhcacheBenchmark.kib4")), 0,
            true));
        all.add(new Comparison("hit of 64 KiB / plain copy", hit64k, List.of(copy64k), 0.9, true));
        all.add(new Comparison("hit of 64 KiB, scattered pages / plain copy", hit64k.with("layout", "scattered"), List.of(copy64k),
            0, true));
        all.add(new Comparison("hit of 64 KiB / FileChannel read", hit64k, channel("kib64", "memory"), 0, true));
        all.add(new Comparison("hit of 64 KiB / copy out of a mapped file", hit64k, List.of(Measurement.of("MappedBenchmark.kib64")),
            0, true));
        all.add(new Comparison("hit of 64 KiB / Chronicle's store", hit64k, kinds("ChronicleBenchmark.kib64", "kind", "memory"), 0,
            true));
        all.add(new Comparison("hit of 64 KiB / Ehcache's off-heap store", hit64k, List.of(Measurement.of("EhcacheBenchmark.kib64")),
            0, true));
        all.add(new Comparison("hit of 64 KiB / Caffeine over a slab", hit64k, kinds("CaffeineBenchmark.kib64", "housekeeping",
            "caller"), 0, true));
        final Measurement write = Measurement.of("WriteBenchmark.kib64");
        for (final WritePolicy policy : WritePolicies.all()) {
            all.add(new Comparison("write of 64 KiB, " + policy.name() + " / plain copy", write.with("policy", policy.name()),
                List.of(copy64k), policy == WritePolicies.MULTI_PAGE ? 0.75 : 0, true));
        }
        all.add(new Comparison("write of 64 KiB, multi-page / FileChannel write", write.with("policy", "multi-page"),
            channel("write64", "memory"), 0, true));
        all.add(new Comparison("fault of one page / plain copy of it", Measurement.of("FaultBenchmark.page"),
            List.of(copy4k), 0, false));
        addThreads(all, List.of(value8, hit8, hit4k, hit64k), List.of("8 bytes as a value", "8 bytes", "4 KiB", "64 KiB"));
        for (final Measurement copy : List.of(copy4k, copy64k)) {
            all.add(new Comparison("two threads / one, plain copy of " + (copy == copy4k ? "4 KiB" : "64 KiB"),
                copy.threads(2), List.of(copy), 0, true));
        }
        addRegions(all, mapped);
        return all;
    }

    private static void addThreads(final List<Comparison> all, final List<Measurement> hits, final List<String> sizes) {
        for (int i = 0; i < hits.size(); i++) {
            final Measurement hit = hits.get(i);
            all.add(new Comparison("two threads / one, hit of " + sizes.get(i) + ", one file", hit.threads(2), List.of(hit), 1.9,
                true));
            all.add(new Comparison("two threads / one, hit of " + sizes.get(i) + ", two files",
                hit.with("files", "2").threads(2), List.of(hit), 1.9, true));
        }
    }

    /** One benchmark by several values of a parameter, of which the fastest counts. */
    private static List<Measurement> kinds(final String benchmark, final String parameter, final String... values) {
        return Arrays.stream(values).map(value -> Measurement.of(benchmark).with(parameter, value)).toList();
    }

    private static List<Measurement> channel(final String method, final String... places) {
        return kinds("FileChannelBenchmark." + method, "place", places);
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
