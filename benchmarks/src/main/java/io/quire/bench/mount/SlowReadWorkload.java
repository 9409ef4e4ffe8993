package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A file that nobody has read yet, once and again. The kernel's pages of it are dropped before the first and the second read, so the second one,
 * too, asks the server: only the server's own cache helps. A third read finds them in the kernel, as it would with every server that lets the
 * kernel keep them.
 */
final class SlowReadWorkload implements Workload {
    private static final String SEQUENTIAL = "read";
    /** Sequential reads are as large as the kernel's read-ahead, random ones a database's. */
    private static final int SEQUENTIAL_BLOCK = 128 << 10;
    private static final int RANDOM_BLOCK = 16 << 10;
    /** Each random read waits for the source, so a part of the file is enough. */
    private static final int RANDOM_PART = 16;
    private static final int PASSES = 10_000;

    private final String pattern;
    private final int block;

    /**
     * @param pattern fio's, {@code read} or {@code randread}
     */
    SlowReadWorkload(final String pattern) {
        this.pattern = pattern;
        this.block = SEQUENTIAL.equals(pattern) ? SEQUENTIAL_BLOCK : RANDOM_BLOCK;
    }

    @Override
    public List<Row> rows() {
        final String how = String.format(Locale.ROOT, " read, %d KiB %s", block >> 10, SEQUENTIAL.equals(pattern) ? "sequential" : "random");
        return List.of(Row.ofBlocks("first" + how, block), Row.ofBlocks("second" + how, block),
            Row.ofBlocks("third" + how + FioWorkload.KEPT, block));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("fio");
    }

    private long bytes(final Scale scale) {
        return SEQUENTIAL.equals(pattern) ? scale.slowBytes() : Math.max(block, scale.slowBytes() / RANDOM_PART);
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        // Without a cache the source is asked for 128 KiB each time, and by the second and third read for as long as these may take.
        return bytes(scale) / (double) block * scale.delayMicros() / 1e6
            + 3 * FioWorkload.OVERHEAD_SECONDS + 2 * scale.workMillis() / 1e3;
    }

    @Override
    public void prepare(final Target target, final Bench bench) {
        // Files are made for each repetition, so that they are new.
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final String name = "slow-" + repetition;
        final Path file = target.directory().resolve(name);
        FioWorkload.make(target.backing().resolve(name), bytes(bench.scale()));
        final String[] again = {"--loops=" + PASSES, "--runtime=" + bench.scale().workMillis() + "ms"};
        try {
            return List.of(read(bench, regime, file), read(bench, regime, file, again), read(bench, regime, file, again[0], again[1],
                "--invalidate=0"));
        } finally {
            target.remove(name);
        }
    }

    private Sample read(final Bench bench, final Regime regime, final Path file, final String... options)
        throws IOException, InterruptedException {
        return Sample.of(FioOutput.nanosPerOperation(bench.client(regime).add("fio", "--name=row", "--thread", "--output-format=json",
            FioWorkload.CLOCK, "--allow_file_create=0", "--ioengine=psync", "--rw=" + pattern, "--bs=" + block, "--size=" + bytes(bench.scale()),
            "--filename=" + file).add(options).succeed().output()));
    }
}
