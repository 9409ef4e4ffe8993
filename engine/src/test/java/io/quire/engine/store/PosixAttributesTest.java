package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** System calls on attributes: invariant S7 of native-notes/store.md. */
class PosixAttributesTest {
    @TempDir
    Path directory;

    private final Attributes attributes = new Attributes();
    private Path file;
    private int root;

    @BeforeEach
    void makeFile() throws IOException {
        root = PosixNames.open(bytes(directory.toString()), Posix.O_PATH | Posix.O_DIRECTORY, 0);
        assertThat(root).isNotNegative();
        file = directory.resolve("file");
        Files.write(file, new byte[10_000]);
    }

    @AfterEach
    void closeDirectory() {
        assertThat(Posix.close(root)).isZero();
    }

    @Test
    void s7StatusIsWhatTheStandardLibrarySays() throws IOException {
        Files.createLink(directory.resolve("other"), file);
        assertThat(PosixAttributes.fstatat(root, bytes("file"), PosixNames.AT_SYMLINK_NOFOLLOW, attributes)).isZero();
        assertSameAs(file);
        assertThat(attributes.nlink).isEqualTo(2);
        assertThat(attributes.blocks).isPositive();
        assertThat(attributes.blockSize).isPositive();
        assertThat(attributes.isRegular()).isTrue();
    }

    @Test
    void s7StatusOfADescriptorIsThatOfTheName() throws IOException {
        assertThat(PosixAttributes.fstat(root, attributes)).isZero();
        assertSameAs(directory);
        assertThat(attributes.isDirectory()).isTrue();
    }

    @Test
    void s7StatusOfADeviceHasItsNumber() throws IOException {
        assertThat(PosixAttributes.fstatat(PosixNames.AT_FDCWD, bytes("/dev/null"), 0, attributes)).isZero();
        assertSameAs(Path.of("/dev/null"));
        assertThat(attributes.rdev).isEqualTo(1L << 8 | 3);
        assertThat(attributes.type()).isEqualTo(PosixAttributes.S_IFCHR);
    }

    @Test
    void anErrorLeavesTheHolderAlone() {
        attributes.ino = 77;
        assertThat(PosixAttributes.fstatat(root, bytes("absent"), 0, attributes)).isEqualTo(-Errno.ENOENT);
        assertThat(attributes.ino).isEqualTo(77);
    }

    @Test
    void copiesEveryField() {
        assertThat(PosixAttributes.fstatat(root, bytes("file"), 0, attributes)).isZero();
        final Attributes copy = new Attributes();
        copy.copyFrom(attributes);
        assertThat(copy).usingRecursiveComparison().isEqualTo(attributes);
        final StoreAttributes small = new StoreAttributes();
        attributes.copyTo(small);
        assertThat(small.size).isEqualTo(10_000);
        assertThat(small.modified).isEqualTo(attributes.mtimeSeconds * 1_000_000_000L + attributes.mtimeNanos);
    }

