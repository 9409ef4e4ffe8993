package io.quire.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.quire.engine.memory.OffHeap;

/** System calls on descriptors: invariants S1 to S4 of native-notes/store.md. */
class PosixTest {
    @TempDir
    Path directory;

    private final Arena arena = Arena.ofConfined();
    private int root;

    @BeforeEach
    void openDirectory() {
        root = PosixNames.open(bytes(directory.toString()), Posix.O_PATH | Posix.O_DIRECTORY, 0);
        assertThat(root).isNotNegative();
    }

    @AfterEach
    void closeDirectory() {
        assertThat(Posix.close(root)).isZero();
        arena.close();
    }

    @Test
    void s1AnErrorIsTheNegativeErrorNumber() {
        assertThat(PosixNames.openat(root, bytes("absent"), Posix.O_RDONLY, 0)).isEqualTo(-Errno.ENOENT).isEqualTo(-2);
        assertThat(Posix.close(-1)).isEqualTo(-Errno.EBADF);
        assertThat(Posix.pread(-1, 0, 1, 0)).isEqualTo(-Errno.EBADF);
        assertThat(Posix.ftruncate(root, 0)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void s1EachThreadSeesItsOwnError() throws InterruptedException {
        final int[] codes = {-Errno.ENOENT, -Errno.EBADF};
        final AtomicInteger wrong = new AtomicInteger();
        final Thread[] threads = new Thread[2];
        for (int t = 0; t < threads.length; t++) {
            final boolean first = t == 0;
            final int expected = codes[t];
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 20_000; i++) {
                    final int result = first ? PosixNames.openat(root, bytes("absent"), 0, 0) : Posix.close(-1);
                    if (result != expected) {
                        wrong.incrementAndGet();
                    }
                }
            });
            threads[t].start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).hasValue(0);
    }

    @Test
    void s2EveryDescriptorIsCloseOnExec() {
        final int fd = create("file");
        final int copy = Posix.dup(fd);
        assertThat(Posix.fcntl(fd, 1, 0)).as("F_GETFD").isEqualTo(1);
        assertThat(Posix.fcntl(copy, 1, 0)).as("F_GETFD").isEqualTo(1);
        assertThat(Posix.close(fd)).isZero();
        assertThat(Posix.close(copy)).isZero();
    }

    @Test
    void transfersVectorsInOrder() throws IOException {
        final int fd = create("vector");
        final long memory = memory(8192);
        for (int i = 0; i < 8192; i++) {
            OffHeap.putByte(memory + i, (byte) (i * 7));
        }
        try (IoVector vector = new IoVector()) {
            vector.add(memory + 4096, 1000);
            vector.add(memory, 3000);
            assertThat(Posix.pwritev(fd, vector.nativeAddress(), vector.count(), 100)).isEqualTo(4000);
        }
        final byte[] file = Files.readAllBytes(directory.resolve("vector"));
        assertThat(file).hasSize(4100);
        assertThat(file[100]).isEqualTo(OffHeap.getByte(memory + 4096));
        assertThat(file[1100]).isEqualTo(OffHeap.getByte(memory));

        final long target = memory(8192);
        try (IoVector vector = new IoVector()) {
            vector.add(target + 5000, 1000);
            vector.add(target, 4000);
            assertThat(Posix.preadv(fd, vector.nativeAddress(), vector.count(), 100)).isEqualTo(4000);
            assertThat(Posix.preadv(fd, vector.nativeAddress(), vector.count(), 4100)).isZero();
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(OffHeap.getByte(target + 5000 + i)).isEqualTo(OffHeap.getByte(memory + 4096 + i));
        }
        for (int i = 0; i < 3000; i++) {
            assertThat(OffHeap.getByte(target + i)).isEqualTo(OffHeap.getByte(memory + i));
        }
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void transfersAtOffsetsBeyondFourGigabytes() {
        final int fd = create("far");
        final long memory = memory(16);
        OffHeap.putLong(memory, 0x1122334455667788L);
        assertThat(Posix.pwrite(fd, memory, 8, 5L << 30)).isEqualTo(8);
        assertThat(Posix.pread(fd, memory + 8, 8, 5L << 30)).isEqualTo(8);
        assertThat(OffHeap.getLong(memory + 8)).isEqualTo(0x1122334455667788L);
        assertThat(Posix.lseek(fd, 0, Posix.SEEK_END)).isEqualTo((5L << 30) + 8);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void s3TheKernelToleratesAnAddressThatIsNotMapped() {
        final int fd = create("fault");
        assertThat(Posix.pwrite(fd, 8, 4096, 0)).isEqualTo(-Errno.EFAULT);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void punchesAHoleAndKeepsTheSize() throws IOException {
        Files.write(directory.resolve("holes"), filled(3 * 65536));
        final int fd = PosixNames.openat(root, bytes("holes"), Posix.O_RDWR, 0);
        assertThat(Posix.fsync(fd)).isZero();
        assertThat(Posix.fallocate(fd, Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, 65536, 65536))
            .isZero();
        assertThat(Posix.lseek(fd, 0, Posix.SEEK_HOLE)).isEqualTo(65536);
        assertThat(Posix.lseek(fd, 65536, Posix.SEEK_DATA)).isEqualTo(2 * 65536);
        assertThat(Posix.lseek(fd, 0, Posix.SEEK_END)).isEqualTo(3 * 65536);
        final byte[] file = Files.readAllBytes(directory.resolve("holes"));
        assertThat(Arrays.copyOfRange(file, 65536, 131072)).containsOnly(0);
        assertThat(file[131072]).isEqualTo((byte) 1);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void allocatesWithAndWithoutTheSize() throws IOException {
        final int fd = create("space");
        assertThat(Posix.fallocate(fd, Posix.FALLOC_FL_KEEP_SIZE, 0, 65536)).isZero();
        assertThat(Files.size(directory.resolve("space"))).isZero();
        assertThat(Posix.fallocate(fd, 0, 0, 65536)).isZero();
        assertThat(Files.size(directory.resolve("space"))).isEqualTo(65536);
        assertThat(Posix.fallocate(fd, 0, 0, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void truncatesAndSyncs() throws IOException {
        final int fd = create("size");
        assertThat(Posix.ftruncate(fd, 12345)).isZero();
        assertThat(Files.size(directory.resolve("size"))).isEqualTo(12345);
        assertThat(Posix.fdatasync(fd)).isZero();
        assertThat(Posix.syncfs(fd)).isZero();
        assertThat(Posix.ftruncate(fd, -1)).isEqualTo(-Errno.EINVAL);
        assertThat(Posix.close(fd)).isZero();
    }

    @Test
    void locksAWholeFileAcrossOpens() {
        final int one = create("lock");
        final int two = PosixNames.openat(root, bytes("lock"), Posix.O_RDONLY, 0);
        assertThat(Posix.flock(one, Posix.LOCK_EX)).isZero();
        assertThat(Posix.flock(two, Posix.LOCK_EX | Posix.LOCK_NB)).isEqualTo(-Errno.EAGAIN);
        assertThat(Posix.flock(one, Posix.LOCK_UN)).isZero();
        assertThat(Posix.flock(two, Posix.LOCK_SH | Posix.LOCK_NB)).isZero();
        assertThat(Posix.close(one)).isZero();
        assertThat(Posix.close(two)).isZero();
    }

    @Test
    void knowsTheLimitAndTheCaller() throws IOException {
        assertThat(PosixProcess.getrlimit(PosixProcess.RLIMIT_NOFILE)).isBetween(16L, Long.MAX_VALUE);
        assertThat(PosixProcess.getrlimit(9999)).isEqualTo(-Errno.EINVAL);
        assertThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid")).isEqualTo(PosixProcess.geteuid());
        assertThat(Files.getAttribute(Path.of("/proc/self"), "unix:gid")).isEqualTo(PosixProcess.getegid());
        final int mask = PosixProcess.umask(0);
        assertThat(PosixProcess.umask(mask)).isZero();
    }

    @Test
    void s4FileSystemIdsBelongToOneThread() throws InterruptedException {
        final int before = PosixProcess.setfsuid(-1);
        final int group = PosixProcess.setfsgid(-1);
        assertThat(before).isEqualTo(PosixProcess.geteuid());
        final boolean root0 = PosixProcess.geteuid() == 0;
        final int[] seen = new int[4];
        final Thread thread = new Thread(() -> {
            PosixProcess.setfsgid(1234);
            PosixProcess.setfsuid(1234);
            seen[0] = PosixProcess.setfsuid(-1);
            seen[1] = PosixProcess.setfsgid(-1);
            seen[2] = PosixNames.openat(root, bytes("foreign"), Posix.O_CREAT | Posix.O_WRONLY, 0600);
            PosixProcess.setfsuid(before);
            PosixProcess.setfsgid(group);
            seen[3] = PosixProcess.setfsuid(-1);
        });
        thread.start();
        thread.join();
        assertThat(seen[0]).isEqualTo(root0 ? 1234 : before);
        assertThat(seen[1]).isEqualTo(root0 ? 1234 : group);
        assertThat(seen[2]).as("user 1234 may not write a directory of mode 0700")
            .matches(fd -> root0 ? fd == -Errno.EACCES : fd >= 0);
        assertThat(seen[3]).isEqualTo(before);
        assertThat(PosixProcess.setfsuid(-1)).isEqualTo(before);
    }

    @Test
    void opensDirectlyWhereTheFileSystemCan() throws IOException {
        Files.write(directory.resolve("direct"), filled(8192), StandardOpenOption.CREATE);
        final int fd = PosixNames.openat(root, bytes("direct"), Posix.O_RDONLY | Posix.O_DIRECT, 0);
        assertThat(Posix.fcntl(fd, Posix.F_GETFL, 0) & Posix.O_DIRECT).isEqualTo(Posix.O_DIRECT);
        assertThat(Posix.close(fd)).isZero();
    }

    private int create(final String name) {
        final int fd = PosixNames.openat(root, bytes(name), Posix.O_CREAT | Posix.O_EXCL | Posix.O_RDWR, 0644);
        assertThat(fd).isNotNegative();
        return fd;
    }

    private long memory(final int size) {
        return arena.allocate(size, 64).address();
    }

    private static byte[] filled(final int length) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 1);
        return bytes;
    }

    private static byte[] bytes(final String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }
}
