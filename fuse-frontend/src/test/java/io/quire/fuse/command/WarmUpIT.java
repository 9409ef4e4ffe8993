package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The JVM's cache for mounts: used when it fits, no hindrance when it does not (C9 of command.md). */
@Timeout(300)
class WarmUpIT {
    private static final Launcher.Result SILENT = new Launcher.Result(0, "", "");
    /** With these a JVM that cannot use its cache ends. */
    private static final String DEMAND = "QUIRE_JVM_OPTIONS=-XX:AOTMode=on ";

    private Path work;
    private Path project;
    private Path directory;
    private Path jar;
    private Launcher launcher;

    @BeforeEach
    void copyTheProject() throws IOException, InterruptedException {
        work = Files.createTempDirectory("quire it-").toRealPath();
        Files.createDirectory(work.resolve("source"));
        Files.createDirectory(work.resolve("mount"));
        Files.createDirectory(work.resolve("other"));
        launcher = new Launcher(work);
        // No sources: what is there is never built again.
        project = work.resolve("project");
        directory = Files.createDirectories(project.resolve("fuse-frontend/target/launcher"));
        jar = directory.resolve("quire.jar");
        final Path built = Path.of(System.getProperty("quire.jar"));
        Files.copy(built, jar);
        Files.copy(built.resolveSibling("jvm.options"), directory.resolve("jvm.options"));
        final FileTime past = FileTime.fromMillis(System.currentTimeMillis() - 60_000);
        Files.setLastModifiedTime(jar, past);
        assertThat(launcher.shell("cp -r '" + Launcher.script().getParent() + "' project/scripts")).isEqualTo(SILENT);
    }

    @AfterEach
    void clear() throws Exception {
        for (final String point : List.of("mount", "other")) {
            if (MountTable.read().at(work.resolve(point).toString()).isPresent()) {
                launcher.shell("fusermount -u -z " + point);
            }
        }
        MountState.deleteTree(work);
    }

    @Test
    void aCacheThatIsCutSpoiltOrOfAnotherJarDoesNotHinderAMount() throws Exception {
        assertThat(own("QUIRE_WARM_UP=no ", "mount --help").error()).isEmpty();
        assertThat(caches()).as("caches made although switched off").isEmpty();
        final Path cache = quickCache();

        mountsWith(DEMAND);
        final long size = Files.size(cache);
        try (FileChannel file = FileChannel.open(cache, StandardOpenOption.WRITE)) {
            file.truncate(size / 2);
        }
        refused();
        mountsWith("");
        assertThat(own("QUIRE_WARM_UP=no " + DEMAND, "mount --help").status()).as("switched off").isZero();
        Files.write(cache, new byte[8192]);
        refused();
        Files.delete(cache);
        Files.createDirectory(cache);
        refused();
    }

    @Test
    void aCacheOfAnOlderJarIsNotUsed() throws Exception {
        final Path cache = quickCache();
        assertThat(own(DEMAND, "mount --help").status()).isZero();
        // Newer than the jar, and yet made for one that was another.
        Files.setLastModifiedTime(jar, FileTime.fromMillis(System.currentTimeMillis() - 30_000));
        Files.setLastModifiedTime(cache, FileTime.fromMillis(System.currentTimeMillis()));
        refused();
    }

    @Test
    void twoMountsAtOnceMakeOneCacheAndLaterOnesUseIt() throws Exception {
        final Launcher.Result both = launcher.shell("unset QUIRE_JAR; project/scripts/quire mount source mount & first=$!; "
            + "project/scripts/quire mount source other; second=$?; wait $first && exit $second");
        assertThat(both.status()).as(both.error()).isZero();
        assertThat(both.error().lines()).containsExactly("quire: preparing the JVM for mounts (once, a few seconds)");
        assertThat(own("", "umount mount")).isEqualTo(SILENT);
        assertThat(own("", "umount other")).isEqualTo(SILENT);
        assertThat(caches()).hasSize(1);
        assertThat(launcher.shell("ls " + directory.toString().replace(" ", "\\ ")).output())
            .doesNotContainPattern("warm-up\\.[0-9]");
        mountsWith(DEMAND);
    }

