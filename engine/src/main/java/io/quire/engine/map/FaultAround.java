package io.quire.engine.map;

import io.quire.engine.cache.FilePages;
import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * Shows the pages around a read fault that are present anyway, without their page locks and without references.
 *
 * <p>For each: the entry is empty, its bit is taken; the page is good and not locked; its map count is raised; it is still the
 * same, good and not locked; the entry is installed. Who removes a page locks it before it looks at entries, so it either is
 * seen here, or waits for the bit and finds the entry (M3). Source: Linux {@code filemap_map_pages}.
 */
final class FaultAround {
    private static final int MAX = 64;

    private FaultAround() {
    }

    /**
     * Installs what is present of the aligned block around a page.
     *
     * @param width pages of a block, a power of two, at most 64
     * @return whether the page itself was installed
     */
    static boolean install(final FilePages pages, final Window window, final long wanted, final int width) {
        final long first = wanted & -width;
        final long end = Math.min(window.pages(), first + width);
        final int[] frames = new int[Math.min(width, MAX)];
        boolean installed = false;
        // A block never crosses a bit of the map of used entries: widths are smaller powers of two.
        window.table.use(wanted);
        long page = first;
        while (page < end) {
            final int n = pages.peek(window.firstIndex() + page, (int) (end - page), frames);
            for (int i = 0; i < n; i++) {
                if (frames[i] != FilePages.NONE && installOne(pages, window, page + i, frames[i])) {
                    installed |= page + i == wanted;
                }
            }
            page += n;
        }
        return installed;
    }

    /** A neighbour counts as used from the start, as on processors that keep the bit: its first load then changes nothing. */
    private static boolean installOne(final FilePages pages, final Window window, final long page, final int frame) {
        final long word = window.entry(page);
        if (OffHeap.getLongVolatile(word) != 0 || !OffHeap.compareAndSetLong(word, 0, Entry.LOCKED)) {
            return false;
        }
        long entry = 0;
        try {
            final long index = window.firstIndex() + page;
            StopPoints.reached(MapPoint.AROUND_ENTRY_LOCKED, pages.id(), index);
            final long state = pages.tryShow(index, frame);
            if (state != FilePages.REFUSED) {
                StopPoints.reached(MapPoint.AROUND_SHOWN, pages.id(), index);
                entry = Entry.shared(frame, state, Entry.ACCESSED);
            }
        } finally {
            Entry.unlock(word, entry);
        }
        return entry != 0;
    }
}
