package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.FilePages;
import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.store.Errno;

/**
 * The table of mapped regions: maps files, hands out virtual addresses, and finds the region of an address.
 *
 * <p>A virtual address is the number of a slot, in its upper bits, and a byte in it; a region has a slot of its own, so
 * regions never meet and a lookup is one load. <b>Cost</b>: at most 2^18 regions of at most 4 TiB.
 *
 * <p><b>Lookup without locks.</b> The space has a sequence, which moves on when its lock is given back; a region has the
 * sequence at which it was last locked. A reader loads the slot and compares the two: equal means that the region may be
 * changing, and the lock is taken instead. An access that hits writes nothing: it finds the same window afterwards or does not
 * count. A fault counts itself among the region's users and compares again; who changes a region locks it by its sequence, and
 * waits for its users. A sequence that looks locked and is not costs a detour; one that looks unlocked and is not cannot be
 * (M1). Source: Linux's per-VMA locks, {@code lock_vma_under_rcu}, {@code vma_start_read}, {@code vma_start_write}.
 *
 * <p>Thread-safe. Start with {@link #map}.
 */
public final class AddressSpace implements AutoCloseable {
    /** Longest region, in bytes: 4 TiB. */
    public static final long MAX_LENGTH = 1L << 42;
    /** Most regions. */
    public static final int MAX_REGIONS = (1 << 18) - 1;
    /** How much is looked at around a read fault unless the constructor says otherwise, in bytes: 64 KiB, as in Linux. */
    public static final int FAULT_AROUND = 64 << 10;

    private static final int SLOT_SHIFT = 45;
    private static final int MAX_FAULT_AROUND = 256 << 10;
    private static final int FIRST_SLOTS = 64;
    private static final int SPINS = 200;
    private static final long PAUSE_NANOS = 20_000;
    private static final Cleaner CLEANER = Cleaner.create();
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(MappedRegion[].class);

    private final OrderedMutex lock = new OrderedMutex(LockClass.REGIONS, "region table");
    private final TableMemory memory = new TableMemory();
    private final int faultAroundPages;
    /** Slots that were given back; the one that was longest free is used next. Under the lock. */
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    /** Slots that were ever used, from 1 on. Under the lock. */
    private int usedSlots = 1;
    private int regions;
    private volatile MappedRegion[] slots = new MappedRegion[FIRST_SLOTS];
    private volatile long sequence = 1;

    /** Makes an empty space. */
    public AddressSpace() {
        this(FAULT_AROUND);
    }

    /**
     * Makes an empty space.
     *
     * @param faultAround how much is looked at around a read fault, in bytes: a power of two, 4096 (only the page itself) to
     *                    256 KiB
     */
    public AddressSpace(final int faultAround) {
        if (faultAround < FRAME_SIZE || faultAround > MAX_FAULT_AROUND || Integer.bitCount(faultAround) != 1) {
            throw new IllegalArgumentException(
                "fault-around must be a power of two from 4096 to " + MAX_FAULT_AROUND + ", not " + faultAround);
        }
        faultAroundPages = faultAround >>> FRAME_SHIFT;
        CLEANER.register(this, memory);
    }

    /**
     * Maps a range of a file. The region is a handle of the file: its pages stay when every {@link CachedFile} was closed. It
     * may go beyond the end of the file; an access there is refused until the file is long enough.
     *
     * @param file       an open file
     * @param offset     first byte, a multiple of 4096
     * @param length     bytes, 1 to {@link #MAX_LENGTH}
     * @param sharing    who sees what is stored
     * @param protection what may be done
     * @return the region
     * @throws CacheException EINVAL for a range that is negative, empty or does not begin with a page, EOVERFLOW beyond 2^63 - 1,
     *                        ENOMEM for a region that is too long, too many of them, or no address space, EBADF when closed
     */
    public MappedRegion map(final CachedFile file, final long offset, final long length, final Sharing sharing,
        final Protection protection) throws CacheException {
        Objects.requireNonNull(file, "file");
        Objects.requireNonNull(sharing, "sharing");
        final boolean writable = Objects.requireNonNull(protection, "protection") == Protection.READ_WRITE;
        final FilePages pages = file.pages();
        MappedRegion region = null;
        try {
            checkRange(pages.name(), offset, length);
            region = new MappedRegion(this, pages, sharing);
            lock.lock();
            try {
                final int slot = takeSlot(pages.name());
                try {
                    final PageTable table = allocate(pages, length, sharing == Sharing.PRIVATE);
                    region.publish(new Window((long) slot << SLOT_SHIFT, length, offset, writable, table, null));
                } catch (final OutOfMemoryError e) {
                    freeSlots.addLast(slot);
                    throw noSpace(pages.name(), length, e);
                }
                pages.addMapper(region.mapper());
                SLOT.setRelease(slots, slot, region);
                regions++;
            } finally {
                lock.unlock();
            }
            return region;
        } catch (final CacheException e) {
            pages.close(region == null ? null : region.mapper());
            throw e;
        }
    }

