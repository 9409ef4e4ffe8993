package io.quire.bench.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is read from the command line and from /proc. */
class ParsingTest {
    private static final String MOUNTS = """
        24 1 254:0 / / rw,relatime shared:1 master:3 - ext4 /dev/vda rw
        30 24 0:26 / /dev/shm rw,nosuid - tmpfs tmpfs rw
        95 30 0:52 / /dev/shm/work/mnt/bindfs rw,nosuid - fuse.bindfs source rw,user_id=0
        """;

    @Test
    @DisplayName("the mount table gives the mount point, the type behind any number of optional fields, and the file that ends a connection")
    void mountTable() {
        final List<MountInfo> mounts = MountInfo.parse(MOUNTS);
        assertThat(mounts).extracting(MountInfo::type).containsExactly("ext4", "tmpfs", "fuse.bindfs");
        assertThat(mounts.get(2).point()).isEqualTo("/dev/shm/work/mnt/bindfs");
        assertThat(mounts.get(2).abortFile()).isEqualTo(Path.of("/sys/fs/fuse/connections/52/abort"));
    }

    @Test
    @DisplayName("one core is the last that we may use; free is all of them")
    void affinity() {
        final Affinity affinity = Affinity.of("Name:\tjava\nCpus_allowed_list:\t0-1,4-6\n");
        assertThat(affinity.processors(Regime.ONE_CORE)).isEqualTo("6");
        assertThat(affinity.processors(Regime.FREE)).isEqualTo("0-1,4-6");
        assertThat(Affinity.of("Cpus_allowed_list:\t3\n").prefix(Regime.ONE_CORE)).containsExactly("taskset", "-c", "3");
    }

    @Test
    @DisplayName("the command line picks rows, servers, repetitions and the place of the results")
    void options() {
        final Options options = Options.parse("--quick", "--rows", "one core.*64 KiB", "--servers", "quire, bare", "--repeat", "7", "--output",
            "here");
        assertThat(options.scale().repetitions()).isEqualTo(7);
        assertThat(options.wants("tmpfs, one core, write 64 KiB random")).isTrue();
        assertThat(options.wants("tmpfs, free, write 64 KiB random")).isFalse();
        assertThat(options.wantsServer("quire-multi-page")).isTrue();
        assertThat(options.wantsServer("bindfs")).isFalse();
        assertThat(options.output()).isEqualTo(Path.of("here"));
        assertThat(Options.parse().scale().repetitions()).isGreaterThanOrEqualTo(5);
    }

    @Test
    @DisplayName("a wrong command line is refused with the word that is wrong")
    void wrongOptions() {
        assertRefused("--rows (", "--rows", "(");
        assertRefused("--repeat 2", "--repeat", "2");
        assertRefused("--repeat x", "--repeat", "x");
        assertRefused("--fast", "--fast");
        assertRefused("--servers", "--servers");
    }

    private static void assertRefused(final String message, final String... arguments) {
        assertThatThrownBy(() -> Options.parse(arguments)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
