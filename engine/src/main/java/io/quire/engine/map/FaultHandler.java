package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;

import io.quire.engine.cache.BeyondEndException;
import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.FilePages;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;
import io.quire.engine.store.Errno;

/**
 * What happens when an access finds no entry that allows it: the access is refused with a typed error, or the entry is made and
 * the access tries again.
 *
 * <p>A fault counts itself among the region's users, so the region does not change under it. An entry is installed under the
 * page lock, where the page was found bound, uptodate and below the size, or by the ordered check of {@link FaultAround}. Locks:
 * fault mutex and page lock inside {@link FilePages#pin}, page lock, entry bit. The write lock of the file is only taken by
 * throttling, before the region is counted. Source: Linux {@code do_fault}, {@code do_shared_fault}, {@code finish_fault}.
 */
final class FaultHandler {
    private FaultHandler() {
    }

    /**
     * Makes an access possible that was not, or says why it is not.
     *
     * @param offset first byte in the region
     * @param bytes  length of the access, in one page
     * @param store  whether it is a store
     * @throws CacheException EBADF, EFAULT, EACCES for an access that is not allowed, {@link BeyondEndException} beyond the
     *                        file's size, or what kept the page from being fetched
     */
    static void resolve(final MappedRegion region, final long offset, final int bytes, final boolean store)
        throws CacheException {
        final boolean shared = store && region.sharing() == Sharing.SHARED;
        if (shared) {
            region.pages().balance();
        }
        final boolean asks = shared && region.asksMadeWritable();
        if (!attempt(region, offset, bytes, store, !asks)) {
            final long index = region.fileOffset() + offset >>> FRAME_SHIFT;
            StopPoints.reached(MapPoint.WRITABLE_ASKING, region.pages().id(), index);
            // Nothing is held here, the region neither: who changes it waits for its users, with the region table locked.
            region.askMadeWritable(index);
            attempt(region, offset, bytes, store, true);
        }
    }

    /** One attempt; false when somebody must be asked before the page is made writable. */
    private static boolean attempt(final MappedRegion region, final long offset, final int bytes, final boolean store,
        final boolean granted) throws CacheException {
        region.space().enter(region);
        try {
            final Window window = region.window();
            check(region, window, offset, bytes, store);
            region.pages().checkOpen();
            final long page = offset >>> FRAME_SHIFT;
            final long word = window.entry(page);
            final long entry = OffHeap.getLongVolatile(word);
            final long needed = Entry.PRESENT | (store ? Entry.WRITABLE : 0);
            if ((entry & needed) == needed) {
                // Another access was first, or somebody has the entry's bit: not for long.
                Entry.unlock(word, Entry.lock(word));
                return true;
            }
            if (!store) {
                read(region, window, page);
            } else if (region.sharing() == Sharing.SHARED) {
                if (!granted) {
                    return false;
                }
                makeWritable(region, window, page);
            } else if ((entry & Entry.PRIVATE) != 0) {
                unprotect(word);
            } else {
                CopyOnWrite.copy(region, window, page);
            }
            return true;
        } finally {
            region.space().leave(region);
        }
    }

    /** Refuses what a window does not allow. */
    static void check(final MappedRegion region, final Window window, final long offset, final long bytes,
        final boolean store) throws CacheException {
        if (window.isClosed()) {
            throw new CacheException(Errno.EBADF, region.describe(window) + " is unmapped; map it again");
        }
        if (offset < 0 || bytes < 0 || offset > window.length - bytes) {
            throw new CacheException(Errno.EFAULT, bytes + " bytes at " + offset + " lie outside of "
                + region.describe(window));
        }
        if (store && !window.writable) {
            throw new CacheException(Errno.EACCES, region.describe(window) + " is read-only: " + bytes + " bytes at "
                + offset + " cannot be stored; protect it for writing");
        }
        final long position = window.fileOffset + offset;
        final long size = region.pages().size();
        if (position + bytes > size) {
            throw new BeyondEndException(region.pages().name(), position, bytes, size);
        }
    }

    /** A private copy that was write-protected with its region needs no second copy. */
    private static void unprotect(final long word) {
        final long entry = Entry.lock(word);
        Entry.unlock(word, (entry & Entry.PRIVATE) != 0 ? entry | Entry.WRITABLE : entry);
    }

    private static void read(final MappedRegion region, final Window window, final long page) throws CacheException {
        final FilePages pages = region.pages();
        final int width = region.space().faultAroundPages();
        if (width > 1 && FaultAround.install(pages, window, page, width)) {
            return;
        }
        final long index = window.firstIndex() + page;
        final int frame = pages.pin(index);
        if (frame == FilePages.BEYOND_END) {
            return;
        }
        try {
            StopPoints.reached(MapPoint.FAULT_PAGE_PINNED, pages.id(), index);
            if (pages.lock(index, frame)) {
                try {
                    StopPoints.reached(MapPoint.FAULT_PAGE_LOCKED, pages.id(), index);
                    install(pages, window, page, frame, 0);
                    StopPoints.reached(MapPoint.FAULT_INSTALLED, pages.id(), index);
                } finally {
                    pages.unlock(frame);
                }
            }
        } finally {
            pages.release(frame);
        }
    }

    /**
     * A store through a shared region. The callback was asked; what it may have changed - the size, the page - is looked at
     * under the page lock. The page is dirty before the entry is writable (M5).
     */
    private static void makeWritable(final MappedRegion region, final Window window, final long page)
        throws CacheException {
        final FilePages pages = region.pages();
        final long index = window.firstIndex() + page;
        final int frame = pages.pin(index);
        if (frame == FilePages.BEYOND_END) {
            return;
        }
        try {
            StopPoints.reached(MapPoint.WRITABLE_GRANTED, pages.id(), index);
            if (pages.lock(index, frame)) {
                try {
                    StopPoints.reached(MapPoint.FAULT_PAGE_LOCKED, pages.id(), index);
                    pages.markDirty(index, frame);
                    StopPoints.reached(MapPoint.WRITABLE_DIRTY, pages.id(), index);
                    install(pages, window, page, frame, Entry.WRITABLE);
                    StopPoints.reached(MapPoint.FAULT_INSTALLED, pages.id(), index);
                } finally {
                    pages.unlock(frame);
                }
            }
        } finally {
            pages.release(frame);
        }
    }

    /** Makes an entry show a page that is locked. */
    private static void install(final FilePages pages, final Window window, final long page, final int frame,
        final long flags) {
        final long word = window.entry(page);
        window.table.use(page);
        final long before = Entry.lock(word);
        if ((before & Entry.PRESENT) == 0) {
            Entry.unlock(word, Entry.shared(frame, pages.show(frame), Entry.ACCESSED | flags));
        } else {
            // A private copy stays, and an entry that shows a page shows the one that is locked here.
            assert (before & Entry.PRIVATE) != 0 || Entry.frame(before) == frame : Long.toHexString(before);
            Entry.unlock(word, (before & Entry.PRIVATE) != 0 ? before : before | Entry.ACCESSED | flags);
        }
    }
}
