package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;

import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;

import org.junit.jupiter.api.Test;

/** A source that nobody else changes, and one that nobody may change: invariants V25 and V26 of native-notes/vfs.md. */
class VfsOptionsTest extends VfsFixture {
    @Override
    VfsOptions options() {
        return VfsOptions.alone().withReadOnly(true);
    }

    @Test
    void v25TheKernelMayRememberForLong() throws IOException {
        Files.createFile(at("a"));
        lookup("a");
        assertThat(entry.entryTimeoutNanos).isGreaterThan(VfsOptions.shared().entryTimeoutNanos());
        assertThat(entry.attrTimeoutNanos).isEqualTo(vfs.attrTimeoutNanos());
        assertThat(vfs.lookup(daemon, FileSystem.ROOT, bytes("absent"), entry)).isZero();
        assertThat(entry.node).as("the name is known not to exist").isZero();
        assertThat(entry.entryTimeoutNanos).isPositive();
    }

    @Test
    void v26EveryChangeIsRefused() throws IOException {
        Files.writeString(at("a"), "content");
        Files.createDirectory(at("d"));
        final long node = lookup("a");
        final byte[] name = bytes("n");
        final long root = FileSystem.ROOT;
        assertThat(vfs.create(daemon, root, name, 0644, 0, Posix.O_RDWR, entry, opened)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.mknod(daemon, root, name, 0644, 0, 0, entry)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.mkdir(daemon, root, name, 0755, 0, entry)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.symlink(daemon, name, root, name, entry)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.link(daemon, node, root, name, entry)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.unlink(daemon, root, bytes("a"))).isEqualTo(-Errno.EROFS);
        assertThat(vfs.rmdir(daemon, root, bytes("d"))).isEqualTo(-Errno.EROFS);
        assertThat(vfs.rename(daemon, root, bytes("a"), root, name)).isEqualTo(-Errno.EROFS);
        assertThat(setattr(node, SetAttributes.MODE)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.setxattr(daemon, node, bytes("user.x"), name, 0)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.removexattr(daemon, node, bytes("user.x"))).isEqualTo(-Errno.EROFS);
        assertThat(vfs.open(daemon, node, Posix.O_RDWR, opened)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.open(daemon, node, Posix.O_TRUNC, opened)).isEqualTo(-Errno.EROFS);
        assertThat(vfs.access(daemon, node, 2)).isEqualTo(-Errno.EROFS);
        assertThat(read(open(node, Posix.O_RDONLY))).isEqualTo("content");
        assertThat(list(root)).containsExactlyInAnyOrder(".", "..", "a", "d");
    }
}
