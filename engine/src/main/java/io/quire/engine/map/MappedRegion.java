package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import java.lang.ref.Reference;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.FilePages;
import io.quire.engine.cache.PageMapper;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;

/**
 * A range of a file as memory. Made by {@link AddressSpace#map}.
 *
 * <p>Loads and stores go by offset in the region, 0 to {@link #length()} - 1, of any alignment, in native byte order. A load
 * that finds its page shown takes no lock, performs no atomic operation and allocates nothing; a store takes one bit. One
 * that does not is a fault: it fetches the page, or makes it writable, or copies it. Accesses that do not cross a page are as
 * atomic as the processor makes them when aligned; others may be seen in part.
 *
 * <p>An access beyond the end of the file is a {@link io.quire.engine.cache.BeyondEndException}, to the byte, whatever races
 * with it. Stores through a shared region are seen at once by reads of the file and by other regions, and reach the store by
 * {@link #sync}, by a sync of the file, when the last handle is closed, or when too many pages are dirty.
 *
 * <p>Thread-safe. The region is a handle of the file: {@link #close} it.
 */
public final class MappedRegion implements AutoCloseable {
    private final AddressSpace space;
    private final FilePages pages;
    private final RegionMapper mapper;
    private final Sharing sharing;
    private final AtomicInteger users = new AtomicInteger();
    private final AtomicLong privatePages = new AtomicLong();
    private volatile Window window;
    private volatile long lockedAt;
    private volatile PageMadeWritable madeWritable;

    MappedRegion(final AddressSpace space, final FilePages pages, final Sharing sharing) {
        this.space = space;
        this.pages = pages;
        this.sharing = sharing;
        this.mapper = new RegionMapper(this, pages);
    }

    // ---- loads and stores ----

    /**
     * Loads a byte.
     *
     * @param offset in the region
     * @return the byte
     * @throws CacheException EBADF when unmapped, EFAULT outside of the region, {@link io.quire.engine.cache.BeyondEndException}
     *                        beyond the file's size, ENOMEM when no page can be had, or the store's errno
     */
    public byte getByte(final long offset) throws CacheException {
        return (byte) load(offset, Byte.BYTES);
    }

    /**
     * Loads two bytes.
     *
     * @param offset in the region
     * @return the value, in native order
     * @throws CacheException as {@link #getByte}
     */
    public short getShort(final long offset) throws CacheException {
        return (short) load(offset, Short.BYTES);
    }

    /**
     * Loads four bytes.
     *
     * @param offset in the region
     * @return the value, in native order
     * @throws CacheException as {@link #getByte}
     */
    public int getInt(final long offset) throws CacheException {
        return (int) load(offset, Integer.BYTES);
    }

    /**
     * Loads eight bytes.
     *
     * @param offset in the region
     * @return the value, in native order
     * @throws CacheException as {@link #getByte}
     */
    public long getLong(final long offset) throws CacheException {
        return load(offset, Long.BYTES);
    }

    /**
     * Stores a byte.
     *
     * @param offset in the region
     * @param value  to store
     * @throws CacheException as {@link #getByte}; EACCES when the region is read-only; what {@link PageMadeWritable} says; the
     *                        store's errno when too many pages are dirty and cannot be written back
     */
    public void putByte(final long offset, final byte value) throws CacheException {
        store(offset, Byte.BYTES, value);
    }

    /**
     * Stores two bytes.
     *
     * @param offset in the region
     * @param value  to store, in native order
     * @throws CacheException as {@link #putByte}
     */
    public void putShort(final long offset, final short value) throws CacheException {
        store(offset, Short.BYTES, value);
    }

    /**
     * Stores four bytes.
     *
     * @param offset in the region
     * @param value  to store, in native order
     * @throws CacheException as {@link #putByte}
     */
    public void putInt(final long offset, final int value) throws CacheException {
        store(offset, Integer.BYTES, value);
    }

    /**
     * Stores eight bytes.
     *
     * @param offset in the region
     * @param value  to store, in native order
     * @throws CacheException as {@link #putByte}
     */
    public void putLong(final long offset, final long value) throws CacheException {
        store(offset, Long.BYTES, value);
    }

    /**
     * Copies out of the region.
     *
     * @param offset  first byte in the region
     * @param address where the bytes go
     * @param length  bytes, 0 or more
     * @throws CacheException as {@link #getByte}; bytes before the one that was refused may have been copied
     */
    public void get(final long offset, final long address, final long length) throws CacheException {
        RegionCopy.out(this, offset, null, address, length);
    }

