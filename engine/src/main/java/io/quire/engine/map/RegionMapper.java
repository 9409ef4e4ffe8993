package io.quire.engine.map;

import io.quire.engine.cache.FilePages;
import io.quire.engine.cache.PageMapper;

/**
 * Takes entries back: the region's end of the reverse map, and its own unmapping.
 *
 * <p>An entry is cleared first and the map count lowered afterwards, both under the entry's bit, so a count is never lower than
 * the entries that show the page. Tables are recycled: under the bit it is looked whether the table is still this region's (M2).
 */
final class RegionMapper implements PageMapper {
    private final MappedRegion region;
    private final FilePages pages;

    RegionMapper(final MappedRegion region, final FilePages pages) {
        this.region = region;
        this.pages = pages;
    }

    @Override
    public int unmap(final long first, final long last, final boolean even) {
        final int[] taken = new int[1];
        everyTable(first, last, (window, word, entry) -> {
            final boolean go = region.owns(window) && (Entry.isShared(entry) || even);
            if (go) {
                clear(word, entry);
                taken[0]++;
            } else {
                Entry.unlock(word, entry);
            }
        });
        return taken[0];
    }

    @Override
    public int writeProtect(final long index) {
        final int[] writable = new int[1];
        everyTable(index, index, (window, word, entry) -> {
            final boolean go = region.owns(window) && Entry.isShared(entry) && (entry & Entry.WRITABLE) != 0;
            Entry.unlock(word, go ? entry & ~Entry.WRITABLE : entry);
            writable[0] += go ? 1 : 0;
        });
        return writable[0];
    }

    @Override
    public boolean referenced(final long index) {
        final boolean[] used = new boolean[1];
        everyTable(index, index, (window, word, entry) -> {
            final boolean go = region.owns(window) && Entry.isShared(entry) && (entry & Entry.ACCESSED) != 0;
            Entry.unlock(word, go ? entry & ~Entry.ACCESSED : entry);
            used[0] |= go;
        });
        return used[0];
    }

    @Override
    public int entries(final long index) {
        final int[] count = new int[1];
        everyTable(index, index, (window, word, entry) -> {
            count[0] += region.owns(window) && Entry.isShared(entry) ? 1 : 0;
            Entry.unlock(word, entry);
        });
        return count[0];
    }

    /** Takes back every entry of pages of a window that is no longer published but as another's previous one. */
    void clearAll(final Window window, final long first, final long last) {
        window.table.sweep(first, last, (page, word, entry) -> {
            clear(word, entry);
            return true;
        });
    }

    /** Makes every entry of a window read-only. */
    void writeProtectAll(final Window window) {
        window.table.sweep(0, window.pages() - 1, (page, word, entry) -> {
            Entry.unlock(word, entry & ~Entry.WRITABLE);
            return true;
        });
    }

    /** Moves the private copies to a larger table; everything else is taken back. */
    void moveAll(final Window from, final PageTable to) {
        from.table.sweep(0, from.pages() - 1, (page, word, entry) -> {
            if ((entry & Entry.PRIVATE) != 0) {
                to.use(page);
                final long target = to.entry(page);
                Entry.lock(target);
                CopyOnWrite.copyPage(from.table.copyAddress(page), to.copyAddress(page));
                Entry.unlock(target, entry);
                Entry.unlock(word, 0);
            } else {
                clear(word, entry);
            }
            return true;
        });
    }

    private void clear(final long word, final long entry) {
        Entry.unlock(word, 0);
        if (Entry.isShared(entry)) {
            pages.hide(Entry.frame(entry));
        } else {
            region.privatePages(-1);
        }
    }

    /** What is done with an entry. */
    @FunctionalInterface
    private interface Action {
        void act(Window window, long word, long entry);
    }

    /**
     * Visits entries of a range of the file, in the window that is being left and in the one that holds now, in this order,
     * because entries move only that way; and again when the region changed meanwhile.
     */
    private void everyTable(final long first, final long last, final Action action) {
        Window seen;
        do {
            seen = region.window();
            if (seen.previous != null) {
                sweep(seen.previous, first, last, action);
            }
            sweep(seen, first, last, action);
        } while (region.window() != seen);
    }

    private void sweep(final Window window, final long first, final long last, final Action action) {
        final long from = Math.max(0, first - window.firstIndex());
        final long to = Math.min(window.pages() - 1, last - window.firstIndex());
        if (from <= to) {
            window.table.sweep(from, to, (page, word, entry) -> {
                action.act(window, word, entry);
                return region.owns(window);
            });
        }
    }
}
