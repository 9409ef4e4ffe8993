package io.quire.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import io.quire.engine.cache.WritePolicy;
import io.quire.engine.write.WritePolicies;

/** The matrix and the curves. A quick run has a part of each. */
final class Sweeps {
    private static final List<Integer> SIZES = List.of(4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20);
    private static final List<String> POLICIES = WritePolicies.all().stream().map(WritePolicy::name).toList();
    private static final Measurement READ = Measurement.of("RequestBenchmark.read");
    private static final Measurement WRITE = Measurement.of("RequestBenchmark.write");

    private final boolean quick;
    private final List<Sweep> sweeps = new ArrayList<>();

    private Sweeps(final boolean quick) {
        this.quick = quick;
    }

    static List<Sweep> all(final boolean quick) {
        final Sweeps all = new Sweeps(quick);
        all.writes();
        all.storeCost();
        all.tree();
        all.reads();
        all.threads();
        all.pressure();
        all.truncate();
        return all.sweeps;
    }

    private void writes() {
        bySize("write-policies", "Writes at random to cached pages, to a store in memory", true, policies(WRITE));
        final List<String> orders = List.of("random", "sequential");
        for (final String temperature : List.of("cached", "cold")) {
            for (final boolean aligned : new boolean[] {true, false}) {
                for (final String order : orders) {
                    final boolean first = "cached".equals(temperature) && aligned && "random".equals(order);
                    final boolean worst = "cold".equals(temperature) && !aligned && "random".equals(order);
                    if (!first && (!quick || worst)) {
                        bySize("write-" + temperature + (aligned ? "-aligned-" : "-unaligned-") + order, "Writes, "
                            + (aligned ? "aligned" : "unaligned") + ", " + order + ", " + temperature + ", to a store in memory", false,
                            policies(WRITE.with("temperature", temperature).with("aligned", String.valueOf(aligned))
                                .with("order", order)));
                    }
                }
            }
        }
        if (quick) {
            bySize("write-stores", "Writes at random to cached pages, by store", false, List.of("memory", "tmpfs", "disk").stream()
                .map(store -> line(store, "stores", WRITE.with("store", store))).toList());
        } else {
            for (final String store : List.of("tmpfs", "disk")) {
                bySize("write-" + store, "Writes at random to cached pages, to a directory on " + store, false,
                    policies(WRITE.with("store", store)));
            }
        }
    }

    private void storeCost() {
        final List<Integer> micros = List.of(0, 1, 5, 20, 100);
        final Measurement write = WRITE.with("store", "cost").with("size", "65536");
        final List<Sweep.Line> lines = new ArrayList<>();
        for (final String policy : POLICIES) {
            lines.add(new Sweep.Line(policy, "cost " + policy, micros.stream().map(cost -> write.with("policy", policy)
                .with("callNanos", String.valueOf(cost * 1000))).toList()));
        }
        for (final String policy : List.of("one-page", "multi-page")) {
            if (!quick) {
                lines.add(new Sweep.Line(policy + ", and 1 us for a page", "cost " + policy, micros.stream().map(cost ->
                    write.with("policy", policy).with("callNanos", String.valueOf(cost * 1000)).with("pageNanos", "1000")).toList()));
            }
        }
        add("store-cost", "Writes of 64 KiB at random to cached pages, by what a call of the store costs", "microseconds of a call", micros,
            micros.stream().map(cost -> cost + " us").toList(), lines, Sweep.Unit.mebibytes, true);
    }

    private void reads() {
        final List<Sweep.Line> lines = new ArrayList<>();
        for (final String temperature : List.of("cached", "cold")) {
            for (final boolean aligned : new boolean[] {true, false}) {
                for (final String order : List.of("random", "sequential")) {
                    if (aligned || !quick) {
                        lines.add(line(temperature + ", " + order + (aligned ? "" : ", unaligned"), "reads",
                            READ.with("temperature", temperature).with("aligned", String.valueOf(aligned)).with("order", order)));
                    }
                }
            }
        }
        bySize("reads", "Reads, from a store in memory", false, lines);
        if (!quick) {
            final List<Sweep.Line> stores = new ArrayList<>();
            for (final String store : List.of("tmpfs", "disk")) {
                for (final String order : List.of("random", "sequential")) {
                    stores.add(line("cold, " + order + ", " + store, "reads " + store,
                        READ.with("store", store).with("temperature", "cold").with("order", order)));
                }
            }
            bySize("reads-stores", "Cold reads, from a directory", false, stores);
        }
    }

