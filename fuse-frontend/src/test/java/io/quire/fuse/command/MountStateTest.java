package io.quire.fuse.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What identifies the state of a mount (command.md, C4). */
class MountStateTest {
    @Test
    void theKeyDependsOnEveryByte() {
        assertThat(MountState.key("/mnt/a")).hasSize(16).isNotEqualTo(MountState.key("/mnt/b"))
            .isNotEqualTo(MountState.key("/mnt/a\uDCE4"));
    }

    @Test
    void theKeyIsThatOfThePublishedFunction() {
        // FNV-1a of the single byte 'a'.
        assertThat(MountState.key("a")).isEqualTo("af63dc4c8601ec8c");
    }
}
