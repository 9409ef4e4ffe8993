package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The demo shows what it promises and leaves nothing behind (command.md, C1). */
@Timeout(300)
class DemoIT {
    private Path work;
    private Path temporary;
    private Launcher launcher;

    @BeforeEach
    void makeDirectories() throws IOException {
        work = Files.createTempDirectory("quire-it-").toRealPath();
        temporary = Files.createDirectory(work.resolve("tmp"));
        launcher = new Launcher(work);
    }

    @AfterEach
    void clear() throws IOException {
        MountState.deleteTree(work);
    }

    @Test
    void theDemoSucceedsAndLeavesNothing() throws Exception {
        final Launcher.Result result = launcher.shell(demo());
        assertThat(result.status()).as(result.error()).isZero();
        assertThat(result.output()).contains("identical", "one-page", "multi-page", "sequential", "random");
        assertNothingLeft();
    }

    @Test
    void anInterruptedDemoCleansUp() throws Exception {
        final Path error = work.resolve("demo.err");
        final Process demo = launcher.start("exec " + demo(), work.resolve("demo.out"), error);
        while (!Files.readString(error).contains("onto the mount") && demo.isAlive()) {
            Thread.sleep(1);
        }
        assertThat(launcher.shell("kill -INT " + demo.pid()).status()).isZero();
        assertThat(demo.onExit().orTimeout(Duration.ofSeconds(200).toSeconds(), TimeUnit.SECONDS)
            .join().exitValue()).isNotZero();
        assertNothingLeft();
    }

    private String demo() {
        return "env TMPDIR='" + temporary + "' '" + Launcher.script() + "' demo";
    }

    private void assertNothingLeft() throws IOException {
        try (var left = Files.list(temporary)) {
            assertThat(left).isEmpty();
        }
        assertThat(launcher.states()).isEmpty();
        assertThat(MountTable.read().quire()).noneMatch(mount -> mount.point().startsWith(work + "/"));
    }
}