    private void threads() {
        if (!quick) {
            for (final Measurement what : List.of(READ, WRITE)) {
                final String name = what == READ ? "reads" : "writes";
                bySize("threads-" + name, "Cached " + name + " at random by one thread and by two", false, List.of(
                    line("one thread", "threads " + name, what),
                    line("two threads, one file", "threads " + name, what.threads(2)),
                    line("two threads, two files", "threads " + name, what.threads(2).with("files", "2"))));
            }
        }
    }

    private void tree() {
        final List<Integer> pages = List.of(1000, 10_000, 100_000, 1_000_000, 10_000_000);
        final Function<Measurement, List<Measurement>> points = of -> pages.stream().map(n -> of.with("pages", String.valueOf(n))).toList();
        final Measurement lookup = Measurement.of("TreeBenchmark.lookup");
        add("tree", "Lookup in a tree, by its pages", "pages in the tree", pages, List.of("10^3", "10^4", "10^5", "10^6", "10^7"), List.of(
            new Sweep.Line("walk, random", "tree", points.apply(lookup)),
            new Sweep.Line("walk, sequential", "tree", points.apply(lookup.with("order", "sequential"))),
            new Sweep.Line("guess as a hit does, random", "tree", points.apply(Measurement.of("TreeBenchmark.guess")))),
            Sweep.Unit.nanoseconds, true);
    }

    private void pressure() {
        final List<Integer> mebibytes = List.of(4, 64, 128, 192, 256);
        final Function<Measurement, List<Measurement>> points =
            of -> mebibytes.stream().map(n -> of.with("cacheMebibytes", String.valueOf(n))).toList();
        final Measurement page = Measurement.of("FaultBenchmark.page");
        add("pressure", "Read of 4 KiB at random from a file of 256 MiB, by the size of the cache", "MiB of cache", mebibytes,
            mebibytes.stream().map(n -> n + " MiB").toList(), List.of(
                new Sweep.Line("one thread", "pressure", points.apply(page)),
                new Sweep.Line("two threads", "pressure", points.apply(page.threads(2)))), Sweep.Unit.nanoseconds, false);
    }

    private void truncate() {
        final List<Integer> pages = List.of(1, 100, 10_000);
        final List<Sweep.Line> lines = List.of(20, 30, 40).stream().map(bits -> new Sweep.Line("hole of 2^" + bits + " pages", "truncate",
            pages.stream().map(n -> Measurement.of("TruncateBenchmark.truncate").with("pages", String.valueOf(n))
                .with("holeBits", String.valueOf(bits))).toList())).toList();
        add("truncate", "Truncate of a sparse file, by the pages present", "pages present", pages,
            pages.stream().map(String::valueOf).toList(), lines, Sweep.Unit.microseconds, false);
    }

    private static List<Sweep.Line> policies(final Measurement of) {
        return POLICIES.stream().map(policy -> line(policy, "writes " + policy + of.parameters().getOrDefault("store", ""),
            of.with("policy", policy))).toList();
    }

    /** A line over the sizes of a request. */
    private static Sweep.Line line(final String name, final String jvm, final Measurement of) {
        return new Sweep.Line(name, jvm, SIZES.stream().map(size -> of.with("size", String.valueOf(size))).toList());
    }

    private void bySize(final String id, final String title, final boolean chart, final List<Sweep.Line> lines) {
        add(id, title, "KiB of a request", SIZES.stream().map(size -> size >> 10).toList(),
            SIZES.stream().map(size -> (size >> 10) + " KiB").toList(), lines, Sweep.Unit.mebibytes, chart);
    }

    private void add(final String id, final String title, final String x, final List<Integer> values, final List<String> labels,
        final List<Sweep.Line> lines, final Sweep.Unit unit, final boolean chart) {
        sweeps.add(new Sweep(id, title, x, values.stream().map(Integer::doubleValue).toList(), labels, lines, unit, chart));
    }
}