    /**
     * Copies out of the region.
     *
     * @param offset      first byte in the region
     * @param destination where the bytes go
     * @param from        first index in it
     * @param length      bytes, 0 or more
     * @throws CacheException            as {@link #getByte}; bytes before the one that was refused may have been copied
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public void get(final long offset, final byte[] destination, final int from, final int length) throws CacheException {
        Objects.checkFromIndexSize(from, length, destination.length);
        RegionCopy.out(this, offset, destination, from, length);
    }

    /**
     * Copies into the region.
     *
     * @param offset  first byte in the region
     * @param address where the bytes come from
     * @param length  bytes, 0 or more
     * @throws CacheException as {@link #putByte}; bytes before the one that was refused may have been stored
     */
    public void put(final long offset, final long address, final long length) throws CacheException {
        RegionCopy.in(this, offset, null, address, length);
    }

    /**
     * Copies into the region.
     *
     * @param offset first byte in the region
     * @param source where the bytes come from
     * @param from   first index in it
     * @param length bytes, 0 or more
     * @throws CacheException            as {@link #putByte}; bytes before the one that was refused may have been stored
     * @throws IndexOutOfBoundsException when the range does not lie in the array
     */
    public void put(final long offset, final byte[] source, final int from, final int length) throws CacheException {
        Objects.checkFromIndexSize(from, length, source.length);
        RegionCopy.in(this, offset, source, from, length);
    }

    /**
     * A part of the region as the source of a write, or the target of a read.
     *
     * @param offset first byte in the region
     * @param length bytes, 0 or more
     * @return the slice; it follows the region's changes
     * @throws CacheException EBADF when unmapped, EFAULT when the range does not lie in the region
     */
    public RegionSlice slice(final long offset, final long length) throws CacheException {
        final Window seen = window;
        if (seen.isClosed()) {
            throw new CacheException(Errno.EBADF, describe(seen) + " is unmapped; map it again");
        }
        if ((offset | length) < 0 || offset > seen.length - length) {
            throw new CacheException(Errno.EFAULT, length + " bytes at " + offset + " lie outside of " + describe(seen));
        }
        return new RegionSlice(this, offset, length);
    }

    // ---- changes ----

    /**
     * Hands what was stored through this region, and whatever else made its pages dirty, to the store, and waits until it has
     * reached stable storage (msync with MS_SYNC). Does nothing to private copies.
     *
     * @throws CacheException EBADF when unmapped, or the errno of a write that failed, told once
     */
    public void sync() throws CacheException {
        final Window seen = window;
        if (seen.isClosed()) {
            throw new CacheException(Errno.EBADF, describe(seen) + " is unmapped; map it again");
        }
        pages.sync(seen.firstIndex(), seen.firstIndex() + seen.pages() - 1);
    }

    /**
     * Sets what may be done through the region. When this returns no store of another thread goes by the former protection.
     *
     * @param protection what may be done from now on
     * @throws CacheException EBADF when unmapped
     */
    public void protect(final Protection protection) throws CacheException {
        final boolean writable = Objects.requireNonNull(protection, "protection") == Protection.READ_WRITE;
        space.change(this, before -> {
            refuseClosed(before);
            publish(new Window(before.start, before.length, before.fileOffset, writable, before.table, before));
            if (!writable) {
                mapper.writeProtectAll(before);
            }
            publish(window.settled());
        });
    }

    /**
     * Makes the region longer or shorter at its end; its address stays. Private copies beyond a smaller length are gone.
     *
     * @param newLength bytes, 1 to {@link AddressSpace#MAX_LENGTH}
     * @throws CacheException EINVAL, EOVERFLOW and ENOMEM as {@link AddressSpace#map}; EBADF when unmapped
     */
    public void remap(final long newLength) throws CacheException {
        space.change(this, before -> {
            refuseClosed(before);
            AddressSpace.checkRange(pages.name(), before.fileOffset, newLength);
            resize(before, newLength);
        });
    }

    /**
     * Moves the region to another virtual address. When this returns nothing is reached by the former one.
     *
     * @return the new address
     * @throws CacheException EBADF when unmapped, ENOMEM when there is no address left
     */
    public long move() throws CacheException {
        space.change(this, before -> {
            refuseClosed(before);
            final long start = space.moveSlot(this, before.start);
            publish(new Window(start, before.length, before.fileOffset, before.writable, before.table, null));
        });
        return address();
    }

