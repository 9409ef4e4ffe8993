package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** Unpacking a tree into a new directory. */
final class UntarWorkload implements Workload {
    @Override
    public List<Row> rows() {
        return List.of(Row.ofProgram("untar"));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("tar");
    }

    @Override
    public boolean manyFiles() {
        return true;
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return scale.treeFiles(kind) * (regime == Regime.FREE ? 600e-6 : 250e-6) * (kind == Place.Kind.DISK ? 1.3 : 1);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        Tree.archive(bench, target.kind());
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final String name = "untar-" + repetition;
        Files.createDirectory(target.backing().resolve(name));
        try {
            return List.of(Sample.of(bench.client(regime).add("tar", "-xf", Tree.archive(bench, target.kind()).toString(), "-C",
                target.directory().resolve(name).toString()).succeed().nanos()));
        } finally {
            target.remove(name);
        }
    }
}
