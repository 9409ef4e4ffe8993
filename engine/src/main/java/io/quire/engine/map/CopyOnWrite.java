package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.FilePages;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * The first store to a page of a private region: the region gets a copy of its own.
 *
 * <p>The source is pinned and not locked, so a copy can hold a part of a write that runs beside it, as a read can. What makes it
 * good is looked at under the entry's bit after the copy: the page still bound and uptodate, below the size (M8). Source: Linux
 * {@code wp_page_copy}, {@code do_cow_fault}.
 */
final class CopyOnWrite {
    private CopyOnWrite() {
    }

    /** One attempt; false when the page must be looked up again. The region's users were counted up. */
    static boolean copy(final MappedRegion region, final Window window, final long page) throws CacheException {
        final FilePages pages = region.pages();
        final long index = window.firstIndex() + page;
        final int frame = pages.pin(index);
        if (frame == FilePages.BEYOND_END) {
            return false;
        }
        try {
            StopPoints.reached(MapPoint.COPY_SOURCE_PINNED, pages.id(), index);
            window.table.use(page);
            final long word = window.entry(page);
            final long before = Entry.lock(word);
            long after = before;
            try {
                if ((before & Entry.PRIVATE) == 0 && pages.isCurrent(index, frame)) {
                    copyPage(window.frameBase + ((long) frame << FRAME_SHIFT), window.table.copyAddress(page));
                    StopPoints.reached(MapPoint.COPY_DONE, pages.id(), index);
                    OffHeap.fullFence();
                    if (pages.isCurrent(index, frame)) {
                        after = Entry.ownCopy(page, Entry.ACCESSED | Entry.WRITABLE);
                    }
                }
            } finally {
                Entry.unlock(word, after);
            }
            if (after == before) {
                return (before & Entry.PRIVATE) != 0;
            }
            region.privatePages(1);
            if (Entry.isShared(before)) {
                pages.hide(Entry.frame(before));
            }
            return true;
        } finally {
            pages.release(frame);
        }
    }

    static void copyPage(final long from, final long to) {
        OffHeap.copy(from, to, FRAME_SIZE);
    }
}
