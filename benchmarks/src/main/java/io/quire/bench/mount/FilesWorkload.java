package io.quire.bench.mount;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Many small files in one directory. Those that are looked at and listed exist before, and the kernel has forgotten them. */
final class FilesWorkload implements Workload {
    /** For all five operations, with what is made ready. */
    private static final double SECONDS_PER_FILE = 150e-6;
    private static final double SECONDS_PER_FILE_FREE = 360e-6;

    private final int part;

    /**
     * @param part which part of the files: 5 for a fifth
     */
    FilesWorkload(final int part) {
        this.part = part;
    }

    private int count(final Scale scale) {
        return Math.max(1, scale.files() / part);
    }

    private String known() {
        return "known-" + part;
    }

    @Override
    public List<Row> rows() {
        return List.of(Row.ofFiles("stat"), Row.ofFiles("list"), Row.ofFiles("create"), Row.ofFiles("rename"), Row.ofFiles("unlink"));
    }

    @Override
    public Optional<String> program() {
        return Optional.empty();
    }

    @Override
    public boolean manyFiles() {
        return true;
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return count(scale) * (regime == Regime.FREE ? SECONDS_PER_FILE_FREE : SECONDS_PER_FILE) * (kind == Place.Kind.DISK ? 1.3 : 1);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        target.remove(known());
        bench.client().make(target.backing().resolve(known()), target.files(count(bench.scale())), bench.limitSeconds());
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        target.forget(known());
        try {
            return bench.client().files(target.directory().resolve(known()), target.directory().resolve("files-" + repetition),
                target.files(count(bench.scale())), regime, bench.limitSeconds()).stream().map(Sample::of).toList();
        } finally {
            target.used(known());
        }
    }
}
