package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Many small files in one directory. Those that are looked at and listed exist before, and the kernel has forgotten them. */
final class FilesWorkload implements Workload {
    private static final String KNOWN = "known";

    @Override
    public List<Row> rows() {
        return List.of(Row.ofFiles("stat"), Row.ofFiles("list"), Row.ofFiles("create"), Row.ofFiles("rename"), Row.ofFiles("unlink"));
    }

    @Override
    public Optional<String> program() {
        return Optional.empty();
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        target.remove(KNOWN);
        bench.client().make(target.backing().resolve(KNOWN), bench.scale().files(), bench.limitSeconds());
    }

    @Override
    public List<Double> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        target.forget(KNOWN);
        try {
            return bench.client().files(target.directory().resolve(KNOWN), target.directory().resolve("files-" + repetition),
                bench.scale().files(), regime, bench.limitSeconds());
        } finally {
            target.used(KNOWN);
        }
    }
}