    /**
     * Finds the region that an address lies in.
     *
     * @param address virtual address
     * @return the region, or null when nothing is mapped there
     */
    public MappedRegion find(final long address) {
        final MappedRegion region = tryFind(address);
        return region != null ? region : findLocked(address);
    }

    /**
     * Loads through the table.
     *
     * @param address virtual address
     * @return the byte there
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#getByte}
     */
    public byte getByte(final long address) throws CacheException {
        return (byte) load(address, Byte.BYTES);
    }

    /**
     * Loads through the table.
     *
     * @param address virtual address
     * @return the value there, in native order
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#getInt}
     */
    public int getInt(final long address) throws CacheException {
        return (int) load(address, Integer.BYTES);
    }

    /**
     * Loads through the table.
     *
     * @param address virtual address
     * @return the value there, in native order
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#getLong}
     */
    public long getLong(final long address) throws CacheException {
        return load(address, Long.BYTES);
    }

    /**
     * Stores through the table.
     *
     * @param address virtual address
     * @param value   to store
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#putByte}
     */
    public void putByte(final long address, final byte value) throws CacheException {
        store(address, Byte.BYTES, value);
    }

    /**
     * Stores through the table.
     *
     * @param address virtual address
     * @param value   to store, in native order
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#putInt}
     */
    public void putInt(final long address, final int value) throws CacheException {
        store(address, Integer.BYTES, value);
    }

    /**
     * Stores through the table.
     *
     * @param address virtual address
     * @param value   to store, in native order
     * @throws CacheException EFAULT when nothing is mapped there, or as {@link MappedRegion#putLong}
     */
    public void putLong(final long address, final long value) throws CacheException {
        store(address, Long.BYTES, value);
    }

