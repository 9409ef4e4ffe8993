package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

/** The mount table is read without touching a mount, names byte for byte (command.md, C2 and C3). */
class MountTableTest {
    private static final String ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";
    private static final String OURS =
        "60 27 0:51 / /mnt/a\\040b rw,nosuid - fuse.quire /data rw,user_id=1000,group_id=0,max_read=131072\n";
    private static final String PROPAGATED =
        "61 27 0:52 / /mnt/c rw shared:5 master:1 - fuse.quire /other rw,user_id=0\n";

    @Test
    void oursAreToldByTheirType() {
        assertThat(parse(ROOT + OURS + PROPAGATED).quire()).extracting(MountTable.Mount::point)
            .containsExactly("/mnt/a b", "/mnt/c");
    }

    @Test
    void optionalFieldsBeforeTheSeparatorAreSkipped() {
        final MountTable.Mount mount = parse(PROPAGATED).at("/mnt/c").orElseThrow();
        assertThat(mount.source()).isEqualTo("/other");
        assertThat(mount.deviceMinor()).isEqualTo("52");
        assertThat(mount.options()).contains("user_id=0");
    }

    @Test
    void ofStackedMountsTheLastOneCounts() {
        final String above = "62 60 0:60 / /mnt/a\\040b rw - tmpfs tmpfs rw\n";
        assertThat(parse(ROOT + OURS + above).at("/mnt/a b").orElseThrow().type()).isEqualTo("tmpfs");
    }

    @Test
    void anEscapedByteOutsideUtf8Survives() {
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        line.writeBytes("60 27 0:51 / /mnt/".getBytes(StandardCharsets.US_ASCII));
        line.write(0xE4);
        line.writeBytes("\\011\\134 rw - fuse.quire /data rw\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(MountTable.parse(line.toByteArray()).quire().getFirst().point()).isEqualTo("/mnt/\uDCE4\t\\");
    }

    @Test
    void theTableOfThisProcessHasARoot() {
        assertThat(MountTable.read().at("/")).isPresent();
    }

    private static MountTable parse(final String text) {
        return MountTable.parse(text.getBytes(StandardCharsets.US_ASCII));
    }
}
