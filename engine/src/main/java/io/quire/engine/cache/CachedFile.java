package io.quire.engine.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;
import io.quire.engine.store.IoVector;
import io.quire.engine.store.StoreAttributes;
import io.quire.engine.store.StoreException;
import io.quire.engine.tree.PageTree;

/**
 * An open file of a {@link PageCache}: reads and writes at byte offsets.
 *
 * <p>Thread-safe. Reads run beside everything; writes, truncate, punch, allocate and invalidate of one file exclude each
 * other. A read that overlaps a write may see part of it. Offsets and sizes are bytes, 0 to 2^63 - 1. A write has reached
 * the store when it returns, and stable storage after {@link #sync}.
 *
 * <p>Every handle has its own read-ahead state and sees each write error once at its next {@link #sync}.
 */
public final class CachedFile implements AutoCloseable {
    private static final long TAKE_OVER_MASK = 255;
    /** Where in a page the last word begins that does not leave it. */
    private static final long LAST_WORD = 0xff8;
    private static final VarHandle CLOSED;

    static {
        try {
            CLOSED = MethodHandles.lookup().findVarHandle(CachedFile.class, "closed", boolean.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Mapping mapping;
    private final PageCache cache;
    private final ThreadStates threads;
    private final ReadAhead readAhead;
    private final AtomicLong errorCursor;
    // Of the thread that reads this handle, when it is one. A hint: a thread that finds another's looks its own up, and now
    // and then puts it here; seldom, so that threads that share a handle do not fight for this object's line.
    private ThreadState user;
    // The mapping until the handle is closed, then null: what the closed mark says, for who reads through it without another look.
    private Mapping open;
    private volatile boolean closed;

    CachedFile(final Mapping mapping) {
        this.mapping = mapping;
        this.open = mapping;
        this.cache = mapping.cache;
        this.threads = cache.threads;
        this.user = threads.current();
        this.readAhead = new ReadAhead(() -> cache.readAheadPages);
        this.errorCursor = new AtomicLong(mapping.errors.sample());
    }

    /**
     * Opens another handle on the same pages.
     *
     * @return a handle of its own
     * @throws CacheException EBADF when the file is closed
     */
    public CachedFile reopen() throws CacheException {
        checkOpen();
        if (!mapping.attach()) {
            throw closedFile();
        }
        return new CachedFile(mapping);
    }

    /**
     * Reads into native memory.
     *
     * @param offset  first byte, 0 or more
     * @param address where the bytes go; {@code length} bytes must be writable there
     * @param length  bytes, 0 or more
     * @return bytes read; fewer than {@code length} only at the end of the file, 0 at or beyond it
     * @throws CacheException EINVAL for a negative offset or length, EBADF when closed, ENOMEM when no page can be had, or
     *                        the store's errno when the first byte could not be read
     */
    public int read(final long offset, final long address, final int length) throws CacheException {
        // A page that is present, read by the thread that always does: few instructions, because they decide how many reads the
        // processor has in flight.
        return length == Long.BYTES ? readWord(offset, address) : readPiece(offset, address, length);
    }

    /** Eight bytes, by {@link #getLong}'s steps: nothing is stored before it is known to count. */
    private int readWord(final long offset, final long address) throws CacheException {
        final Mapping pages = open;
        final ThreadState state = user;
        if (pages != null && (offset & 0xfff) <= LAST_WORD && isMine(state)) {
            final long index = offset >>> 12;
            final int entry = pages.tree.hint(index);
            final long descriptor = pages.descriptorOf(entry);
            final long before = Mapping.stateOf(descriptor);
            if (pages.isReadable(descriptor, before, index)) {
                final long value = OffHeap.getLong(pages.addressOf(entry) + (offset & 0xfff));
                if (pages.isStill(descriptor, before, entry, index) && offset + 7 < pages.size()) {
                    count(state);
                    OffHeap.putLong(address, value);
                    return Long.BYTES;
                }
            }
        }
        return readAny(offset, address, Long.BYTES);
    }

    /** A range that does not leave its page, copied. */
    private int readPiece(final long offset, final long address, final int length) throws CacheException {
        // A length of 0 or less takes the last byte, as an unsigned distance, to another page.
        final Mapping pages = open;
        final long last = offset + (length - 1 & 0xffff_ffffL);
        final ThreadState state = user;
        if (last >>> 12 == offset >>> 12 && pages != null && last < pages.size() && isMine(state)
            && pages.readHinted(offset, address, length) && last < pages.size()) {
            count(state);
            return length;
        }
        return readAny(offset, address, length);
    }

    private static boolean isMine(final ThreadState state) {
        return state.isOwnedBy(Thread.currentThread().threadId());
    }

    /** Counts a hit, of bytes that were copied or loaded already. */
    private void count(final ThreadState state) {
        state.count(CacheCounter.HITS, 1);
        // They were reached by raw addresses, which stay mapped only as long as the cache can be reached. C11.
        Reference.reachabilityFence(this);
    }

    /**
     * Reads eight bytes as a number. Nothing is copied, so this is the fastest way to a field of a record; a field that lies in two
     * pages takes longer, and may be half of one moment and half of another.
     *
     * @param offset first byte, 0 or more; need not be aligned
     * @return the bytes, in native order
     * @throws BeyondEndException when a byte of it lies at or beyond the end of the file
     * @throws CacheException     as {@link #read(long, long, int)}
     */
    public long getLong(final long offset) throws CacheException {
        // The size is looked at only once: it has to be afterwards (C5), and who only loads may load from any page first. A word
        // that does not leave its page has no last byte beyond 2^63 - 1.
        final Mapping pages = open;
        final ThreadState state = user;
        if (pages != null && (offset & 0xfff) <= LAST_WORD && isMine(state)) {
            final long index = offset >>> 12;
            final int entry = pages.tree.hint(index);
            final long descriptor = pages.descriptorOf(entry);
            final long before = Mapping.stateOf(descriptor);
            if (pages.isReadable(descriptor, before, index)) {
                final long value = OffHeap.getLong(pages.addressOf(entry) + (offset & 0xfff));
                if (pages.isStill(descriptor, before, entry, index) && offset + 7 < pages.size()) {
                    count(state);
                    return value;
                }
            }
        }
        return getAny(offset);
    }

    /** A word anywhere, by any thread: copied, and put together when it comes in two pieces. */
    private long getAny(final long offset) throws CacheException {
        final long piece = threads.current().word();
        long value = 0;
        int done = 0;
        while (done < Long.BYTES) {
            final int n = readAny(offset + done, piece, Long.BYTES - done);
            if (n == 0) {
                throw new BeyondEndException("file " + mapping.id, offset, Long.BYTES, mapping.size());
            }
            // A store that is asked for the second piece may use the word, too, with another file: nothing stays in it.
            for (int i = 0; i < n; i++) {
                final int from = done + i;
                final int place = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? from : Long.BYTES - 1 - from;
                value |= (OffHeap.getByte(piece + i) & 0xffL) << Byte.SIZE * place;
            }
            done += n;
        }
        return value;
    }

    /** A read of any range, by any thread. */
    private int readAny(final long offset, final long address, final int length) throws CacheException {
        final ThreadState state = threads.current();
        if (user != state && (state.value(CacheCounter.HITS) & TAKE_OVER_MASK) == 0) {
            user = state;
        }
        final long last = offset + (length - 1 & 0xffff_ffffL);
        if (last >>> 12 == offset >>> 12 && last < mapping.size() && !closed
            && mapping.readHinted(offset, address, length) && last < mapping.size()) {
            count(state);
            return length;
        }
        return readRange(state, offset, address, length);
    }

    private int readRange(final ThreadState state, final long offset, final long address, final int length) throws CacheException {
        checkRange(offset, length);
        if (closed) {
            throw closedFile();
        }
        final Mapping pages = mapping;
        final long size = pages.size();
        if (offset >= size || length == 0) {
            return 0;
        }
        final int wanted = (int) Math.min(length, size - offset);
        final int done = pages.readResident(state, offset, address, wanted);
        if (done == wanted) {
            state.count(CacheCounter.HITS, pagesTouched(offset, wanted));
            // C11.
            Reference.reachabilityFence(this);
            return done;
        }
        return readRest(state, offset, address, wanted, done);
    }

    private int readRest(final ThreadState state, final long offset, final long address, final int wanted,
        final int already) throws CacheException {
        state.count(CacheCounter.HITS, already == 0 ? 0 : pagesTouched(offset, already));
        int done = already;
        // Pages that this read had to fetch are misses, also when it then finds them in the cache.
        final long misses = state.value(CacheCounter.MISSES);
        long fetched = 0;
        while (done < wanted) {
            int n = mapping.readResident(state, offset + done, address + done, wanted - done);
            if (n > 0) {
                final long touched = pagesTouched(offset + done, n);
                final long known = Math.min(touched, fetched);
                fetched -= known;
                state.count(CacheCounter.HITS, touched - known);
            } else {
                final long before = state.value(CacheCounter.MISSES);
                try {
                    n = cache.filler.readThrough(mapping, readAhead, offset + done, address + done, wanted - done, state);
                } catch (final CacheException e) {
                    if (done > 0) {
                        break;
                    }
                    throw e;
                }
                if (n == PageFiller.END) {
                    break;
                }
                final long now = state.value(CacheCounter.MISSES) - before;
                if (now == 0) {
                    state.count(CacheCounter.HITS, 1);
                }
                fetched += Math.max(0, now - 1);
            }
            done += n;
        }
        readAhead.accessed(offset, Math.max(1, done));
        Reference.reachabilityFence(this);
        assert state.value(CacheCounter.MISSES) >= misses;
        return done;
    }

    private static long pagesTouched(final long offset, final int length) {
        return (offset + length - 1 >>> 12) - (offset >>> 12) + 1;
    }

    /**
     * Reads into a heap array.
     *
     * @param offset      first byte of the file
     * @param destination where the bytes go
     * @param from        first index in it
     * @param length      bytes, 0 or more
     * @return bytes read, as {@link #read(long, long, int)}
     * @throws CacheException            as {@link #read(long, long, int)}
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public int read(final long offset, final byte[] destination, final int from, final int length)
        throws CacheException {
        Objects.checkFromIndexSize(from, length, destination.length);
        checkRange(offset, length);
        final long bounce = cache.threads.current().bounce();
        int done = 0;
        while (done < length) {
            final int n = readOn(offset, done, bounce, Math.min(length - done, ThreadState.BOUNCE_SIZE));
            if (n == 0) {
                break;
            }
            OffHeap.copyToArray(bounce, destination, from + done, n);
            done += n;
        }
        return done;
    }

    /** One piece of a larger read: an error after the first byte ends it, and is found again by the read that goes on there. */
    private int readOn(final long offset, final long done, final long address, final int length) throws CacheException {
        try {
            return read(offset + done, address, length);
        } catch (final CacheException e) {
            if (done > 0) {
                return 0;
            }
            throw e;
        }
    }

    /**
     * Reads into the pieces of a vector, in order.
     *
     * @param offset first byte of the file
     * @param target where the bytes go; not changed
     * @return bytes read, as {@link #read(long, long, int)}
     * @throws CacheException as {@link #read(long, long, int)}
     */
    public long readVector(final long offset, final IoVector target) throws CacheException {
        checkRange(offset, target.bytes());
        long done = 0;
        for (int i = 0; i < target.count(); i++) {
            long inPiece = 0;
            while (inPiece < target.length(i)) {
                final int n = readOn(offset, done, target.address(i) + inPiece,
                    (int) Math.min(target.length(i) - inPiece, 1 << 30));
                if (n == 0) {
                    return done;
                }
                inPiece += n;
                done += n;
            }
        }
        return done;
    }

    /**
     * Writes from native memory.
     *
     * @param offset  first byte, 0 or more
     * @param address where the bytes come from
     * @param length  bytes, 0 or more
     * @return bytes that reached the store; fewer than {@code length} when the store failed part-way
     * @throws CacheException EINVAL for a negative offset or length, EFBIG beyond 2^63 - 1, EBADF when closed, ENOMEM when no
     *                        page can be had, or the store's errno when nothing reached it
     */
    public int write(final long offset, final long address, final int length) throws CacheException {
        checkRange(offset, length);
        return (int) writeFrom(cache.threads.current().addressSource.at(address), offset, length);
    }

    /**
     * Writes from a heap array.
     *
     * @param offset first byte of the file
     * @param source where the bytes come from
     * @param from   first index in it
     * @param length bytes, 0 or more
     * @return bytes that reached the store, as {@link #write(long, long, int)}
     * @throws CacheException            as {@link #write(long, long, int)}
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public int write(final long offset, final byte[] source, final int from, final int length) throws CacheException {
        Objects.checkFromIndexSize(from, length, source.length);
        final ArraySource array = cache.threads.current().arraySource;
        try {
            return (int) writeFrom(array.at(source, from), offset, length);
        } finally {
            array.at(null, 0);
        }
    }

    /**
     * Writes the pieces of a vector, in order.
     *
     * @param offset first byte of the file
     * @param source where the bytes come from; not changed
     * @return bytes that reached the store, as {@link #write(long, long, int)}
     * @throws CacheException as {@link #write(long, long, int)}
     */
    public long writeVector(final long offset, final IoVector source) throws CacheException {
        return writeFrom(new VectorSource(source), offset, source.bytes());
    }

    /**
     * Writes from any source.
     *
     * @param source where the bytes come from
     * @param offset first byte of the file
     * @param length bytes, 0 or more
     * @return bytes that reached the store; fewer than {@code length} when the store failed or the source ended part-way
     * @throws CacheException as {@link #write(long, long, int)}; when nothing reached the store also EIO, because the source gave
     *                        nothing, or what the source says
     */
    public long writeFrom(final WriteSource source, final long offset, final long length) throws CacheException {
        checkRange(offset, length);
        checkOpen();
        if (length == 0) {
            return 0;
        }
        if (offset > Long.MAX_VALUE - length) {
            throw new CacheException(Errno.EFBIG, "a write of " + length + " bytes at " + offset
                + " goes beyond the largest file of 2^63 - 1 bytes");
        }
        final ThreadState state = cache.threads.current();
        mapping.writeLock.lock();
        try {
            mapping.checkOpen();
            final long size = mapping.size();
            if (offset + length > size && offset >>> 12 > size >>> 12) {
                // The page that held the end becomes an inner page: its tail must be zeros by then.
                cache.remover.settleTail(mapping, size);
            }
            mapping.noteOwnChange();
            // A source may write to another file while it is faulted in.
            final WriteOperation operation = (state.write.isRunning() ? new WriteOperation(state) : state.write)
                .begin(mapping, source, offset, length);
            try {
                return mapping.policy().write(operation);
            } catch (final CacheException e) {
                if (operation.reached() == 0) {
                    throw e;
                }
                // What went before has reached the store: the caller gets its count, and the error from the next write. W4.
                return operation.reached();
            } finally {
                operation.end();
            }
        } finally {
            mapping.writeLock.unlock();
        }
    }

    /**
     * The size, as reads see it; of a closed handle too, until the file is closed.
     *
     * @return bytes, 0 to 2^63 - 1
     */
    public long size() {
        return mapping.size();
    }

    /**
     * Sets the size. When this returns no page beyond it is in the cache, and none of the old bytes comes back if the file
     * grows again.
     *
     * @param size bytes, 0 or more
     * @throws CacheException EINVAL when negative, EBADF when closed, or the store's errno; the size is then unchanged
     */
    public void truncate(final long size) throws CacheException {
        checkRange(size, 0);
        exclusively(() -> cache.remover.truncate(mapping, size));
    }

    /**
     * Makes a range a hole that reads as zeros. The size does not change.
     *
     * @param offset first byte, 0 or more
     * @param length bytes, 1 or more
     * @throws CacheException EINVAL for an empty or negative range, EBADF when closed, or the store's errno
     */
    public void punch(final long offset, final long length) throws CacheException {
        checkRange(offset, length);
        if (length == 0 || offset > Long.MAX_VALUE - length) {
            throw new CacheException(Errno.EINVAL, "a hole of " + length + " bytes at " + offset + " is out of range");
        }
        exclusively(() -> cache.remover.punch(mapping, offset, length));
    }

    /**
     * Makes sure that later writes to a range do not fail for want of space.
     *
     * @param offset   first byte, 0 or more
     * @param length   bytes, 1 or more
     * @param keepSize whether the size stays when the range goes beyond the end
     * @throws CacheException EINVAL or EFBIG for a bad range, EBADF when closed, or the store's errno
     */
    public void allocate(final long offset, final long length, final boolean keepSize) throws CacheException {
        checkRange(offset, length);
        if (length == 0) {
            throw new CacheException(Errno.EINVAL, "an empty range at " + offset + " cannot be allocated");
        }
        if (offset > Long.MAX_VALUE - length) {
            throw new CacheException(Errno.EFBIG, "a range of " + length + " bytes at " + offset
                + " goes beyond the largest file of 2^63 - 1 bytes");
        }
        exclusively(() -> {
            try {
                mapping.noteOwnChange();
                if (!keepSize && offset + length > mapping.size()) {
                    cache.remover.settleTail(mapping, mapping.size());
                }
                mapping.file.allocate(offset, length, keepSize);
                if (!keepSize && offset + length > mapping.size()) {
                    mapping.publishSize(offset + length);
                }
            } catch (final StoreException e) {
                throw new CacheException("allocating " + length + " bytes at " + offset, e);
            }
        });
    }

    /**
     * Waits until everything written so far, also through mapped regions, has reached stable storage, and tells of write
     * errors since the last time.
     *
     * @param dataOnly whether attributes that are not needed to read the data back may stay behind
     * @throws CacheException EBADF when closed; the store's errno; or, once for each handle, the errno of a write that failed
     *                        since this handle was opened or last synced
     */
    public void sync(final boolean dataOnly) throws CacheException {
        checkOpen();
        mapping.checkOpen();
        mapping.sync(0, PageTree.MAX_INDEX, dataOnly, errorCursor);
    }

    /**
     * Drops the pages, so that the next reads ask the store, and takes the store's size over. What was stored through regions goes
     * to the store first; pages that it does not take stay.
     *
     * @throws CacheException EBADF when closed, or the store's errno
     */
    public void invalidate() throws CacheException {
        exclusively(() -> {
            final StoreAttributes now = new StoreAttributes();
            try {
                mapping.file.attributes(now);
            } catch (final StoreException e) {
                throw new CacheException("invalidating a file", e);
            }
            cache.remover.dropAll(mapping, now.size);
        });
    }

    /**
     * Compares the file's attributes with those at the last look and drops the pages when they tell of a change that was not
     * made through this cache. Changes from outside while this cache is writing the same file may go unnoticed.
     *
     * @param now the attributes as the store shows them
     * @return whether the pages were dropped
     * @throws CacheException EBADF when closed, or the store's errno
     */
    public boolean revalidate(final StoreAttributes now) throws CacheException {
        checkOpen();
        return mapping.revalidate(now);
    }

    /**
     * Gives this file a write policy of its own, for all its handles.
     *
     * @param policy the policy, or null for the cache's
     */
    public void writePolicy(final WritePolicy policy) {
        mapping.policy(policy);
    }

    /**
     * The file's pages, for somebody who shows them elsewhere: {@code io.quire.engine.map} builds on this.
     *
     * @return a handle of its own
     * @throws CacheException EBADF when the file is closed
     */
    public FilePages pages() throws CacheException {
        checkOpen();
        if (!mapping.attach()) {
            throw closedFile();
        }
        return new FilePages(mapping);
    }

    /**
     * How many of the file's pages are in the cache. A recent value.
     *
     * @return pages, 0 or more
     */
    public long cachedPages() {
        return mapping.tree.pages();
    }

    /**
     * Closes the handle; the pages and the store's file go with the last one. Closing again does nothing.
     *
     * @throws CacheException of the last handle only: when what was stored through regions cannot be written back, or the store
     *                        fails to close the file; it is closed all the same
     */
    @Override
    public void close() throws CacheException {
        // Before the mark, so that who finds the handle marked by another and returns reads nothing through it either.
        open = null;
        if (CLOSED.compareAndSet(this, false, true)) {
            StopPoints.reached(CachePoint.CLOSE_MARKED, mapping.id, 0);
            if (mapping.detach()) {
                cache.tearDown(mapping);
            }
        }
    }

    /** Something done under the write lock. */
    @FunctionalInterface
    private interface Action {
        void run() throws CacheException;
    }

    private void exclusively(final Action action) throws CacheException {
        checkOpen();
        mapping.writeLock.lock();
        try {
            mapping.checkOpen();
            action.run();
        } finally {
            mapping.writeLock.unlock();
        }
    }

    private void checkOpen() throws CacheException {
        if (closed) {
            throw closedFile();
        }
    }

    private static CacheException closedFile() {
        return new CacheException(Errno.EBADF, "the file is closed; open it again");
    }

    private static void checkRange(final long offset, final long length) throws CacheException {
        if ((offset | length) < 0) {
            throw new CacheException(Errno.EINVAL, "a range of " + length + " bytes at " + offset + " is negative");
        }
    }
}
