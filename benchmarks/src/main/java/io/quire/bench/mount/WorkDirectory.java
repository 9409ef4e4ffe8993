package io.quire.bench.mount;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A directory that a run has for a while. It holds a locked file, and the kernel gives the lock back when the run ends, however it ends: so what is
 * left of a run can be told from what is in use, whatever became of the number of its process.
 */
final class WorkDirectory {
    private static final String LOCK = "lock";
    /** Until the process ends. */
    private static final List<FileChannel> HELD = new CopyOnWriteArrayList<>();

    private WorkDirectory() {
    }

    /**
     * Makes one.
     *
     * @param base where
     */
    static Path create(final Path base) throws IOException {
        final Path directory = Files.createTempDirectory(base, Command.NAME);
        final FileChannel channel = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        HELD.add(channel);
        channel.lock();
        return directory;
    }

    /** Whether it has got as far as to hold its lock. */
    static boolean hasLock(final Path directory) {
        return Files.exists(directory.resolve(LOCK));
    }

    /** Whether the run of another process uses it. */
    static boolean isUsed(final Path directory) throws IOException {
        if (!hasLock(directory)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.WRITE)) {
            return channel.tryLock() == null;
        } catch (final NoSuchFileException e) {
            return false;
        }
    }
}
