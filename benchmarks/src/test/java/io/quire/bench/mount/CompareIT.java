package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.quire.bench.report.Json;

/** The whole way on real mounts, with sizes that say nothing about speed. Peers take part where they are installed. */
@Timeout(240)
class CompareIT {
    @TempDir
    private Path output;

    @Test
    @DisplayName("P1, P7: a run over a few rows measures every server, writes table, chart and JSON, and leaves no mount, file or process")
    void smoke() throws Exception {
        requireMounts("fio", "taskset");
        assertThat(Path.of(System.getenv().getOrDefault("QUIRE_JAR", ""))).as("the frontend's jar, built before").exists();
        final long children = ProcessHandle.current().descendants().count();
        final Options options = Options.parse("--servers", "quire-multi-page,passthrough,bare", "--output", output.toString());
        final List<Plan.Step> plan = List.of(
            new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, FioWorkload.psync("write", 64 << 10)),
            new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, new FilesWorkload()),
            new Plan.Step(Place.Kind.TMPFS, Regime.FREE, FioWorkload.mapped("randwrite", 4 << 10)),
            new Plan.Step(Place.Kind.SLOW, Regime.FREE, new SlowReadWorkload()));
        assertThat(new Compare(options, Scale.tiny(), plan).run()).isZero();

        final Map<?, ?> json = (Map<?, ?>) Json.parse(Files.readString(output.resolve("compare-part.json")));
        final Map<?, ?> missing = (Map<?, ?>) json.get("missing");
        final List<?> rows = (List<?>) json.get("rows");
        assertThat(missing.containsKey("quire-multi-page")).as("missing: %s", missing).isFalse();
        assertThat(rows).hasSizeGreaterThanOrEqualTo(7);
        for (final Object row : rows) {
            final Map<?, ?> servers = (Map<?, ?>) ((Map<?, ?>) row).get("servers");
            for (final String server : List.of("quire-multi-page", "passthrough_ll", "passthrough_fh", "bare")) {
                if (!missing.containsKey(server)) {
                    assertThat((List<?>) ((Map<?, ?>) servers.get(server)).get("nanos")).as("%s in %s", server, row).hasSize(3);
                }
            }
        }
        assertThat(output.resolve("compare-part.md")).content().contains("write 64 KiB sequential").doesNotContain("/dev/shm", "/tmp/");
        assertThat(leftovers()).isEmpty();
        assertThat(ProcessHandle.current().descendants().count()).isEqualTo(children);
    }

    @Test
    @DisplayName("P6: a server that hangs is cut off, its row says so, and it is mounted again for the next")
    void hangs() throws Exception {
        requireMounts("taskset", "bindfs");
        final Options options = Options.parse("--servers", "bindfs,bare", "--output", output.toString());
        final Plan.Step list = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, new FilesWorkload());
        final Plan.Step stopped = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, new StoppedServer());
        assertThat(new Compare(options, Scale.tiny(), List.of(stopped, list)).run()).isZero();
        assertThat(output.resolve("compare-part.md")).content().contains("| stopped, ms | hung | ")
            .contains("tmpfs, one core, stopped, bindfs: hung: ls: no end after 2 s").containsPattern("\\| unlink, us \\| [0-9]");
        assertThat(leftovers()).isEmpty();
    }

    /** Without /dev/fuse nothing can be mounted; the programs are installed by scripts/test, so one that is missing is an error. */
    private static void requireMounts(final String... programs) {
        assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "nothing can be mounted here: /dev/fuse is missing or closed");
        assertThat(programs).as("programs that scripts/test installs").allMatch(Programs::has);
    }

    /** Stops the server's process, as a debugger would, and then asks it. */
    private static final class StoppedServer implements Workload {
        @Override
        public List<Row> rows() {
            return List.of(Row.ofProgram("stopped"));
        }

        @Override
        public Optional<String> program() {
            return Optional.empty();
        }

        @Override
        public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
            if (target.mounted().pid().isPresent()) {
                Command.of("kill", "-STOP", Long.toString(target.mounted().pid().getAsLong())).succeed();
            }
        }

        @Override
        public List<Double> run(final Target target, final Bench bench, final Regime regime, final int repetition)
            throws IOException, InterruptedException {
            final int seconds = target.mounted().pid().isPresent() ? 2 : 60;
            return List.of((double) Command.of("ls", target.directory().toString()).seconds(seconds).succeed().nanos());
        }
    }

    private static List<String> leftovers() throws IOException {
        try (Stream<Path> shared = Files.list(Path.of("/dev/shm"));
            Stream<Path> temporary = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return Stream.concat(Stream.concat(shared, temporary).map(Path::toString).filter(path -> path.contains(Command.NAME)),
                MountInfo.all().stream().map(MountInfo::point).filter(point -> point.contains(Command.NAME))).sorted().toList();
        }
    }
}