    @Test
    void wherePreparingFailsOrNothingCanBeWrittenMountsWorkAndItIsNotTriedAgain() throws Exception {
        // A lock that cannot be opened, whoever asks: with root's rights nothing else is refused.
        final Path lock = Files.createDirectory(project.resolve("fuse-frontend/.build.lock"));
        mountsWith("");
        assertThat(caches()).isEmpty();
        Files.delete(lock);
        final Path programs = Files.createDirectory(work.resolve("programs"));
        Files.writeString(programs.resolve("timeout"), "#!/bin/sh\nexit 1\n");
        assertThat(programs.resolve("timeout").toFile().setExecutable(true)).isTrue();
        final String failing = "PATH='" + programs + "':$PATH ";
        assertThat(own(failing, "mount source mount").error().lines()).hasSize(1);
        assertThat(own("", "umount mount")).isEqualTo(SILENT);
        mountsWith("");
        assertThat(caches()).isEmpty();
    }

    @Test
    void whatInterruptsThePreparingLeavesNothingAndTheNextMountPreparesAgain() throws Exception {
        final Path programs = Files.createDirectory(work.resolve("programs"));
        Files.writeString(programs.resolve("timeout"), "#!/bin/sh\nkill -TERM $PPID\nexit 1\n");
        assertThat(programs.resolve("timeout").toFile().setExecutable(true)).isTrue();
        final Path temporary = Files.createDirectory(work.resolve("temporary"));
        final Launcher.Result interrupted = own("TMPDIR='" + temporary + "' PATH='" + programs + "':$PATH ", "mount source mount");
        assertThat(interrupted.status()).isEqualTo(1);
        assertThat(interrupted.error().lines()).last().isEqualTo("quire: interrupted; nothing is mounted");
        assertThat(temporary).isEmptyDirectory();
        try (var entries = Files.list(directory)) {
            assertThat(entries.map(entry -> entry.getFileName().toString()))
                .containsExactlyInAnyOrder("jvm.options", "quire.jar", "warm-up.log");
        }
        assertThat(own("", "mount source mount").status()).isZero();
        assertThat(own("", "umount mount")).isEqualTo(SILENT);
        mountsWith(DEMAND);
    }

    /** A cache made from a start only, which needs no mount, under the name that the launcher looks for. */
    private Path quickCache() throws Exception {
        final Launcher.Result made = launcher.shell("unset QUIRE_JAR; root=project; . project/scripts/common.sh; find_jdk; "
            + "\"$java_home/bin/java\" @project/fuse-frontend/target/launcher/jvm.options "
            + "-XX:AOTCacheOutput=made.aot -jar \"" + jar + "\" mount --help >made.log 2>&1; "
            + "key=$( (printf '%s\\n' \"$java_home\"; cat \"$java_home/release\") | cksum | tr ' ' -); "
            + "mv made.aot \"" + directory + "/quire-$key.aot\"");
        assertThat(made).isEqualTo(SILENT);
        return caches().getFirst();
    }

    private List<Path> caches() throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().endsWith(".aot")).toList();
        }
    }

    private void mountsWith(final String environment) throws Exception {
        assertThat(own(environment, "mount source mount")).isEqualTo(SILENT);
        assertThat(own("", "umount mount")).isEqualTo(SILENT);
    }

    /** The JVM does not take the cache, and nobody is told. */
    private void refused() throws Exception {
        assertThat(own(DEMAND, "mount --help").status()).as("a demand for the cache").isNotZero();
        final Launcher.Result help = own("", "mount --help");
        assertThat(help.status()).isZero();
        assertThat(help.error()).isEmpty();
    }

    private Launcher.Result own(final String environment, final String arguments) throws Exception {
        return launcher.shell("unset QUIRE_JAR; " + environment + "project/scripts/quire " + arguments);
    }
}
