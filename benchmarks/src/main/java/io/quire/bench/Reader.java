package io.quire.bench;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.memory.NativeMemory;

/** A thread's handle of a file of the {@link Fixture}, a buffer, and random offsets. */
@State(Scope.Thread)
public class Reader {
    private static final int BUFFER = 64 << 10;

    final long buffer = NativeMemory.reserve(BUFFER, false);
    CachedFile file;
    RandomOffsets words;
    RandomOffsets pages;
    RandomOffsets blocks;

    /** Made by JMH. */
    public Reader() {
        file = null;
    }

    /**
     * Opens the handle.
     *
     * @param fixture whose files to read
     * @param thread  which thread this is
     * @throws CacheException when the file cannot be opened
     */
    @Setup(Level.Trial)
    public void open(final Fixture fixture, final ThreadParams thread) throws CacheException {
        file = fixture.file(thread.getThreadIndex()).reopen();
        final long bytes = fixture.fileBytes();
        words = new RandomOffsets(bytes, 8, 8, thread.getThreadIndex());
        pages = new RandomOffsets(bytes, 4096, 4096, thread.getThreadIndex());
        blocks = new RandomOffsets(bytes, 4096, BUFFER, thread.getThreadIndex());
    }

    /**
     * Closes the handle.
     *
     * @throws CacheException when the file cannot be closed
     */
    @TearDown(Level.Trial)
    public void close() throws CacheException {
        file.close();
        NativeMemory.release(buffer, BUFFER);
    }
}
