package io.quire.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.Errno;
import io.quire.engine.store.FileSystemStatistics;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixAttributes;
import io.quire.engine.store.PosixExtendedAttributes;

import org.junit.jupiter.api.Test;

/** Names, lookup counts, attributes and extended attributes: invariants V2 to V9 and V13 to V15 of native-notes/vfs.md.
 * */
class VfsNamesTest extends VfsFixture {
    private static final int ALL_TIMES = SetAttributes.ATIME | SetAttributes.MTIME;

    @Override
    DirectoryOptions storeOptions() {
        return new DirectoryOptions(DirectoryOptions.MIN_DESCRIPTORS, true);
    }

    @Test
    void v3ANodeIsForgottenWithItsLastLookup() throws IOException {
        Files.createFile(at("a"));
        final long node = lookup("a");
        lookup("a");
        vfs.forget(node, 1);
        assertThat(vfs.getattr(node, 0, attributes)).isZero();
        vfs.forget(node, 1);
        assertThat(vfs.getattr(node, 0, attributes)).isEqualTo(-Errno.ESTALE);
        assertThat(lookup("a")).isGreaterThan(node);
    }

    @Test
    void v3LookupsAndForgetsAtTheSameTimeLoseNothing() throws Exception {
        Files.createFile(at("a"));
        final int threads = 4;
        final CyclicBarrier start = new CyclicBarrier(threads);
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            final Future<?>[] results = new Future<?>[threads];
            for (int t = 0; t < threads; t++) {
                results[t] = pool.submit(() -> {
                    final Entry mine = new Entry();
                    final Attributes seen = new Attributes();
                    start.await();
                    for (int i = 0; i < 5_000; i++) {
                        assertThat(vfs.lookup(daemon, FileSystem.ROOT, bytes("a"), mine)).isZero();
                        assertThat(vfs.getattr(mine.node, 0, seen)).isZero();
                        assertThat(seen.ino).isEqualTo(mine.attributes.ino);
                        vfs.forget(mine.node, 1);
                    }
                    return null;
                });
            }
            for (final Future<?> result : results) {
                result.get(200, TimeUnit.SECONDS);
            }
        }
        assertThat(vfs.nodes()).isEqualTo(1);
        assertThat(store.knownNodes()).isEqualTo(1);
    }

    @Test
    void v3ForgettingWhatIsNotKnownDoesNothing() {
        vfs.forget(0, 1);
        vfs.forget(99, 1);
        vfs.forget(FileSystem.ROOT, 100);
        assertThat(vfs.getattr(FileSystem.ROOT, 0, attributes)).isZero();
    }

    @Test
    void v2HardLinksShareNodeAndPages() {
        final long fh = create("a");
        final long node = entry.node;
        write(fh, "shared");
        assertThat(vfs.link(daemon, node, FileSystem.ROOT, bytes("b"), entry)).isZero();
        assertThat(entry.node).isEqualTo(node);
        assertThat(entry.attributes.nlink).isEqualTo(2);
        final long other = open(lookup("b"), Posix.O_RDWR);
        assertThat(read(other)).isEqualTo("shared");
        write(other, "SHARED");
        assertThat(read(fh)).isEqualTo("SHARED");
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("a"))).isZero();
        assertThat(getattr(node).nlink).isEqualTo(1);
        assertThat(read(fh)).isEqualTo("SHARED");
    }

    @Test
    void v7AnOpenFileWithoutANameWorks() throws IOException {
        final long fh = create("a");
        final long node = entry.node;
        write(fh, "kept");
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("a"))).isZero();
        assertThat(list(FileSystem.ROOT)).containsExactlyInAnyOrder(".", "..");
        for (int i = 0; i < 200; i++) {
            Files.createFile(at("filler" + i));
            lookup("filler" + i);
        }
        assertThat(getattr(node).nlink).isZero();
        assertThat(read(fh)).isEqualTo("kept");
        write(fh, "more!");
        change.mode = 0600;
        change.size = 3;
        assertThat(vfs.setattr(daemon, node, fh, SetAttributes.MODE | SetAttributes.SIZE, change, attributes)).isZero();
        assertThat(attributes.size).isEqualTo(3);
        assertThat(attributes.mode & 07777).isEqualTo(0600);
        assertThat(vfs.setxattr(daemon, node, bytes("user.x"), bytes("y"), 0)).isZero();
        assertThat(vfs.fsync(fh, false)).isZero();
        assertThat(read(fh)).isEqualTo("mor");
        assertThat(vfs.release(fh)).isZero();
    }

    @Test
    void v7AFileThatARenameReplacedWorksWhileItIsOpen() {
        final long old = create("target");
        write(old, "old");
        final long fresh = create("temporary");
        write(fresh, "fresh");
        assertThat(vfs.rename(daemon, FileSystem.ROOT, bytes("temporary"), FileSystem.ROOT, bytes("target"))).isZero();
        assertThat(read(old)).isEqualTo("old");
        assertThat(read(open(lookup("target"), Posix.O_RDONLY))).isEqualTo("fresh");
        assertThat(vfs.lookup(daemon, FileSystem.ROOT, bytes("temporary"), entry)).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void v8MoreFilesThanDescriptorsAreOpenAtOnce() {
        final long[] handles = new long[500];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = create("f" + i);
            write(handles[i], "file " + i);
        }
        for (int i = 0; i < handles.length; i++) {
            assertThat(read(handles[i])).isEqualTo("file " + i);
            write(handles[i], "FILE");
        }
        assertThat(store.openDescriptors()).isLessThanOrEqualTo(DirectoryOptions.MIN_DESCRIPTORS);
        for (int i = 0; i < handles.length; i++) {
            assertThat(read(handles[i])).isEqualTo("FILE " + i);
            assertThat(vfs.fsync(handles[i], true)).isZero();
            assertThat(vfs.release(handles[i])).isZero();
        }
    }

    @Test
    void v8AHandleOutlivesTheRemovalOfItsFileOutside() throws IOException {
        final long fh = create("a");
        final long node = entry.node;
        write(fh, "still here");
        Files.delete(at("a"));
        assertThat(read(fh)).isEqualTo("still here");
        assertThat(getattr(node).nlink).isZero();
        write(fh, "Still");
        assertThat(vfs.lookup(daemon, FileSystem.ROOT, bytes("a"), entry)).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void v13OwnersAndModesChange() {
        create("a");
        final long node = entry.node;
        change.mode = 04755;
        assertThat(setattr(node, SetAttributes.MODE)).isZero();
        assertThat(attributes.mode & 07777).isEqualTo(04755);
        change.uid = USER;
        change.gid = GROUP;
        assertThat(setattr(node, SetAttributes.UID | SetAttributes.GID)).isZero();
        assertThat(attributes.uid).isEqualTo(USER);
        assertThat(attributes.gid).isEqualTo(GROUP);
        assertThat(attributes.mode & 07777).as("chown takes set-user-id away").isEqualTo(0755);
        change.mode = 04711;
        assertThat(setattr(node, SetAttributes.UID | SetAttributes.MODE)).isZero();
        assertThat(attributes.mode & 07777).as("a mode given with it stays").isEqualTo(04711);
    }

    @Test
    void v13TimesHaveNanosecondsAndMayBeLeftOrNow() {
        create("a");
        final long node = entry.node;
        change.atimeSeconds = 1_000_000_001;
        change.atimeNanos = 123_456_789;
        change.mtimeSeconds = -5;
        change.mtimeNanos = 987_654_321;
        assertThat(setattr(node, ALL_TIMES)).isZero();
        assertThat(attributes.atimeSeconds).isEqualTo(1_000_000_001);
        assertThat(attributes.atimeNanos).isEqualTo(123_456_789);
        assertThat(attributes.mtimeSeconds).isEqualTo(-5);
        assertThat(attributes.mtimeNanos).isEqualTo(987_654_321);
        change.mtimeSeconds = 7;
        change.mtimeNanos = 1;
        assertThat(setattr(node, SetAttributes.MTIME)).isZero();
        assertThat(attributes.atimeSeconds).as("left alone").isEqualTo(1_000_000_001);
        assertThat(attributes.mtimeSeconds).isEqualTo(7);
        assertThat(setattr(node, ALL_TIMES | SetAttributes.ATIME_NOW | SetAttributes.MTIME_NOW)).isZero();
        assertThat(attributes.mtimeSeconds).isGreaterThan(1_000_000_001);
        assertThat(attributes.atimeSeconds).isGreaterThan(1_000_000_001);
    }

    @Test
    void v13ASymbolicLinkHasAttributesOfItsOwn() {
        assertThat(vfs.symlink(user, bytes("/no\nwhere"), FileSystem.ROOT, bytes("link"), entry)).isZero();
        final long link = entry.node;
        assertThat(entry.attributes.type()).isEqualTo(PosixAttributes.S_IFLNK);
        assertThat(entry.attributes.uid).isEqualTo(USER);
        final byte[] target = new byte[4096];
        assertThat(vfs.readlink(link, target)).isEqualTo(9);
        assertThat(new String(target, 0, 9)).isEqualTo("/no\nwhere");
        change.mtimeSeconds = 42;
        change.mtimeNanos = 1;
        change.uid = daemon.uid;
        assertThat(setattr(link, SetAttributes.MTIME | SetAttributes.UID)).isZero();
        assertThat(attributes.mtimeSeconds).isEqualTo(42);
        assertThat(vfs.getxattr(link, bytes("user.x"), new byte[10])).isNegative();
        assertThat(vfs.link(daemon, link, FileSystem.ROOT, bytes("link2"), entry)).isZero();
        assertThat(entry.node).isEqualTo(link);
        create("plain");
        assertThat(vfs.readlink(entry.node, target)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void v13ExtendedAttributesArePassedThrough() {
        create("a");
        final long node = entry.node;
        assertThat(vfs.setxattr(daemon, node, bytes("user.a"), bytes("12345"), PosixExtendedAttributes.XATTR_CREATE)).isZero();
        assertThat(vfs.setxattr(daemon, node, bytes("user.a"), bytes("x"), PosixExtendedAttributes.XATTR_CREATE))
            .isEqualTo(-Errno.EEXIST);
        assertThat(vfs.getxattr(node, bytes("user.a"), null)).isEqualTo(5);
        assertThat(vfs.getxattr(node, bytes("user.a"), new byte[2])).isEqualTo(-Errno.ERANGE);
        final byte[] value = new byte[5];
        assertThat(vfs.getxattr(node, bytes("user.a"), value)).isEqualTo(5);
        assertThat(value).isEqualTo(bytes("12345"));
        final byte[] list = new byte[256];
        final int length = vfs.listxattr(node, list);
        assertThat(new String(list, 0, length)).contains("user.a\0");
        assertThat(vfs.removexattr(daemon, node, bytes("user.a"))).isZero();
        assertThat(vfs.getxattr(node, bytes("user.a"), value)).isEqualTo(-Errno.ENODATA);
    }

    @Test
    void v14TheFigureOfTheSourceIsPassedOn() throws IOException {
        final FileSystemStatistics statistics = new FileSystemStatistics();
        assertThat(vfs.statfs(FileSystem.ROOT, statistics)).isZero();
        assertThat(statistics.blocks * statistics.fragmentSize).isEqualTo(Files.getFileStore(source).getTotalSpace());
        assertThat(statistics.nameLength).isEqualTo(255);
    }

    @Test
    void v15ErrorsOfTheSourceAreThemselves() {
        mkdir(daemon, FileSystem.ROOT, "full", 0755);
        create(daemon, entry.node, "inside", 0644);
        assertThat(vfs.rmdir(daemon, FileSystem.ROOT, bytes("full"))).isEqualTo(-Errno.ENOTEMPTY);
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("full"))).isEqualTo(-Errno.EISDIR);
        assertThat(vfs.unlink(daemon, FileSystem.ROOT, bytes("absent"))).isEqualTo(-Errno.ENOENT);
        assertThat(vfs.lookup(daemon, FileSystem.ROOT, bytes("n".repeat(256)), entry)).isEqualTo(-Errno.ENAMETOOLONG);
        final long directory = lookup("full");
        assertThat(vfs.open(daemon, directory, Posix.O_RDONLY, opened)).isEqualTo(-Errno.EISDIR);
        final long file = lookup(directory, "inside");
        assertThat(vfs.opendir(daemon, file, opened)).isEqualTo(-Errno.ENOTDIR);
        assertThat(vfs.rename(daemon, FileSystem.ROOT, bytes("full"), directory, bytes("itself")))
            .isEqualTo(-Errno.EINVAL);
        assertThat(vfs.read(file, 4711, 0, 0, 0)).isEqualTo(-Errno.EBADF);
        assertThat(vfs.handles()).as("handles that failed opens left").isEqualTo(1);
    }

    @Test
    void theOffsetOfAListingIsThatOfTheSource() {
        for (int i = 0; i < 50; i++) {
            create("f" + i);
            assertThat(vfs.release(opened.fh)).isZero();
        }
        assertThat(vfs.opendir(daemon, FileSystem.ROOT, opened)).isZero();
        final long fh = opened.fh;
        final long[] middle = {0};
        final int[] seen = {0};
        assertThat(vfs.readdir(fh, 0, (name, ino, type, next) -> {
            if (++seen[0] == 20) {
                middle[0] = next;
            }
            return true;
        })).isZero();
        assertThat(seen[0]).isEqualTo(52);
        seen[0] = 0;
        assertThat(vfs.readdir(fh, middle[0], (name, ino, type, next) -> {
            seen[0]++;
            return true;
        })).isZero();
        assertThat(seen[0]).isEqualTo(32);
        assertThat(vfs.fsyncdir(fh, false)).isZero();
        assertThat(vfs.releasedir(fh)).isZero();
    }

    @Test
    void specialFilesAreMade() throws IOException {
        final Path fifo = at("fifo");
        assertThat(vfs.mknod(user, FileSystem.ROOT, bytes("fifo"), PosixAttributes.S_IFIFO | 0666, 022, 0, entry))
            .isZero();
        assertThat(entry.attributes.mode).isEqualTo(PosixAttributes.S_IFIFO | 0644);
        assertThat(Files.getAttribute(fifo, "unix:mode")).isEqualTo(PosixAttributes.S_IFIFO | 0644);
        assertThat(vfs.mknod(user, FileSystem.ROOT, bytes("socket"), PosixAttributes.S_IFSOCK | 0777, 0, 0, entry))
            .isZero();
        assertThat(vfs.open(daemon, lookup("fifo"), Posix.O_RDONLY, opened)).isEqualTo(-Errno.ENXIO);
    }
}
