package io.quire.engine.stress;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.quire.engine.memory.NativeMemory;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.Posix;
import io.quire.engine.store.PosixNames;

/**
 * The stress of the engine on a mount, with processes instead of threads.
 *
 * <p>{@code main(DIRECTORY_ON_THE_MOUNT SAME_DIRECTORY_IN_THE_SOURCE SECONDS [SEED])}: rounds of at most a minute; each ends
 * with an exact check by every process and a comparison with the source.
 */
public final class MountStress {
    private static final int WORKERS = 4;
    private static final int ROUND_SECONDS = 60;

    private MountStress() {
    }

    public static void main(final String[] arguments) throws Exception {
        if (arguments[0].equals("--worker")) {
            work(Path.of(arguments[1]), Path.of(arguments[2]), Long.parseLong(arguments[3]),
                Integer.parseInt(arguments[4]), Integer.parseInt(arguments[5]));
            return;
        }
        final long seed = arguments.length > 3 ? Long.parseLong(arguments[3]) : System.currentTimeMillis();
        System.out.println(run(Path.of(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]), seed));
    }

    /** Runs rounds for a time; throws when a process found a difference. */
    static String run(final Path mount, final Path source, final int seconds, final long firstSeed)
        throws IOException, InterruptedException {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long seed = firstSeed;
        int rounds = 0;
        long left;
        while ((left = TimeUnit.NANOSECONDS.toSeconds(end - System.nanoTime())) > 0) {
            round(mount, source, (int) Math.min(ROUND_SECONDS, left), seed++);
            rounds++;
        }
        return "no difference: " + rounds + " rounds of " + WORKERS + " processes, seeds from " + firstSeed;
    }

    private static void round(final Path mount, final Path source, final int seconds, final long seed)
        throws IOException, InterruptedException {
        final Path shared = Files.createTempFile(Path.of("/dev/shm"), "quire-stress", ".log");
        final List<Process> processes = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            final EventLog log = new EventLog(map(shared, arena).address());
            log.retireAllFrom(WORKERS);
            for (int file = 0; file < StressWorker.FILES; file++) {
                Files.deleteIfExists(mount.resolve("stress" + file));
                Files.createFile(mount.resolve("stress" + file));
            }
            for (int id = 0; id < WORKERS; id++) {
                processes.add(start(shared, mount, seed, id, seconds));
            }
            boolean failed = false;
            for (final Process process : processes) {
                failed |= !process.waitFor(seconds + 120L, TimeUnit.SECONDS) || process.exitValue() != 0;
                if (failed) {
                    log.stop();
                    break;
                }
            }
            if (failed) {
                throw new AssertionError("seed " + seed + ": a process found a difference, failed or hung; see its output");
            }
            for (int file = 0; file < StressWorker.FILES; file++) {
                final long at = Files.mismatch(mount.resolve("stress" + file), source.resolve("stress" + file));
                if (at >= 0) {
                    throw new AssertionError("seed " + seed + ": file " + file + " differs from the source at byte " + at);
                }
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
            Files.deleteIfExists(shared);
        }
    }

    private static Process start(final Path shared, final Path mount, final long seed, final int id, final int seconds)
        throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            MountStress.class.getName(), "--worker", shared.toString(), mount.toString(), Long.toString(seed),
            Integer.toString(id), Integer.toString(seconds)));
        return new ProcessBuilder(command).redirectInput(new File("/dev/null")).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static MemorySegment map(final Path shared, final Arena arena) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(shared.toFile(), "rw")) {
            file.setLength(EventLog.SIZE);
            return file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, EventLog.SIZE, arena);
        }
    }

    private static void work(final Path shared, final Path mount, final long seed, final int id, final int seconds)
        throws IOException {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try (Arena arena = Arena.ofShared(); MountTarget target = new MountTarget(mount, seed * 31 + id)) {
            final EventLog log = new EventLog(map(shared, arena).address());
            final StressWorker worker = new StressWorker(seed, id, WORKERS, log, target, false);
            try {
                while (System.nanoTime() < end && !log.stopped()) {
                    worker.run(worker.operations() + 100);
                }
            } finally {
                log.stop();
                log.arrive();
            }
            while (log.arrived() < WORKERS) {
                LockSupport.parkNanos(1_000_000);
            }
            worker.checkAll();
        }
    }

    /** The files of a directory on a mount, through system calls; every other read bypasses the kernel's page cache. */
    private static final class MountTarget implements StressTarget {
        private static final long BUFFER_SIZE = 1 << 20;

        private final Path directory;
        private final Random random;
        private final int[] buffered = new int[StressWorker.FILES];
        private final int[] direct = new int[StressWorker.FILES];
        private final long buffer = NativeMemory.reserve(BUFFER_SIZE, false);

        MountTarget(final Path directory, final long seed) throws IOException {
            this.directory = directory;
            this.random = new Random(seed);
            for (int file = 0; file < buffered.length; file++) {
                buffered[file] = open(file, Posix.O_RDWR);
                direct[file] = open(file, Posix.O_RDONLY | Posix.O_DIRECT);
            }
        }

        private int open(final int file, final int flags) throws IOException {
            return (int) check(PosixNames.open(directory.resolve("stress" + file).toString().getBytes(), flags, 0), "open");
        }

        private static long check(final long result, final String call) throws IOException {
            if (result < 0) {
                throw new IOException(call + ": " + Errno.name((int) -result));
            }
            return result;
        }

        @Override
        public int read(final int file, final long offset, final byte[] target, final int length) throws IOException {
            final int fd = random.nextBoolean() ? buffered[file] : direct[file];
            final int n = (int) check(Posix.pread(fd, buffer, length, offset), "pread");
            OffHeap.copyToArray(buffer, target, 0, n);
            return n;
        }

        @Override
        public int write(final int file, final long offset, final byte[] source, final int length) throws IOException {
            OffHeap.copyFromArray(source, 0, buffer, length);
            return (int) check(Posix.pwrite(buffered[file], buffer, length, offset), "pwrite");
        }

        @Override
        public void truncate(final int file, final long size) throws IOException {
            check(Posix.ftruncate(buffered[file], size), "ftruncate");
        }

        @Override
        public void punch(final int file, final long offset, final long length) throws IOException {
            check(Posix.fallocate(buffered[file], Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, offset, length),
                "fallocate");
        }

        @Override
        public void disturb(final int file, final int kind) throws IOException {
            switch (kind) {
                case 0 -> check(Posix.fsync(buffered[file]), "fsync");
                case 1 -> check(Posix.fdatasync(direct[file]), "fdatasync");
                default -> {
                    // The kernel may drop its pages at an open.
                    final int fresh = open(file, Posix.O_RDWR);
                    check(Posix.close(buffered[file]), "close");
                    buffered[file] = fresh;
                }
            }
        }

        @Override
        public void close() throws IOException {
            for (int file = 0; file < buffered.length; file++) {
                check(Posix.close(buffered[file]), "close");
                check(Posix.close(direct[file]), "close");
            }
        }
    }
}
