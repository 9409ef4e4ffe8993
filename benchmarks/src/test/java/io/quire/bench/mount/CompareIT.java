package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.quire.bench.report.Json;

/** The whole way on real mounts, with sizes that say nothing about speed. Peers take part where they are installed. */
@Timeout(300)
class CompareIT {
    private static final int SIGTERM_STATUS = 143;

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
            new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, FioWorkload.psync("write", 64 << 10)),
            new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, new FilesWorkload(1)),
            new Plan.Step(Place.Kind.TMPFS, Regime.FREE, Plan.Audience.PEERS, FioWorkload.mapped("randwrite", 4 << 10)),
            new Plan.Step(Place.Kind.SLOW, Regime.FREE, Plan.Audience.PEERS, new SlowReadWorkload("read")));
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
        assertThat(leftovers(Command.NAME)).isEmpty();
        assertThat(ProcessHandle.current().descendants().count()).isEqualTo(children);
    }

    @Test
    @DisplayName("P6: a server that hangs is cut off, its row says so, and it is mounted again for the next")
    void hangs() throws Exception {
        requireMounts("taskset", "bindfs");
        final Options options = Options.parse("--servers", "bindfs,bare", "--output", output.toString());
        final Plan.Step list = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, new FilesWorkload(1));
        final Plan.Step stopped = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, new SignalledServer("stopped", "STOP"));
        assertThat(new Compare(options, Scale.tiny(), List.of(stopped, list)).run()).isZero();
        assertThat(output.resolve("compare-part.md")).content().contains("| stopped, ms | hung | ")
            .contains("tmpfs, one core, stopped, bindfs: hung: ls: no end after 2 s").containsPattern("\\| unlink, us \\| \\*\\*[0-9]");
        assertThat(leftovers(Command.NAME)).isEmpty();
    }

    @Test
    @DisplayName("P6: a server that is killed while it is measured costs its row, and is mounted again for the next")
    void killed() throws Exception {
        requireMounts("taskset", "bindfs");
        final Options options = Options.parse("--servers", "bindfs,bare", "--output", output.toString());
        final Plan.Step list = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, new FilesWorkload(1));
        final Plan.Step killed = new Plan.Step(Place.Kind.TMPFS, Regime.ONE_CORE, Plan.Audience.PEERS, new SignalledServer("killed", "KILL"));
        assertThat(new Compare(options, Scale.tiny(), List.of(killed, list)).run()).isZero();
        assertThat(output.resolve("compare-part.md")).content().contains("| killed, ms | failed | ")
            .containsPattern("killed, bindfs: ls: .*; the server ended").containsPattern("\\| unlink, us \\| \\*\\*[0-9]");
        assertThat(leftovers(Command.NAME)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"mounting and warming up", "write 4 KiB random", "stat"})
    @DisplayName("P7: a run that is ended by a signal cleans up wherever it is, and leaves what it measured under another name")
    void ended(final String moment) throws Exception {
        requireMounts("fio", "taskset", "bindfs");
        final Path good = Files.writeString(output.resolve("compare-quick-part.md"), "a good run");
        final Process run = start("--quick", "--servers", "bindfs,bare", "--rows", "tmpfs, one core, (write 4 KiB random$|stat)", "--output",
            output.toString());
        final List<String> said = new ArrayList<>();
        try (BufferedReader lines = run.errorReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.add(line);
                if (line.contains(moment)) {
                    assertThat(Command.of("kill", "-TERM", Long.toString(run.pid())).run().status()).isZero();
                }
            }
        } finally {
            Command.kill(run);
        }
        assertThat(said).anyMatch(line -> line.contains("interrupted, and nothing is left behind"));
        assertThat(run.exitValue()).isEqualTo(SIGTERM_STATUS);
        assertThat(leftovers("quire-compare-" + run.pid() + "-")).isEmpty();
        assertThat(good).content().isEqualTo("a good run");
        if ("stat".equals(moment)) {
            assertThat(output.resolve("compare-quick-part-unfinished.md")).content().contains("Unfinished", "| write 4 KiB random, us | ");
        }
    }

    @Test
    @DisplayName("P7: what a killed run left, mounts, servers and files, goes with the next run, which says so")
    void leftBehind() throws Exception {
        requireMounts("fio", "taskset", "bindfs");
        final String[] few = {"--quick", "--servers", "bindfs,bare", "--rows", "tmpfs, one core, stat", "--output", output.toString()};
        final Process killed = start(few);
        final String name = "quire-compare-" + killed.pid() + "-";
        try (BufferedReader lines = killed.errorReader()) {
            String line = lines.readLine();
            while (line != null && !line.contains("one core, stat")) {
                line = lines.readLine();
            }
        }
        final List<ProcessHandle> servers = killed.descendants().toList();
        killed.destroyForcibly().waitFor();
        assertThat(leftovers(name)).anyMatch(path -> path.endsWith("/mnt/bindfs"));
        final Process next = start(few);
        final List<String> said = next.errorReader().readAllLines();
        assertThat(next.waitFor()).as("%s", said).isZero();
        assertThat(said).anyMatch(line -> line.startsWith("compare: removed what a run left that was killed: "));
        assertThat(leftovers(name)).isEmpty();
        assertThat(servers).isNotEmpty().noneMatch(ProcessHandle::isAlive);
    }

    @Test
    @DisplayName("a whole run refuses to measure another run and be measured by it; a part says so")
    void twoAtOnce() throws Exception {
        requireMounts("taskset", "bindfs");
        final String[] part = {"--quick", "--servers", "bindfs,bare", "--rows", "tmpfs, one core, stat", "--output", output.toString()};
        final Process first = start(part);
        try (BufferedReader lines = first.errorReader()) {
            assertThat(lines.readLine()).as("the plan, after its directory is made").contains("groups of rows");
            assertThat(refusal("--quick", "--output", output.toString()))
                .isEqualTo("compare: another comparison is running, process " + first.pid() + "; wait for it, or end it");
            assertThat(first.isAlive()).isTrue();
            lines.lines().forEach(line -> { });
        }
        assertThat(first.waitFor()).isZero();
        assertThat(leftovers("quire-compare-" + first.pid() + "-")).isEmpty();
    }

    @Test
    @DisplayName("P5: without anything that could be measured the run says so in one line and writes nothing")
    void nothing() throws Exception {
        requireMounts("taskset");
        final Process run = start("--quick", "--servers", "passthrough", "--rows", "tmpfs, one core, stat", "--output", output.toString());
        final List<String> said = run.errorReader().readAllLines();
        assertThat(run.waitFor()).isEqualTo(1);
        assertThat(said).anyMatch(line -> line.contains("passthrough_ll is missing: cannot be compiled: libfuse3-dev's example"))
            .last().asString().isEqualTo("compare: nothing was measured, and nothing is written");
        assertThat(output).isEmptyDirectory();
        assertThat(leftovers("quire-compare-" + run.pid() + "-")).isEmpty();
    }

    @Test
    @DisplayName("what makes a run impossible is said in one line before anything is mounted")
    void impossible() throws Exception {
        final Path file = Files.writeString(output.resolve("file"), "");
        assertThat(refusal("--rows", "no such row")).isEqualTo("compare: no row matches no such row; --list shows them");
        assertThat(refusal("--servers", "quire,nosuchfs")).isEqualTo("compare: no server is called nosuchfs; --list shows them");
        assertThat(refusal("--transports", "carrier-pigeon")).contains("--transports carrier-pigeon: there is only jnr");
        assertThat(refusal("--faster")).contains("there is no option --faster");
        if (Files.exists(Path.of("/dev/fuse"))) {
            assertThat(refusal("--servers", "bare", "--output", file.resolve("below").toString())).contains("results cannot be written to");
        }
    }

    @Test
    @DisplayName("P5: too little space is seen before, and said with what there is and what is needed")
    void space() throws Exception {
        final Scale large = new Scale(5, 1L << 50, 1, 1, 1, 1, 1, 1L << 50, 1, 1, 1, 0, 60);
        for (final Place.Kind kind : Place.Kind.values()) {
            final Optional<Place> place = Place.find(kind);
            if (place.isPresent()) {
                assertThat(place.get().lack(List.of(new BareDirectory()), large)).get().asString()
                    .matches("too little space in .*, \\d+ MiB where \\d+ MiB are needed; .*");
                assertThat(place.get().lack(List.of(new BareDirectory()), Scale.tiny())).isEmpty();
            }
        }
    }

    /** The program itself, with peers that cannot be compiled. */
    private static Process start(final String... arguments) throws IOException {
        final List<String> words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:-UsePerfData", "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"), "-Dquire.examples=/nonexistent", "-cp",
            System.getProperty("java.class.path"), Compare.class.getName()));
        words.addAll(List.of(arguments));
        return new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    /** The only line that a run says which fails at once. */
    private static String refusal(final String... arguments) throws IOException, InterruptedException {
        final Process run = start(arguments);
        final List<String> said = run.errorReader().readAllLines();
        assertThat(run.waitFor()).as("%s", said).isPositive();
        assertThat(said).hasSize(1);
        return said.getFirst();
    }

    /** Without /dev/fuse nothing can be mounted; the programs are installed by scripts/test, so one that is missing is an error. */
    private static void requireMounts(final String... programs) {
        assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "nothing can be mounted here: /dev/fuse is missing or closed");
        assertThat(programs).as("programs that scripts/test installs").allMatch(Programs::has);
    }

    /**
     * Stops the server's process, as a debugger would, or kills it, and then asks it.
     *
     * @param title  of the row
     * @param signal that is sent
     */
    private record SignalledServer(String title, String signal) implements Workload {
        @Override
        public List<Row> rows() {
            return List.of(Row.ofProgram(title));
        }

        @Override
        public Optional<String> program() {
            return Optional.empty();
        }

        @Override
        public double seconds(final Scale scale, final Place.Kind kind, final Regime regime) {
            return 2;
        }

        @Override
        public void prepare(final Target target, final Bench bench) throws IOException, InterruptedException {
            if (target.mounted().pid().isPresent()) {
                Command.of("kill", "-" + signal, Long.toString(target.mounted().pid().getAsLong())).succeed();
            }
        }

        @Override
        public List<Sample> run(final Target target, final Bench bench, final Regime regime, final int repetition)
            throws IOException, InterruptedException {
            final int seconds = target.mounted().pid().isPresent() ? 2 : 60;
            return List.of(Sample.of(Command.of("ls", target.directory().toString()).seconds(seconds).succeed().nanos()));
        }
    }

    private static List<String> leftovers(final String beginning) throws IOException {
        try (Stream<Path> shared = Files.list(Path.of("/dev/shm"));
            Stream<Path> temporary = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return Stream.concat(Stream.concat(shared, temporary).map(Path::toString).filter(path -> path.contains(beginning)),
                MountInfo.all().stream().map(MountInfo::point).filter(point -> point.contains(beginning))).sorted().toList();
        }
    }
}
