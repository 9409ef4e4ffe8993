package io.quire.fuse.reproduce;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

import io.quire.engine.Quire;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.cache.WritePolicy;
import io.quire.engine.lock.LockOrderViolation;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;
import io.quire.engine.store.Errno;
import io.quire.engine.store.MemoryStore;
import io.quire.engine.store.StoreException;

/** A file in memory behind a small cache of its own, mapped as a shared region. */
final class EngineFile implements CaseFile {
    private final MemoryStore store = new MemoryStore();
    private final PageCache cache;
    private final CachedFile file;
    private final AddressSpace space = new AddressSpace();
    private final MappedRegion region;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;

    private EngineFile(final WritePolicy policy, final int capacity) throws IOException {
        cache = Quire.cache().capacity(PageCache.MIN_CAPACITY).readAhead(0).writePolicy(policy).build();
        buffer = arena.allocate(capacity);
        try {
            file = cache.open(store.open("written from its own mapping", true));
            region = space.map(file, 0, (capacity + PageCache.PAGE_SIZE - 1) & -PageCache.PAGE_SIZE, Sharing.SHARED,
                Protection.READ);
        } catch (final StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Makes a file for at most {@code capacity} bytes, written by {@code policy}. */
    static EngineFile create(final WritePolicy policy, final int capacity) throws IOException {
        return new EngineFile(policy, capacity);
    }

    @Override
    public void fill(final MemorySegment content) throws IOException {
        final long length = content.byteSize();
        if (file.size() != length) {
            file.truncate(length);
        }
        buffer.asSlice(0, length).copyFrom(content);
        final int written = file.write(0, buffer.address(), (int) length);
        if (written != length) {
            throw new IOException("only " + written + " of " + length + " bytes were written");
        }
    }

    @Override
    public void cool() throws IOException {
        file.invalidate();
    }

    @Override
    public void warm() throws IOException {
        region.get(0, buffer.address(), file.size());
    }

    @Override
    public Attempt write(final List<Piece> pieces, final long offset) {
        try {
            final PieceSource source = new PieceSource(region, pieces);
            source.faultInFirst();
            return Attempt.of(file.writeFrom(source, offset, source.length()));
        } catch (final CacheException e) {
            return new Attempt(-e.errno(), reportOf(e));
        } catch (final LockOrderViolation e) {
            return new Attempt(-Errno.EDEADLK, e.getMessage());
        }
    }

    private static String reportOf(final Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof LockOrderViolation) {
                return cause.getMessage();
            }
        }
        return failure.getMessage();
    }

    @Override
    public long read(final MemorySegment into) throws IOException {
        return file.read(0, into.address(), (int) Math.min(into.byteSize(), Integer.MAX_VALUE));
    }

    @Override
    public void truncate(final long size) throws IOException {
        file.truncate(size);
    }

    @Override
    public void check() {
        cache.verify();
    }

    @Override
    public void close() throws IOException {
        space.close();
        file.close();
        cache.close();
        store.close();
        arena.close();
    }
}
