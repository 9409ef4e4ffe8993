package io.quire.engine.cache;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;

import java.util.function.IntSupplier;

import io.quire.engine.tree.PageTree;

/**
 * Decides how many pages to fetch at a miss: the read-ahead state of one open file.
 *
 * <p>A sequential reader gets a window that starts at a multiple of its request and grows up to a maximum; the last part of
 * a window begins with a marker page, whose first touch fetches the next window. A miss that continues no window looks at
 * the pages before it in the cache, so that streams that interleave on one open file recover.
 *
 * <p>Fields are plain: threads that share an open file may confuse the windows, which costs efficiency and nothing else.
 * Source: Linux {@code mm/readahead.c}, {@code page_cache_sync_ra} and {@code get_next_ra_size}.
 */
final class ReadAhead {
    private final IntSupplier limit;
    private int max;
    private long start;
    private int size;
    private int async;
    private long previous = -1;

    /**
     * The state of a file that was just opened.
     *
     * @param limit pages of the largest window; may change
     */
    ReadAhead(final IntSupplier limit) {
        this.limit = limit;
    }

    /**
     * The window for a miss.
     *
     * @param index   first missing page
     * @param request pages wanted from there on, 1 or more
     * @return pages to fetch, from {@code index} on
     */
    int onMiss(final Mapping mapping, final long index, final int request) {
        max = limit.getAsInt();
        final int wanted = Math.min(request, max);
        final long end = start + size;
        if (size > 0 && (index == end || index == end - async)) {
            advance(index);
        } else if (index == 0 || index == previous || index == previous + 1 || request > max) {
            begin(index, initial(wanted));
        } else {
            final int history = history(mapping, index);
            if (history <= wanted) {
                // A random read: nothing is known of what comes next, and the window of another stream stays.
                return wanted;
            }
            begin(index, Math.min(Math.max(history == index ? 2 * history : history, wanted) + wanted, max));
        }
        async = Math.max(0, size - wanted);
        return Math.max(size, wanted);
    }

    /**
     * The window to fetch when a marker page is touched.
     *
     * @param index the marker's index
     * @return first page to fetch; {@link #windowSize()} tells how many
     */
    long onMarker(final Mapping mapping, final long index) {
        max = limit.getAsInt();
        if (size > 0 && index == start + size - async) {
            advance(start + size);
        } else {
            // The marker of a stream whose window was overwritten by another: go on after what is present.
            long next = index + 1;
            while (next <= index + max && PageTree.isPage(mapping.tree.lookup(next))) {
                next++;
            }
            begin(next, nextSize((int) (next - index)));
        }
        async = size;
        return start;
    }

    int windowSize() {
        return size;
    }

    /** The index at which the marker belongs in the window that starts at {@code index}, or -1. */
    long marker(final long index, final int pages) {
        if (index != start || async == 0) {
            return -1;
        }
        final long marker = start + size - async;
        return marker < index + pages ? marker : -1;
    }

    void accessed(final long position, final int length) {
        previous = position + length - 1 >>> FRAME_SHIFT;
    }

    private void begin(final long index, final int pages) {
        start = index;
        size = pages;
    }

    private void advance(final long index) {
        size = nextSize(size);
        start = index;
    }

    private int initial(final int request) {
        final int rounded = Integer.highestOneBit(Math.max(1, 2 * request - 1));
        if (rounded <= max / 32) {
            return rounded * 4;
        }
        return rounded <= max / 4 ? rounded * 2 : max;
    }

    private int nextSize(final int current) {
        if (current < max / 16) {
            return Math.max(1, current * 4);
        }
        return current <= max / 2 ? current * 2 : max;
    }

    private int history(final Mapping mapping, final long index) {
        int pages = 0;
        while (pages < max && pages < index && PageTree.isPage(mapping.tree.lookup(index - 1 - pages))) {
            pages++;
        }
        return pages;
    }
}