    @Test
    void setsPermissionsAlsoThroughAnOPathDescriptor() {
        assertThat(PosixAttributes.fchmodat(root, bytes("file"), 0640, 0)).isZero();
        status();
        assertThat(attributes.mode).isEqualTo(PosixAttributes.S_IFREG | 0640);
        final int fd = PosixNames.openat(root, bytes("file"), Posix.O_PATH, 0);
        assertThat(PosixAttributes.fchmod(fd, 0600)).isEqualTo(-Errno.EBADF);
        assertThat(PosixAttributes.fchmodat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), 01600, 0)).isZero();
        status();
        assertThat(attributes.mode).isEqualTo(PosixAttributes.S_IFREG | PosixAttributes.S_ISVTX | 0600);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void setsOwnersAsRootOnly() {
        assertThat(PosixAttributes.fchownat(root, bytes("file"), -1, -1, PosixNames.AT_SYMLINK_NOFOLLOW)).isZero();
        final int fd = PosixNames.openat(root, bytes("file"), Posix.O_PATH, 0);
        final int result = PosixAttributes.fchownat(fd, new byte[0], 1234, 0xfffffffd, PosixNames.AT_EMPTY_PATH);
        status();
        if (PosixProcess.geteuid() == 0) {
            assertThat(result).isZero();
            assertThat(attributes.uid).isEqualTo(1234);
            assertThat(attributes.gid).isEqualTo(0xfffffffd);
        } else {
            assertThat(result).isEqualTo(-Errno.EPERM);
        }
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void setsTimesToTheNanosecondNowAndNotAtAll() throws IOException {
        assertThat(PosixAttributes.utimensat(root, bytes("file"), 1_000_000_000L, 123_456_789, 5_000_000_000L,
            987_654_321, PosixNames.AT_SYMLINK_NOFOLLOW)).isZero();
        status();
        assertSameAs(file);
        assertThat(attributes.atimeSeconds).isEqualTo(1_000_000_000L);
        assertThat(attributes.atimeNanos).isEqualTo(123_456_789);
        assertThat(attributes.mtimeSeconds).isEqualTo(5_000_000_000L);
        assertThat(attributes.mtimeNanos).isEqualTo(987_654_321);

        assertThat(PosixAttributes.utimensat(root, bytes("file"), 0, PosixAttributes.UTIME_OMIT, 0,
            PosixAttributes.UTIME_NOW, 0)).isZero();
        status();
        assertThat(attributes.atimeNanos).isEqualTo(123_456_789);
        assertThat(attributes.mtimeSeconds).isNotEqualTo(5_000_000_000L).isGreaterThan(1_600_000_000L);

        final int fd = PosixNames.openat(root, bytes("file"), Posix.O_RDWR, 0);
        assertThat(PosixAttributes.utimensat(fd, null, -5, 1, -6, 2, 0)).isZero();
        status();
        assertThat(attributes.atimeSeconds).isEqualTo(-5);
        assertThat(attributes.mtimeSeconds).isEqualTo(-6);
        assertThat(attributes.mtimeNanos).isEqualTo(2);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void asksForAccess() {
        assertThat(PosixAttributes.faccessat(root, bytes("file"), PosixAttributes.R_OK | PosixAttributes.W_OK,
            PosixNames.AT_EACCESS)).isZero();
        assertThat(PosixAttributes.faccessat(root, bytes("file"), PosixAttributes.X_OK, 0)).isEqualTo(-Errno.EACCES);
        assertThat(PosixAttributes.faccessat(root, bytes("absent"), PosixAttributes.F_OK, 0))
            .isEqualTo(-Errno.ENOENT);
    }

    @Test
    void readsTheFiguresOfTheFileSystem() throws IOException {
        final FileSystemStatistics statistics = new FileSystemStatistics();
        assertThat(PosixAttributes.fstatfs(root, statistics)).isZero();
        final FileStore store = Files.getFileStore(directory);
        assertThat(statistics.blocks * statistics.fragmentSize).isEqualTo(store.getTotalSpace());
        assertThat(statistics.fragmentSize).isEqualTo(store.getBlockSize());
        assertThat(statistics.nameLength).isEqualTo(255);
        assertThat(statistics.blocksFree).isBetween(statistics.blocksAvailable, statistics.blocks);
        assertThat(PosixAttributes.fstatfs(-1, statistics)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void keepsExtendedAttributes() {
        final int fd = PosixNames.openat(root, bytes("file"), Posix.O_PATH, 0);
        final byte[] path = PosixNames.descriptorPath(fd);
        final byte[] name = {'u', 's', 'e', 'r', '.', (byte) 0xfe};
        final byte[] value = {1, 0, 2, (byte) 0xff};
        assertThat(PosixExtendedAttributes.getxattr(path, name, null)).isEqualTo(-Errno.ENODATA);
        assertThat(PosixExtendedAttributes.setxattr(path, name, value, PosixExtendedAttributes.XATTR_REPLACE))
            .isEqualTo(-Errno.ENODATA);
        assertThat(PosixExtendedAttributes.setxattr(path, name, value, PosixExtendedAttributes.XATTR_CREATE)).isZero();
        assertThat(PosixExtendedAttributes.setxattr(path, name, value, PosixExtendedAttributes.XATTR_CREATE))
            .isEqualTo(-Errno.EEXIST);

        assertThat(PosixExtendedAttributes.getxattr(path, name, null)).isEqualTo(4);
        assertThat(PosixExtendedAttributes.getxattr(path, name, new byte[0])).isEqualTo(4);
        assertThat(PosixExtendedAttributes.getxattr(path, name, new byte[3])).isEqualTo(-Errno.ERANGE);
        final byte[] read = new byte[100_000];
        assertThat(PosixExtendedAttributes.getxattr(path, name, read)).isEqualTo(4);
        assertThat(Arrays.copyOf(read, 4)).isEqualTo(value);

        assertThat(PosixExtendedAttributes.setxattr(path, bytes("user.empty"), new byte[0], 0)).isZero();
        assertThat(PosixExtendedAttributes.getxattr(path, bytes("user.empty"), read)).isZero();
        final int size = PosixExtendedAttributes.listxattr(path, null);
        final byte[] list = new byte[size];
        assertThat(PosixExtendedAttributes.listxattr(path, list)).isEqualTo(size);
        assertThat(new String(list, StandardCharsets.ISO_8859_1)).contains("user.\u00fe\0").contains("user.empty\0");

        assertThat(PosixExtendedAttributes.removexattr(path, name)).isZero();
        assertThat(PosixExtendedAttributes.removexattr(path, name)).isEqualTo(-Errno.ENODATA);
        assertThat(PosixExtendedAttributes.setxattr(path, name, new byte[65_537], 0)).isEqualTo(-Errno.E2BIG);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void doesNotFollowALinkWhenAskedNotTo() throws IOException {
        final Path link = directory.resolve("link");
        Files.createSymbolicLink(link, file);
        final byte[] path = bytes(link.toString());
        assertThat(PosixExtendedAttributes.setxattr(path, bytes("user.x"), new byte[] {1}, 0)).isZero();
        assertThat(PosixExtendedAttributes.lgetxattr(path, bytes("user.x"), null))
            .as("user attributes do not exist on links").isNegative();
        assertThat(PosixExtendedAttributes.lsetxattr(path, bytes("user.x"), new byte[] {1}, 0)).isEqualTo(-Errno.EPERM);
        assertThat(PosixExtendedAttributes.llistxattr(bytes(file.toString()), null)).isGreaterThanOrEqualTo(7);
        assertThat(PosixExtendedAttributes.lremovexattr(bytes(file.toString()), bytes("user.x"))).isZero();
    }

    private void status() {
        assertThat(PosixAttributes.fstatat(root, bytes("file"), PosixNames.AT_SYMLINK_NOFOLLOW, attributes)).isZero();
    }

    private void assertSameAs(final Path path) throws IOException {
        final Map<String, Object> unix = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        assertThat(attributes.ino).isEqualTo(unix.get("ino"));
        assertThat(attributes.dev).isEqualTo(unix.get("dev"));
        assertThat(attributes.rdev).isEqualTo(unix.get("rdev"));
        assertThat(attributes.mode).isEqualTo(unix.get("mode"));
        assertThat(attributes.nlink).isEqualTo(unix.get("nlink"));
        assertThat(attributes.uid).isEqualTo(unix.get("uid"));
        assertThat(attributes.gid).isEqualTo(unix.get("gid"));
        assertThat(attributes.size).isEqualTo(unix.get("size"));
        assertThat(instant(attributes.mtimeSeconds, attributes.mtimeNanos))
            .isEqualTo(((FileTime) unix.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS));
        assertThat(instant(attributes.atimeSeconds, attributes.atimeNanos))
            .isEqualTo(((FileTime) unix.get("lastAccessTime")).to(TimeUnit.NANOSECONDS));
        assertThat(instant(attributes.ctimeSeconds, attributes.ctimeNanos))
            .isEqualTo(((FileTime) unix.get("ctime")).to(TimeUnit.NANOSECONDS));
        if ((attributes.mask & PosixAttributes.STATX_BTIME) != 0) {
            assertThat(instant(attributes.btimeSeconds, attributes.btimeNanos))
                .isEqualTo(((FileTime) unix.get("creationTime")).to(TimeUnit.NANOSECONDS));
        }
    }

    private static long instant(final long seconds, final int nanos) {
        return seconds * 1_000_000_000L + nanos;
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }
}
