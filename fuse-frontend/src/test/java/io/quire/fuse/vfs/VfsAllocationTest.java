package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The operations that make up nearly all requests leave no garbage once they are compiled; measured with the lock-order
 * validator off, and with compilation in the foreground, so that a busy machine cannot put it off until after the measurement.
 */
class VfsAllocationTest {
    @TempDir
    private Path directory;

    /** With the depth to which HotSpot inlines by itself, and as if every call stood so much deeper in its callers. */
    @ParameterizedTest
    @ValueSource(ints = {15, 8})
    void v27WhatIsKnownIsServedWithoutGarbage(final int inlineLevel) throws Exception {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!option.startsWith("-Dquire.lock.order") && !option.startsWith("-javaagent")) {
                command.add(option);
            }
        }
        final Path source = Files.createDirectory(directory.resolve("source"));
        command.addAll(List.of("-Dquire.lock.order=false", "-Xbatch", "-XX:MaxInlineLevel=" + inlineLevel, "-cp", System.getProperty("java.class.path"),
            VfsAllocationProbe.class.getName(), source.toString()));
        final Path log = directory.resolve("probe.log");
        final Process process = new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        try {
            assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        final String output = Files.readString(log);
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(output.lines()).as(output).hasSize(5).allMatch(line -> line.endsWith(" 0"));
    }
}