    /**
     * How many regions are mapped.
     *
     * @return 0 to {@link #MAX_REGIONS}
     */
    public int regions() {
        lock.lock();
        try {
            return regions;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Unmaps every region.
     *
     * @throws CacheException when the last handle of a file cannot write back or close; every region is unmapped all the same
     */
    @Override
    public void close() throws CacheException {
        CacheException failure = null;
        for (final MappedRegion region : slots) {
            try {
                if (region != null) {
                    region.close();
                }
            } catch (final CacheException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    // ---- lookup ----

    /** The region of an address that was not being changed at this moment, without a lock; or null, to take it. */
    private MappedRegion tryFind(final long address) {
        final MappedRegion[] table = slots;
        final long slot = address >>> SLOT_SHIFT;
        if (slot >= table.length) {
            return null;
        }
        final MappedRegion region = (MappedRegion) SLOT.getAcquire(table, (int) slot);
        if (region == null || region.lockedAt() == sequence) {
            return null;
        }
        StopPoints.reached(MapPoint.TABLE_FOUND, region.pages().id(), address);
        return region.window().start == (slot << SLOT_SHIFT) ? region : null;
    }

    private MappedRegion findLocked(final long address) {
        lock.lock();
        try {
            final long slot = address >>> SLOT_SHIFT;
            return slot < slots.length ? slots[(int) slot] : null;
        } finally {
            lock.unlock();
        }
    }

    private MappedRegion findOrRefuse(final long address) throws CacheException {
        final MappedRegion region = find(address);
        if (region == null) {
            throw new CacheException(Errno.EFAULT, "nothing is mapped at address 0x" + Long.toHexString(address));
        }
        return region;
    }

    private long load(final long address, final int bytes) throws CacheException {
        while (true) {
            final MappedRegion fast = tryFind(address);
            final MappedRegion region = fast != null ? fast : findOrRefuse(address);
            final Window window = region.window();
            if (window.start >>> SLOT_SHIFT == address >>> SLOT_SHIFT) {
                final long value = region.load(address - window.start, bytes);
                // A region that changed may have moved away from the address.
                if (region.window() == window) {
                    return value;
                }
            }
        }
    }

    private void store(final long address, final int bytes, final long value) throws CacheException {
        boolean stored = false;
        while (!stored) {
            final MappedRegion fast = tryFind(address);
            final MappedRegion region = fast != null ? fast : findOrRefuse(address);
            final Window window = region.window();
            stored = window.start >>> SLOT_SHIFT == address >>> SLOT_SHIFT
                && region.storeIn(window, address - window.start, bytes, value);
        }
    }

    // ---- users and changes ----

    /** Counts a fault among the region's users, so that the region does not change until it has left. */
    void enter(final MappedRegion region) {
        if (tryEnter(region)) {
            return;
        }
        lock.lock();
        try {
            // Nobody changes a region without the lock.
            region.addUser();
        } finally {
            lock.unlock();
        }
    }

    private boolean tryEnter(final MappedRegion region) {
        if (region.lockedAt() == sequence) {
            return false;
        }
        StopPoints.reached(MapPoint.PIN_CHECKED, region.pages().id(), region.window().start);
        region.addUser();
        StopPoints.reached(MapPoint.PIN_COUNTED, region.pages().id(), region.window().start);
        if (region.lockedAt() == sequence) {
            region.removeUser();
            return false;
        }
        return true;
    }

    void leave(final MappedRegion region) {
        region.removeUser();
    }

    /** What changes a region. */
    @FunctionalInterface
    interface Change {
        void run(Window before) throws CacheException;
    }

    /** Runs a change with the region locked: by its sequence against those who look for it, and empty of users. */
    void change(final MappedRegion region, final Change change) throws CacheException {
        lock.lock();
        try {
            region.lockedAt(sequence);
            StopPoints.reached(MapPoint.CHANGE_LOCKED, region.pages().id(), region.window().start);
            awaitUsers(region);
            change.run(region.window());
        } finally {
            // One store unlocks every region that was locked.
            sequence = sequence + 1;
            lock.unlock();
        }
    }

    /** Those who have the region finish their fault, which may read from the store; they need nothing that waits here. */
    private static void awaitUsers(final MappedRegion region) {
        int spins = 0;
        while (region.users() != 0) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    // ---- under the lock ----

    PageTable allocate(final FilePages pages, final long length, final boolean withCopies) {
        return PageTable.allocate(memory, length + FRAME_SIZE - 1 >>> FRAME_SHIFT, withCopies, pages.frameBase());
    }

    void free(final PageTable table) {
        table.free(memory);
    }

    /** Gives a region another slot; the start of it. */
    long moveSlot(final MappedRegion region, final long start) throws CacheException {
        final int slot = takeSlot(region.pages().name());
        freeSlot(start);
        SLOT.setRelease(slots, slot, region);
        return (long) slot << SLOT_SHIFT;
    }

    void remove(final long start) {
        freeSlot(start);
        regions--;
    }

    private void freeSlot(final long start) {
        final int slot = (int) (start >>> SLOT_SHIFT);
        SLOT.setRelease(slots, slot, null);
        freeSlots.addLast(slot);
    }

    private int takeSlot(final String name) throws CacheException {
        // Fresh slots first: an address that went stale should meet nothing, for as long as possible.
        if (usedSlots > MAX_REGIONS) {
            final Integer slot = freeSlots.pollFirst();
            if (slot == null) {
                throw new CacheException(Errno.ENOMEM, "no more than " + MAX_REGIONS
                    + " regions can be mapped; unmap one before " + name + " is mapped again");
            }
            return slot;
        }
        if (usedSlots == slots.length) {
            slots = Arrays.copyOf(slots, 2 * usedSlots);
        }
        return usedSlots++;
    }

    int faultAroundPages() {
        return faultAroundPages;
    }

    static void checkRange(final String name, final long offset, final long length) throws CacheException {
        final String range = "a region of " + length + " bytes at " + offset + " of " + name;
        if (offset < 0 || length <= 0) {
            throw new CacheException(Errno.EINVAL, range + " is negative or empty");
        }
        if ((offset & FRAME_SIZE - 1) != 0) {
            throw new CacheException(Errno.EINVAL, range + " does not begin with a page; use a multiple of " + FRAME_SIZE);
        }
        if (offset > Long.MAX_VALUE - length) {
            throw new CacheException(Errno.EOVERFLOW, range + " goes beyond the largest file of 2^63 - 1 bytes");
        }
        if (length > MAX_LENGTH) {
            throw new CacheException(Errno.ENOMEM, range + " is longer than " + MAX_LENGTH + "; map parts of it");
        }
    }

    static CacheException noSpace(final String name, final long length, final OutOfMemoryError cause) {
        final CacheException e = new CacheException(Errno.ENOMEM,
            "there is no address space for a region of " + length + " bytes of " + name + "; unmap others");
        e.initCause(cause);
        return e;
    }
}
