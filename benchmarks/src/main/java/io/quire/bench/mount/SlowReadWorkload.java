package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A file that nobody has read yet, twice from one end to the other. The kernel's pages are dropped before each, so the second read, too, asks
 * the server.
 */
final class SlowReadWorkload implements Workload {
    private static final int BLOCK = 128 << 10;

    @Override
    public List<Row> rows() {
        return List.of(new Row("first read", Row.Unit.MIB_PER_SECOND, BLOCK), new Row("second read", Row.Unit.MIB_PER_SECOND, BLOCK));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("fio");
    }

    @Override
    public void prepare(final Target target, final Bench bench) {
        // Files are made for each repetition, so that they are new.
    }

    @Override
    public List<Double> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final String name = "slow-" + repetition;
        final Path file = target.directory().resolve(name);
        FioWorkload.make(target.backing().resolve(name), bench.scale().slowBytes());
        try {
            return List.of(read(bench, regime, file), read(bench, regime, file));
        } finally {
            target.remove(name);
        }
    }

    private static double read(final Bench bench, final Regime regime, final Path file) throws IOException, InterruptedException {
        return FioOutput.nanosPerOperation(bench.client(regime).add("fio", "--name=row", "--thread", "--output-format=json",
            FioWorkload.CLOCK, "--allow_file_create=0", "--ioengine=psync", "--rw=read", "--bs=" + BLOCK, "--size=" + bench.scale().slowBytes(),
            "--filename=" + file).succeed().output());
    }
}
