package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.engine.memory.OffHeap;

/** System calls on names: invariants S5 and S6 of native-notes/store.md. */
class PosixNamesTest {
    @TempDir
    Path directory;

    private final Attributes attributes = new Attributes();
    private int root;

    @BeforeEach
    void openDirectory() {
        root = PosixNames.open(bytes(directory.toString()), Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
        assertThat(root).isNotNegative();
    }

    @AfterEach
    void closeDirectory() {
        assertThat(Posix.close(root)).isZero();
    }

    @Test
    void s5NamesAreBytesAndNeedNotBeUtf8() {
        final byte[] name = {(byte) 0xff, (byte) 0xfe, ' ', '\n', (byte) 0xc3, '(', (byte) 0x80};
        create(name);
        final List<byte[]> listed = list();
        assertThat(listed).hasSize(1);
        assertThat(listed.getFirst()).isEqualTo(name);
        assertThat(PosixNames.unlinkat(root, name, 0)).isZero();
        assertThat(list()).isEmpty();
    }

    @Test
    void s6ANulInsideANameIsRefused() {
        create(bytes("a"));
        assertThat(PosixNames.unlinkat(root, new byte[] {'a', 0, 'b'}, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(PosixNames.renameat2(root, bytes("a"), root, new byte[] {'b', 0}, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(list()).hasSize(1);
    }

    @Test
    void s6ANameThatIsTooLongIsRefused() {
        final byte[] longest = filled(255);
        create(longest);
        assertThat(list().getFirst()).isEqualTo(longest);
        assertThat(PosixNames.mkdirat(root, filled(256), 0755)).isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(PosixNames.mkdirat(root, filled(4095), 0755)).isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(PosixNames.mkdirat(root, filled(100_000), 0755)).isEqualTo(-Errno.ENAMETOOLONG);
    }

    @Test
    void makesAndRemovesDirectories() {
        assertThat(PosixNames.mkdirat(root, bytes("d"), 0700)).isZero();
        assertThat(PosixNames.mkdirat(root, bytes("d"), 0700)).isEqualTo(-Errno.EEXIST);
        assertThat(PosixNames.unlinkat(root, bytes("d"), 0)).isEqualTo(-Errno.EISDIR);
        assertThat(PosixNames.unlinkat(root, bytes("d"), PosixNames.AT_REMOVEDIR)).isZero();
        assertThat(PosixNames.unlinkat(root, bytes("d"), PosixNames.AT_REMOVEDIR)).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void renamesReplacesAndExchanges() {
        create(bytes("a"));
        create(bytes("b"));
        final long a = inode("a");
        final long b = inode("b");
        assertThat(PosixNames.renameat2(root, bytes("a"), root, bytes("b"), PosixNames.RENAME_NOREPLACE))
            .isEqualTo(-Errno.EEXIST);
        assertThat(PosixNames.renameat2(root, bytes("a"), root, bytes("b"), PosixNames.RENAME_EXCHANGE)).isZero();
        assertThat(inode("a")).isEqualTo(b);
        assertThat(inode("b")).isEqualTo(a);
        assertThat(PosixNames.renameat2(root, bytes("a"), root, bytes("b"), 0)).isZero();
        assertThat(inode("b")).isEqualTo(b);
        assertThat(list()).hasSize(1);
    }

    @Test
    void linksByNameAndByDescriptor() {
        create(bytes("a"));
        assertThat(PosixNames.linkat(root, bytes("a"), root, bytes("b"), 0)).isZero();
        assertThat(inode("b")).isEqualTo(inode("a"));
        final int fd = PosixNames.openat(root, bytes("a"), Posix.O_PATH, 0);
        assertThat(PosixNames.linkat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), root, bytes("c"),
            PosixNames.AT_SYMLINK_FOLLOW)).isZero();
        assertThat(Posix.close(fd)).isZero();
        assertThat(inode("c")).isEqualTo(inode("a"));
        assertThat(attributes.nlink).isEqualTo(3);
    }

    @Test
    void makesAndReadsSymbolicLinks() {
        final byte[] target = {'.', '.', '/', (byte) 0xff};
        assertThat(PosixNames.symlinkat(target, root, bytes("l"))).isZero();
        final byte[] read = new byte[4096];
        assertThat(PosixNames.readlinkat(root, bytes("l"), read)).isEqualTo(4);
        assertThat(Arrays.copyOf(read, 4)).isEqualTo(target);
        assertThat(PosixNames.readlinkat(root, bytes("l"), new byte[2])).isEqualTo(2);
        final int fd = PosixNames.openat(root, bytes("l"), Posix.O_PATH | Posix.O_NOFOLLOW, 0);
        assertThat(PosixNames.readlinkat(fd, new byte[0], read)).as("by descriptor").isEqualTo(4);
        assertThat(Posix.close(fd)).isZero();
        assertThat(PosixNames.openat(root, bytes("l"), Posix.O_RDONLY | Posix.O_NOFOLLOW, 0)).isEqualTo(-Errno.ELOOP);
        create(bytes("f"));
        assertThat(PosixNames.readlinkat(root, bytes("f"), read)).isEqualTo(-Errno.EINVAL);
        final byte[] longest = filled(4095);
        assertThat(PosixNames.symlinkat(longest, root, bytes("long"))).isZero();
        assertThat(PosixNames.readlinkat(root, bytes("long"), read)).isEqualTo(4095);
    }

    @Test
    void makesFifosAndSocketFiles() {
        final int mask = PosixProcess.umask(022);
        try {
            assertThat(PosixNames.mknodat(root, bytes("fifo"), PosixAttributes.S_IFIFO | 0666, 0)).isZero();
            assertThat(PosixNames.mknodat(root, bytes("socket"), PosixAttributes.S_IFSOCK | 0666, 0)).isZero();
            assertThat(PosixNames.mknodat(root, bytes("file"), PosixAttributes.S_IFREG | 0666, 0)).isZero();
        } finally {
            PosixProcess.umask(mask);
        }
        inode("fifo");
        assertThat(attributes.mode).isEqualTo(PosixAttributes.S_IFIFO | 0644);
        inode("socket");
        assertThat(attributes.type()).isEqualTo(PosixAttributes.S_IFSOCK);
        inode("file");
        assertThat(attributes.isRegular()).isTrue();
        assertThat(PosixNames.mknodat(root, bytes("file"), PosixAttributes.S_IFREG, 0)).isEqualTo(-Errno.EEXIST);
        assertThat(PosixNames.mknodat(root, bytes("x"), PosixAttributes.S_IFCHR, 1L << 40)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void makesDevicesAsRootOnly() {
        final long device = 250L << 8 | 77;
        final int result = PosixNames.mknodat(root, bytes("dev"), PosixAttributes.S_IFCHR | 0600, device);
        if (PosixProcess.geteuid() == 0 && result == 0) {
            inode("dev");
            assertThat(attributes.rdev).isEqualTo(device);
        } else {
            assertThat(result).isEqualTo(-Errno.EPERM);
        }
    }

    @Test
    void reopensWhatHasNoNameAnyMore() {
        create(bytes("gone"));
        final int path = PosixNames.openat(root, bytes("gone"), Posix.O_PATH, 0);
        assertThat(PosixNames.unlinkat(root, bytes("gone"), 0)).isZero();
        final int fd = PosixNames.reopen(path, Posix.O_RDWR);
        assertThat(Posix.ftruncate(fd, 5)).isZero();
        assertThat(PosixAttributes.fstat(path, attributes)).isZero();
        assertThat(attributes.size).isEqualTo(5);
        assertThat(attributes.nlink).isZero();
        assertThat(Posix.close(fd)).isZero();
        assertThat(Posix.close(path)).isZero();
    }

    @Test
    void findsAFileByItsHandleAfterARename() {
        create(bytes("a"));
        final long ino = inode("a");
        final byte[] handle = new byte[PosixNames.MAX_HANDLE_SIZE];
        final int length = PosixNames.nameToHandleAt(root, bytes("a"), handle, 0);
        if (length < 0) {
            assertThat(length).as("a file system without handles").isEqualTo(-Errno.EOPNOTSUPP);
            return;
        }
        assertThat(length).isBetween(5, PosixNames.MAX_HANDLE_SIZE);
        assertThat(PosixNames.nameToHandleAt(root, bytes("a"), new byte[4], 0)).isEqualTo(-Errno.EOVERFLOW);
        assertThat(PosixNames.renameat2(root, bytes("a"), root, bytes("b"), 0)).isZero();
        final int fd = PosixNames.openByHandleAt(root, handle, length, Posix.O_PATH);
        if (fd == -Errno.EPERM) {
            assertThat(PosixProcess.geteuid()).as("without the capability").isNotZero();
            return;
        }
        assertThat(PosixAttributes.fstat(fd, attributes)).isZero();
        assertThat(attributes.ino).isEqualTo(ino);
        assertThat(Posix.close(fd)).isZero();
        assertThat(PosixNames.unlinkat(root, bytes("b"), 0)).isZero();
        assertThat(PosixNames.openByHandleAt(root, handle, length, Posix.O_PATH)).isEqualTo(-Errno.ESTALE);
        assertThat(PosixNames.openByHandleAt(root, handle, 3, Posix.O_PATH)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void listsManyNamesOverSeveralCalls() throws IOException {
        for (int i = 0; i < 500; i++) {
            Files.createFile(directory.resolve("name-" + i));
        }
        assertThat(list()).hasSize(500).extracting(name -> new String(name, StandardCharsets.UTF_8))
            .doesNotHaveDuplicates().contains("name-0", "name-499");
    }

    private long inode(final String name) {
        assertThat(PosixAttributes.fstatat(root, bytes(name), PosixNames.AT_SYMLINK_NOFOLLOW, attributes)).isZero();
        return attributes.ino;
    }

    private void create(final byte[] name) {
        final int fd = PosixNames.openat(root, name, Posix.O_CREAT | Posix.O_EXCL | Posix.O_RDWR, 0644);
        assertThat(fd).isNotNegative();
        assertThat(Posix.close(fd)).isZero();
    }

    private List<byte[]> list() {
        final List<byte[]> names = new ArrayList<>();
        assertThat(Posix.lseek(root, 0, Posix.SEEK_SET)).isZero();
        try (Arena arena = Arena.ofConfined()) {
            final long buffer = arena.allocate(2048, 8).address();
            for (int n = PosixNames.getdents64(root, buffer, 2048); n != 0;
                    n = PosixNames.getdents64(root, buffer, 2048)) {
                assertThat(n).isPositive();
                for (long at = buffer; at < buffer + n;
                        at += OffHeap.getInt(at + PosixNames.DIRENT_LENGTH_OFFSET) & 0xffff) {
                    int length = 0;
                    while (OffHeap.getByte(at + PosixNames.DIRENT_NAME_OFFSET + length) != 0) {
                        length++;
                    }
                    final byte[] name = new byte[length];
                    OffHeap.copyToArray(at + PosixNames.DIRENT_NAME_OFFSET, name, 0, length);
                    if (!Arrays.equals(name, bytes(".")) && !Arrays.equals(name, bytes(".."))) {
                        names.add(name);
                    }
                }
            }
        }
        return names;
    }

    private static byte[] filled(final int length) {
        final byte[] name = new byte[length];
        Arrays.fill(name, (byte) 'n');
        return name;
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }
}