    /**
     * Unmaps the region. Dirty pages are written back when this was the last handle of the file.
     *
     * @throws CacheException EBADF when it is unmapped already, or when the last handle of the file cannot write back or close; the region is unmapped then
     */
    public void unmap() throws CacheException {
        space.change(this, before -> {
            refuseClosed(before);
            // Out of the table first: it is not found again, whatever becomes of those who have it.
            space.remove(before.start);
            publish(new Window(-1, 0, before.fileOffset, false, before.table, before));
            StopPoints.reached(MapPoint.CHANGE_PUBLISHED, pages.id(), before.start);
            mapper.clearAll(before, 0, before.pages() - 1);
            publish(window.settled());
            space.free(before.table);
        });
        pages.close(mapper);
    }

    /**
     * Unmaps the region unless that was done.
     *
     * @throws CacheException as {@link #unmap}, but for EBADF
     */
    @Override
    public void close() throws CacheException {
        try {
            unmap();
        } catch (final CacheException e) {
            if (e.errno() != Errno.EBADF || !window.isClosed()) {
                throw e;
            }
        }
    }

    /**
     * Sets whom to ask before a page is made writable. Shared regions only; others never ask.
     *
     * @param callback asked from now on, or null for nobody
     */
    public void onPageMadeWritable(final PageMadeWritable callback) {
        madeWritable = callback;
    }

    // ---- properties ----

    /**
     * The virtual address of the first byte.
     *
     * @return an address for {@link AddressSpace}, or -1 when unmapped
     */
    public long address() {
        return window.start;
    }

    /**
     * The length.
     *
     * @return bytes, 0 when unmapped
     */
    public long length() {
        return window.length;
    }

    /**
     * Where in the file the region begins.
     *
     * @return first byte, a multiple of 4096
     */
    public long fileOffset() {
        return window.fileOffset;
    }

    /**
     * Who sees what is stored.
     *
     * @return the sharing
     */
    public Sharing sharing() {
        return sharing;
    }

    /**
     * What may be done.
     *
     * @return the protection
     */
    public Protection protection() {
        return window.writable ? Protection.READ_WRITE : Protection.READ;
    }

    /**
     * Memory that private copies take, beside the cache.
     *
     * @return bytes
     */
    public long privateBytes() {
        return privatePages.get() << FRAME_SHIFT;
    }

    @Override
    public String toString() {
        return describe(window);
    }

    // ---- the hit paths ----

    /**
     * A load. Entry, value, entry again: the same entry before and after means that the page was shown all the time, and a page
     * that is shown does not leave its frame (M1). The size is looked at after the value: what was cut off is zeroed after
     * the smaller size was published, so a value that was loaded before is whole (M4). And before the entry is: a size that comes
     * back is published after the page has left (C12).
     */
    long load(final long offset, final int bytes) throws CacheException {
        while (true) {
            final Window seen = window;
            final int at = (int) offset & FRAME_SIZE - 1;
            if (offset >= 0 && offset <= seen.length - bytes && at <= FRAME_SIZE - bytes) {
                final long word = seen.entry(offset >>> FRAME_SHIFT);
                final long entry = OffHeap.getLongAcquire(word);
                if ((entry & Entry.PRESENT) != 0) {
                    StopPoints.reached(MapPoint.LOAD_ENTRY_READ, pages.id(), seen.fileOffset + offset >>> FRAME_SHIFT);
                    final long base = (entry & Entry.PRIVATE) == 0 ? seen.frameBase : seen.privateBase;
                    final long value = Words.get(base + (entry & Entry.FRAME_MASK) + at, bytes);
                    StopPoints.reached(MapPoint.LOAD_VALUE_READ, pages.id(), seen.fileOffset + offset >>> FRAME_SHIFT);
                    OffHeap.loadFence();
                    if (seen.fileOffset + offset + bytes <= pages.size() && window == seen
                        && ((OffHeap.getLong(word) ^ entry) & ~Entry.LOCKED) == 0) {
                        Entry.accessed(word, entry);
                        // The value came from a raw address, which stays mapped only as long as this can be reached.
                        Reference.reachabilityFence(this);
                        return value;
                    }
                }
            } else if (offset >= 0 && offset <= seen.length - bytes) {
                return RegionCopy.loadAcross(this, offset, bytes);
            }
            FaultHandler.resolve(this, offset, bytes, false);
        }
    }

    private void store(final long offset, final int bytes, final long value) throws CacheException {
        boolean stored = false;
        while (!stored) {
            stored = storeIn(window, offset, bytes, value);
        }
    }

