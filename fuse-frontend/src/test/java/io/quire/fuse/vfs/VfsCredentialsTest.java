package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;

import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixAttributes;
import io.quire.engine.store.PosixProcess;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Owner, group and mode of what is made: invariants V16 to V18 of native-notes/vfs.md. */
class VfsCredentialsTest extends VfsFixture {
    @BeforeEach
    void open() throws IOException {
        change.mode = 0777;
        assertThat(setattr(FileSystem.ROOT, SetAttributes.MODE)).isZero();
    }

    private void assertOwned(final int uid, final int gid, final int mode) {
        assertThat(entry.attributes.uid).as("owner").isEqualTo(uid);
        assertThat(entry.attributes.gid).as("group").isEqualTo(gid);
        assertThat(entry.attributes.mode & 07777).as("mode").isEqualTo(mode);
    }

    @Test
    void v16NewFilesBelongToTheCaller() {
        create(user, FileSystem.ROOT, "file", 0640);
        assertOwned(USER, GROUP, 0640);
        mkdir(user, FileSystem.ROOT, "directory", 0750);
        assertOwned(USER, GROUP, 0750);
        assertThat(vfs.mknod(user, FileSystem.ROOT, bytes("fifo"), PosixAttributes.S_IFIFO | 0600, 0, 0, entry))
            .isZero();
        assertOwned(USER, GROUP, 0600);
        assertThat(vfs.symlink(user, bytes("t"), FileSystem.ROOT, bytes("link"), entry)).isZero();
        assertOwned(USER, GROUP, 0777);
        create(daemon, FileSystem.ROOT, "ours", 0600);
        assertOwned(daemon.uid, daemon.gid, 0600);
    }

    @Test
    void v16ACallerWhoseGroupsTheKernelCheckedIsServed() {
        // The directory is closed to the user as such; the kernel let the call pass because of a supplementary group.
        final long closed = mkdir(daemon, FileSystem.ROOT, "closed", 0770);
        create(user, closed, "file", 04755);
        assertOwned(USER, GROUP, 04755);
        mkdir(user, closed, "directory", 0755);
        assertOwned(USER, GROUP, 0755);
        assertThat(vfs.symlink(user, bytes("t"), closed, bytes("link"), entry)).isZero();
        assertOwned(USER, GROUP, 0777);
    }

    @Test
    void v16TheThreadIsItselfAgainAfterwards() {
        create(user, FileSystem.ROOT, "file", 0600);
        assertThat(PosixProcess.setfsuid(-1)).isEqualTo(daemon.uid);
        assertThat(PosixProcess.setfsgid(-1)).isEqualTo(daemon.gid);
    }

    @Test
    void v17ASetGroupIdDirectoryGivesItsGroup() {
        final long shared = mkdir(daemon, FileSystem.ROOT, "shared", 0777);
        change.gid = GROUP + (PosixProcess.geteuid() == 0 ? 1 : 0);
        change.mode = 02777;
        assertThat(setattr(shared, SetAttributes.GID | SetAttributes.MODE)).isZero();
        create(user, shared, "file", 0644);
        assertOwned(USER, change.gid, 0644);
        mkdir(user, shared, "directory", 0755);
        assertOwned(USER, change.gid, 02755);
        change.mode = 02700;
        assertThat(setattr(shared, SetAttributes.MODE)).isZero();
        create(user, shared, "file2", 0644);
        assertOwned(USER, change.gid, 0644);
        mkdir(user, shared, "directory2", 0755);
        assertOwned(USER, change.gid, 02755);
    }

    @Test
    void v18TheUmaskOfTheCallerIsApplied() {
        assertThat(vfs.create(user, FileSystem.ROOT, bytes("file"), 0666, 027, Posix.O_RDWR, entry, opened)).isZero();
        assertOwned(USER, GROUP, 0640);
        assertThat(vfs.mkdir(user, FileSystem.ROOT, bytes("directory"), 0777, 077, entry)).isZero();
        assertOwned(USER, GROUP, 0700);
    }

    @Test
    void v18ADefaultAclTakesThePlaceOfTheUmask() {
        final long parent = mkdir(daemon, FileSystem.ROOT, "acl", 0777);
        // user::rwx, group::rwx, mask::rwx, other::--x as the kernel keeps them.
        final ByteBuffer acl = ByteBuffer.allocate(4 + 4 * 8).order(ByteOrder.LITTLE_ENDIAN).putInt(2);
        acl.putShort((short) 0x01).putShort((short) 7).putInt(-1);
        acl.putShort((short) 0x04).putShort((short) 7).putInt(-1);
        acl.putShort((short) 0x10).putShort((short) 7).putInt(-1);
        acl.putShort((short) 0x20).putShort((short) 1).putInt(-1);
        assertThat(vfs.setxattr(daemon, parent, bytes("system.posix_acl_default"), acl.array(), 0)).isZero();
        assertThat(vfs.mkdir(user, parent, bytes("inner"), 0777, 077, entry)).isZero();
        assertOwned(USER, GROUP, 0771);
        assertThat(vfs.create(user, parent, bytes("file"), 0666, 077, Posix.O_RDWR, entry, opened)).isZero();
        assertOwned(USER, GROUP, 0660);
    }

    @Test
    void aFileWhoseModeForbidsWritingCanBeWrittenByWhoMadeIt() throws IOException {
        final long fh = create(user, FileSystem.ROOT, "object", 0444);
        write(fh, "content");
        assertThat(vfs.release(fh)).isZero();
        assertThat(Files.readString(at("object"))).isEqualTo("content");
    }
}
