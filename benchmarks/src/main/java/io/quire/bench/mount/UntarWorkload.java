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
    public double seconds(final Scale scale, final Place.Kind kind) {
        return scale.treeFiles(kind) * (kind == Place.Kind.DISK ? 800e-6 : 250e-6);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
        Tree.archive(bench, target.kind());
    }

    @Override
    public List<Double> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final String name = "untar-" + repetition;
        Files.createDirectory(target.backing().resolve(name));
        try {
            return List.of((double) bench.client(regime).add("tar", "-xf", Tree.archive(bench, target.kind()).toString(), "-C",
                target.directory().resolve(name).toString()).succeed().nanos());
        } finally {
            target.remove(name);
        }
    }
}
