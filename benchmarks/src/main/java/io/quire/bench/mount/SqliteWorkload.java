package io.quire.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** SQLite's own program committing one small transaction after the other, with its rollback journal and its flushes. */
final class SqliteWorkload implements Workload {
    private static final String SCRIPT = "transactions.sql";

    @Override
    public List<Row> rows() {
        return List.of(Row.ofFiles("SQLite transaction"));
    }

    @Override
    public Optional<String> program() {
        return Optional.of("sqlite3");
    }

    @Override
    public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
        return 0.1 + scale.transactions() * (kind == Place.Kind.DISK ? 2.5e-3 : 0.7e-3);
    }

    @Override
    public void prepare(final Target target, final Bench bench) throws IOException {
        final Path script = bench.shared().resolve(SCRIPT);
        if (Files.exists(script)) {
            return;
        }
        final StringBuilder text = new StringBuilder(".bail on\nCREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB);\n");
        for (int i = 0; i < bench.scale().transactions(); i++) {
            text.append("BEGIN; INSERT INTO t VALUES(").append(i).append(",'row ").append(i).append("',zeroblob(500)); ")
                .append("UPDATE t SET a=a||'!' WHERE id=").append(i / 2).append("; COMMIT;\n");
        }
        Files.writeString(script, text);
    }

    @Override
    public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
        throws IOException, InterruptedException {
        final String name = "database-" + repetition;
        try {
            final Command.Result result = bench.client(regime).add("sqlite3", target.directory().resolve(name).toString())
                .input(bench.shared().resolve(SCRIPT)).succeed();
            if (!result.error().isBlank()) {
                throw new IOException("sqlite3: " + result.reason());
            }
            return List.of(Sample.of((double) result.nanos() / bench.scale().transactions()));
        } finally {
            target.remove(name);
        }
    }
}
