package io.quire.bench;

import java.io.IOException;
import java.nio.file.Path;

import io.quire.bench.report.RunFiles;
import io.quire.engine.store.DirectoryOptions;
import io.quire.engine.store.DirectoryStore;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.Store;
import io.quire.engine.store.StoreException;

/** What is below the cache. */
public enum StoreKind {
    /** Memory of the process. */
    memory,
    /** Memory of the process, behind a {@link CostStore}. */
    cost,
    /** A directory on a file system in memory. */
    tmpfs,
    /** A directory on a disk, whose writes the kernel caches. */
    disk;

    /** A store, and the directory that goes with it. */
    record Made(Store store, Path directory, Thread atExit) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            store.close();
            if (directory != null) {
                Runtime.getRuntime().removeShutdownHook(atExit);
                RunFiles.remove(directory);
            }
        }
    }

    /**
     * Makes a store.
     *
     * @param callNanos what a call costs more, for {@link #cost}
     * @param pageNanos what a page costs more, for {@link #cost}
     */
    Made make(final long callNanos, final long pageNanos) throws IOException {
        return switch (this) {
            case memory -> new Made(new MemoryStore(), null, null);
            case cost -> new Made(new CostStore(new MemoryStore(), callNanos, pageNanos), null, null);
            case tmpfs -> directory(FilePlace.memory);
            case disk -> directory(FilePlace.disk);
        };
    }

    private static Made directory(final FilePlace place) throws IOException {
        final Path directory = RunFiles.directory(place.directory());
        // A benchmark that is ended by a signal leaves nothing behind.
        final Thread atExit = new Thread(() -> {
            try {
                RunFiles.remove(directory);
            } catch (final IOException e) {
                System.err.println("bench: " + directory + " is left behind: " + e.getMessage());
            }
        }, "quire-bench-clean-up");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            return new Made(DirectoryStore.open(directory, DirectoryOptions.defaults()), directory, atExit);
        } catch (final StoreException e) {
            Runtime.getRuntime().removeShutdownHook(atExit);
            RunFiles.remove(directory);
            throw e;
        }
    }
}