    /** A store that goes by one window only; false when the region has another by now. */
    boolean storeIn(final Window seen, final long offset, final int bytes, final long value) throws CacheException {
        final int at = (int) offset & FRAME_SIZE - 1;
        if (at > FRAME_SIZE - bytes) {
            RegionCopy.storeAcross(this, offset, bytes, value);
            return window == seen;
        }
        while (true) {
            if (offset >= 0 && offset <= seen.length - bytes) {
                final long word = seen.entry(offset >>> FRAME_SHIFT);
                final long entry = lockWritable(seen, word, seen.fileOffset + offset + bytes);
                if (entry != 0) {
                    StopPoints.reached(MapPoint.STORE_ENTRY_LOCKED, pages.id(), seen.fileOffset + offset >>> FRAME_SHIFT);
                    final long base = (entry & Entry.PRIVATE) == 0 ? seen.frameBase : seen.privateBase;
                    Words.put(base + (entry & Entry.FRAME_MASK) + at, bytes, value);
                    OffHeap.putLongRelease(word, entry | Entry.ACCESSED);
                    Reference.reachabilityFence(this);
                    return true;
                }
            }
            if (window != seen) {
                return false;
            }
            FaultHandler.resolve(this, offset, bytes, true);
        }
    }

    /**
     * Takes the bit of an entry through which may be stored; 0 when it must be resolved first. Under the bit window and size are
     * looked at again: who takes either away waits for the bit afterwards (M4).
     *
     * @param end first byte of the file behind the store
     */
    long lockWritable(final Window seen, final long word, final long end) {
        final long entry = OffHeap.getLongVolatile(word);
        if ((entry & (Entry.PRESENT | Entry.WRITABLE | Entry.LOCKED)) != (Entry.PRESENT | Entry.WRITABLE)
            || !OffHeap.compareAndSetLong(word, entry, entry | Entry.LOCKED)) {
            return 0;
        }
        if (window != seen || end > pages.size()) {
            Entry.unlock(word, entry);
            return 0;
        }
        return entry;
    }

    // ---- for this package ----

    AddressSpace space() {
        return space;
    }

    FilePages pages() {
        return pages;
    }

    PageMapper mapper() {
        return mapper;
    }

    Window window() {
        return window;
    }

    void publish(final Window next) {
        window = next;
    }

    /** Whether entries of a window are this region's; asked under the bit of one. */
    boolean owns(final Window other) {
        final Window now = window;
        return now == other || now.previous == other;
    }

    long lockedAt() {
        return lockedAt;
    }

    void lockedAt(final long sequence) {
        lockedAt = sequence;
    }

    int users() {
        return users.get();
    }

    void addUser() {
        users.getAndIncrement();
    }

    void removeUser() {
        users.getAndDecrement();
    }

    void privatePages(final int delta) {
        privatePages.getAndAdd(delta);
    }

    void askMadeWritable(final long index) throws CacheException {
        final PageMadeWritable callback = madeWritable;
        if (callback != null) {
            callback.pageMadeWritable(this, index << FRAME_SHIFT);
        }
    }

    boolean asksMadeWritable() {
        return madeWritable != null;
    }

    String describe(final Window of) {
        return of.isClosed() ? "a region at " + of.fileOffset + " of " + pages.name()
            : "a region of " + of.length + " bytes at " + of.fileOffset + " of " + pages.name();
    }

    private void refuseClosed(final Window before) throws CacheException {
        if (before.isClosed()) {
            throw new CacheException(Errno.EBADF, describe(before) + " is unmapped; map it again");
        }
    }

    private void resize(final Window before, final long newLength) throws CacheException {
        final long newPages = newLength + FRAME_SIZE - 1 >>> FRAME_SHIFT;
        final boolean fits = newPages <= before.table.pages();
        final PageTable table;
        try {
            table = fits ? before.table : space.allocate(pages, newLength, sharing == Sharing.PRIVATE);
        } catch (final OutOfMemoryError e) {
            throw AddressSpace.noSpace(pages.name(), newLength, e);
        }
        publish(new Window(before.start, newLength, before.fileOffset, before.writable, table, before));
        StopPoints.reached(MapPoint.CHANGE_PUBLISHED, pages.id(), before.start);
        if (!fits) {
            mapper.moveAll(before, table);
        } else if (newPages < before.pages()) {
            mapper.clearAll(before, newPages, before.pages() - 1);
        }
        publish(window.settled());
        if (!fits) {
            space.free(before.table);
        }
    }
}
