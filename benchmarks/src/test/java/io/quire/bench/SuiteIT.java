package io.quire.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.quire.bench.report.Json;

/** The suite as a process. */
class SuiteIT {
    private static final String DIRECTORY_OF_STORES = "quire-bench-";

    @TempDir
    private Path directory;

    /** Without Caffeine its rows are missing, without XChart the charts; everything else is there. */
    @Test
    @Timeout(300)
    void whatIsMissingIsNamedAndTheRestIsMeasured() throws IOException, InterruptedException {
        final Path output = directory.resolve("results");
        final Process suite = start(path -> !path.contains("caffeine-") && !path.contains("xchart-"), "--quick", "--rounds", "1",
            "--output", output.toString(), "finding a region", "8 bytes / Caffeine");
        final String said = read(suite);
        assertThat(suite.waitFor()).as(said).isZero();
        assertThat(said).contains("bench: caffeine-*.jar is not on the class path").contains("bench: no charts")
            .contains("| two threads / one, finding a region while another maps and unmaps |").doesNotContain("| hit of 8 bytes");
        final Map<?, ?> json = (Map<?, ?>) Json.parse(Files.readString(output.resolve("bench-part.json")));
        assertThat((List<?>) json.get("measurements")).hasSize(2);
        assertThat(json.get("leftOut").toString()).contains("caffeine-*.jar");
        assertThat(names(output)).containsExactlyInAnyOrder("bench-part.json", "bench-part.md");
        assertThat(names(temporary())).isEmpty();
    }

    @Test
    @Timeout(300)
    void aSignalEndsItWithOneLineAndNothingIsLeft() throws IOException, InterruptedException {
        final Path output = Files.createDirectory(directory.resolve("results"));
        Files.writeString(output.resolve("bench-part.md"), "of an earlier run");
        final List<String> before = stores();
        final Process suite = start(path -> true, "--quick", "--rounds", "1", "--output", output.toString(), "write-stores");
        while (suite.isAlive() && stores().equals(before)) {
            Thread.sleep(10);
        }
        final List<ProcessHandle> children = suite.descendants().toList();
        // Process.destroy would close what is read from it.
        suite.toHandle().destroy();
        final String said = read(suite);
        assertThat(suite.waitFor()).as(said).isEqualTo(128 + 15);
        assertThat(said.lines().filter(line -> !line.contains("curves, "))).containsExactly("bench: interrupted, nothing is written");
        assertThat(children).isNotEmpty().noneMatch(ProcessHandle::isAlive);
        assertThat(stores()).isEqualTo(before);
        assertThat(output.resolve("bench-part.md")).hasContent("of an earlier run");
        assertThat(names(temporary()).stream().filter(name -> name.startsWith("quire"))).isEmpty();
    }

    @Test
    @Timeout(300)
    void whatAKilledRunLeftGoesWithTheNextWhichSaysSo() throws IOException, InterruptedException {
        final String[] arguments = {"--quick", "--rounds", "1", "--output", directory.resolve("results").toString(), "write-stores"};
        final Process killed = start(path -> true, arguments);
        final List<String> left = new ArrayList<>();
        while (killed.isAlive() && left.isEmpty()) {
            Thread.sleep(10);
            killed.children().findFirst().ifPresent(child -> left.addAll(storesOf(child)));
        }
        final List<ProcessHandle> processes = Stream.concat(killed.descendants(), Stream.of(killed.toHandle())).toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        processes.forEach(process -> process.onExit().join());
        killed.getInputStream().close();
        assertThat(left).isNotEmpty();
        assertThat(stores()).containsAll(left);
        final Process next = start(path -> true, arguments);
        final String said;
        try (BufferedReader lines = next.inputReader()) {
            said = lines.readLine();
            next.toHandle().destroy();
            assertThat(next.waitFor()).isEqualTo(128 + 15);
        }
        assertThat(said).startsWith("bench: removed what a run left that was killed: ").contains(left.getFirst());
        assertThat(stores()).doesNotContainAnyElementsOf(left);
        assertThat(names(temporary()).stream().filter(name -> name.startsWith("quire"))).isEmpty();
    }

    /** JMH's and Java's own words about wrong arguments fill a screen. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--no-such-option|bench: no-such-option is not a recognized option; see scripts/bench --jmh -h",
        "-f x|bench: Cannot parse argument 'x' of option f",
        "NoSuchBenchmark|bench: no benchmark is called NoSuchBenchmark; --jmh -l shows them; see",
        "'[' |bench: [: not a regular expression",
        "HitBenchmark -p policy|bench: Unable to parse parameter string \"policy\"; see",
        "HitBenchmark -p colour=red|bench: -p colour: these benchmarks have no such parameter, but files, hugePages, layout, policy; see",
        "HitBenchmark -p layout=neat|bench: -p layout=neat: there is only ordered, scattered; see",
        "HitBenchmark -p files=many|bench: -p files=many: not a number",
        "HitBenchmark -prof nosuch|bench: Profilers failed to initialize, exiting.: "})
    @Timeout(300)
    void wrongArgumentsOfJmhAreOneSentence(final String arguments, final String sentence) throws IOException, InterruptedException {
        final Process jmh = start(Jmh.class, path -> true, arguments.strip().split(" "));
        final String said = read(jmh);
        assertThat(jmh.waitFor()).as(said).isIn(1, 2);
        assertThat(said.lines()).hasSize(1);
        assertThat(said).startsWith(sentence);
    }

    private static List<String> storesOf(final ProcessHandle process) {
        try {
            return stores().stream().filter(name -> name.startsWith(DIRECTORY_OF_STORES + process.pid() + "-")).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path temporary() throws IOException {
        return Files.createDirectories(directory.resolve("tmp"));
    }

    private static List<String> stores() throws IOException {
        return names(FilePlace.memory.directory()).stream().filter(name -> name.startsWith(DIRECTORY_OF_STORES)).sorted().toList();
    }

    private static List<String> names(final Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> !name.startsWith("jmh")).toList();
        }
    }

    private static String read(final Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes());
    }

    private Process start(final Predicate<String> onPath, final String... arguments) throws IOException {
        return start(Suite.class, onPath, arguments);
    }

    private Process start(final Class<?> main, final Predicate<String> onPath, final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(option -> option.startsWith("-"))
            .forEach(command::add);
        command.add("-Djava.io.tmpdir=" + temporary());
        command.add("-cp");
        command.add(Arrays.stream(classPath().split(":")).filter(onPath).collect(Collectors.joining(":")));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Surefire hides the class path behind a jar unless told otherwise, and says what it is here. */
    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
