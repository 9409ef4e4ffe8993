package io.quire.fuse.trace;

import java.util.EnumMap;
import java.util.Map;

import org.HdrHistogram.Histogram;
import org.agrona.collections.Long2ObjectHashMap;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.memory.NativeMemory;

/**
 * Does to a page cache what a trace did to files, on one thread: opens and closes handles, so that read-ahead follows the same
 * streams, and drops the pages of files that went. Not thread-safe.
 */
final class Replayer implements FileEvents<CacheException>, AutoCloseable {
    private static final int BUFFER_SIZE = 1 << 20;
    private static final int DIGITS = 3;

    private final PageCache cache;
    private final long storeCostNanos;
    private final long buffer = NativeMemory.reserve(BUFFER_SIZE, false);
    /** The first handle of each file: it keeps the pages until the file goes. */
    private final Long2ObjectHashMap<CachedFile> files = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<CachedFile> handles = new Long2ObjectHashMap<>();
    private final Map<TraceKind, Histogram> latencies = new EnumMap<>(TraceKind.class);

    Replayer(final PageCache cache, final long storeCostNanos) {
        this.cache = cache;
        this.storeCostNanos = storeCostNanos;
    }

    /** How long the operations took, nanoseconds, by kind; kinds that reached the cache only. */
    Map<TraceKind, Histogram> latencies() {
        return latencies;
    }

    private void took(final TraceKind kind, final long began) {
        final long nanos = Math.max(0, System.nanoTime() - began);
        latencies.computeIfAbsent(kind, key -> new Histogram(DIGITS)).recordValue(nanos);
    }

    private CachedFile base(final long node, final long size) throws CacheException {
        CachedFile file = files.get(node);
        if (file == null) {
            file = cache.open(new GeneratedFile(size, storeCostNanos));
            files.put(node, file);
        }
        return file;
    }

    private CachedFile handle(final long node, final long handle, final long size) throws CacheException {
        final CachedFile opened = handles.get(handle);
        return opened != null ? opened : base(node, size);
    }

    @Override
    public void opened(final long node, final long handle, final long size) throws CacheException {
        final long began = System.nanoTime();
        handles.put(handle, base(node, size).reopen());
        took(TraceKind.OPEN, began);
    }

    @Override
    public void closed(final long node, final long handle) throws CacheException {
        final CachedFile opened = handles.remove(handle);
        if (opened != null) {
            final long began = System.nanoTime();
            opened.close();
            took(TraceKind.RELEASE, began);
        }
    }

    @Override
    public void read(final long node, final long handle, final long offset, final long asked, final long count,
        final long size) throws CacheException {
        final CachedFile file = handle(node, handle, size);
        if (file.size() < size) {
            // It grew in a way that the trace does not show, from outside for example.
            file.truncate(size);
        }
        final long began = System.nanoTime();
        for (long done = 0; done < asked; ) {
            final int piece = (int) Math.min(BUFFER_SIZE, asked - done);
            final int length = file.read(offset + done, buffer, piece);
            if (length < piece) {
                break;
            }
            done += length;
        }
        took(TraceKind.READ, began);
    }

    @Override
    public void written(final long node, final long handle, final long offset, final long count, final long sizeBefore)
        throws CacheException {
        final CachedFile file = handle(node, handle, sizeBefore);
        final long began = System.nanoTime();
        for (long done = 0; done < count; ) {
            done += file.write(offset + done, buffer, (int) Math.min(BUFFER_SIZE, count - done));
        }
        took(TraceKind.WRITE, began);
    }

    @Override
    public void resized(final long node, final long sizeBefore, final long size) throws CacheException {
        final CachedFile file = base(node, sizeBefore);
        final long began = System.nanoTime();
        file.truncate(size);
        took(TraceKind.SETATTR, began);
    }

    @Override
    public void punched(final long node, final long offset, final long length) throws CacheException {
        final CachedFile file = base(node, 0);
        final long began = System.nanoTime();
        file.punch(offset, length);
        took(TraceKind.FALLOCATE, began);
    }

    @Override
    public void allocated(final long node, final long offset, final long length, final long size) throws CacheException {
        final CachedFile file = base(node, size);
        final long began = System.nanoTime();
        file.allocate(offset, length, offset + length > size);
        took(TraceKind.FALLOCATE, began);
    }

    @Override
    public void synced(final long node, final long handle, final boolean dataOnly) throws CacheException {
        final CachedFile file = handles.get(handle);
        if (file != null) {
            final long began = System.nanoTime();
            file.sync(dataOnly);
            took(TraceKind.FSYNC, began);
        }
    }

    @Override
    public void gone(final long node) throws CacheException {
        final CachedFile file = files.remove(node);
        if (file != null) {
            final long began = System.nanoTime();
            file.close();
            took(TraceKind.FORGET, began);
        }
    }

    /** Gives the buffer back; files and handles close with the cache. */
    @Override
    public void close() {
        NativeMemory.release(buffer, BUFFER_SIZE);
    }
}
