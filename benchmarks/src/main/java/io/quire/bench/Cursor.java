package io.quire.bench;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

import io.quire.engine.memory.NativeMemory;

/** Where a thread copies to, and the same random offsets for whoever is measured: a peer reads what the cache reads. */
@State(Scope.Thread)
public class Cursor {
    private static final int BUFFER = 64 << 10;

    final long buffer = NativeMemory.reserve(BUFFER, false);
    RandomOffsets words;
    RandomOffsets pages;
    RandomOffsets blocks;

    /** Made by JMH. */
    public Cursor() {
        words = null;
    }

    /**
     * Starts the offsets.
     *
     * @param thread which thread this is
     */
    @Setup(Level.Trial)
    public void start(final ThreadParams thread) {
        words = new RandomOffsets(Fixture.BYTES, 8, 8, thread.getThreadIndex());
        pages = new RandomOffsets(Fixture.BYTES, 4096, 4096, thread.getThreadIndex());
        blocks = new RandomOffsets(Fixture.BYTES, 4096, BUFFER, thread.getThreadIndex());
    }

    /** Gives the buffer back. */
    @TearDown(Level.Trial)
    public void release() {
        NativeMemory.release(buffer, BUFFER);
    }
}
