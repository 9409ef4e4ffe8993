package io.quire.bench;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.ThreadParams;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.memory.NativeMemory;

/** What a thread asks of its file: how much at a time, where, and in which order. */
@State(Scope.Thread)
public class Request {
    /** In the middle of a page, and of a block of 512 bytes. */
    private static final int MISALIGNMENT = 2052;

    /** Bytes of a request, a power of two. */
    @Param("65536")
    public int size;

    /** Whether requests begin where a page does; otherwise they begin and end within pages. */
    @Param("true")
    public boolean aligned;

    /** In which order. */
    @Param("random")
    public Order order;

    CachedFile file;
    long buffer;
    private RandomOffsets random;
    private long next;
    private long end;

    /** Where the next request is. */
    public enum Order {
        /** Where the last one ended. */
        sequential,
        /** At any page. */
        random
    }

    /** Made by JMH. */
    public Request() {
        size = 0;
    }

    /**
     * Opens the file.
     *
     * @param requests whose files
     * @param thread   which thread this is
     * @throws CacheException when it cannot be opened
     */
    @Setup(Level.Trial)
    public void open(final Requests requests, final ThreadParams thread) throws CacheException {
        start(requests, thread.getThreadIndex());
    }

    /** The same for whoever has no JMH. */
    void start(final Requests requests, final int thread) throws CacheException {
        file = requests.file(thread).reopen();
        buffer = NativeMemory.reserve(size, false);
        // The last page of an unaligned request must lie within the file.
        random = new RandomOffsets(requests.fileBytes(), 4096, aligned ? size : size + 4096, thread);
        next = 0;
        end = requests.fileBytes() - size - (aligned ? 0 : MISALIGNMENT);
    }

    /**
     * Closes the file.
     *
     * @throws CacheException when it cannot be closed
     */
    @TearDown(Level.Trial)
    public void close() throws CacheException {
        file.close();
        NativeMemory.release(buffer, size);
    }

    long next() {
        final long offset;
        if (order == Order.random) {
            offset = random.next();
        } else {
            offset = next;
            next = next + size > end ? 0 : next + size;
        }
        return aligned ? offset : offset + MISALIGNMENT;
    }
}
