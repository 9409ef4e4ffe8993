package io.quire.engine.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;


/** Accesses through regions leave no garbage; measured with the lock-order validator off, as in production. */
class RegionAllocationTest {
    @TempDir
    private Path directory;

    @Test
    @DisplayName("M1: no heap byte per load, store and copy that finds its pages shown")
    void nothingIsAllocated() throws Exception {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!option.startsWith("-Dquire.lock.order") && !option.startsWith("-javaagent")) {
                command.add(option);
            }
        }
        command.addAll(List.of("-Dquire.lock.order=false", "-Xbatch", "-cp",
            System.getProperty("java.class.path"), RegionAllocationProbe.class.getName()));
        final Path log = directory.resolve("probe.log");
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        final String output = Files.readString(log);
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(output.lines()).as(output).hasSize(9).allMatch(line -> line.endsWith(" 0"));
    }
}
