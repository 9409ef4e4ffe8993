package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;

import io.quire.engine.memory.OffHeap;

/**
 * The entries of a region, off-heap: one word per page, and one bit per 512 entries that tells whether any of them was ever
 * used, so that a sweep costs what was used and not what was mapped. Space of a private region's copies goes with it: a page's
 * copy has the page's place there.
 *
 * <p>Memory is reserved for all pages at once and touched as entries are used.
 */
final class PageTable {
    private static final int CHUNK_SHIFT = 9;
    private static final int WORD_SHIFT = 6;

    private final long entries;
    private final long used;
    private final long privateBase;
    private final long frameBase;
    private final long pages;

    private PageTable(final long entries, final long used, final long privateBase, final long frameBase,
        final long pages) {
        this.entries = entries;
        this.used = used;
        this.privateBase = privateBase;
        this.frameBase = frameBase;
        this.pages = pages;
    }

    /** A table in which no page is shown. */
    static PageTable allocate(final TableMemory memory, final long wanted, final boolean withCopies, final long frameBase) {
        // Room to grow up to the next power of two costs nothing.
        final long pages = wanted <= 1 ? 1 : Long.highestOneBit(wanted - 1) << 1;
        final long entries = memory.allocate(pages << 3);
        long used = 0;
        long copies = 0;
        boolean complete = false;
        try {
            used = memory.allocate(usedBytes(pages));
            copies = withCopies ? memory.allocate(pages << FRAME_SHIFT) : 0;
            complete = true;
        } finally {
            if (!complete) {
                memory.free(entries, pages << 3);
                if (used != 0) {
                    memory.free(used, usedBytes(pages));
                }
            }
        }
        return new PageTable(entries, used, copies, frameBase, pages);
    }

    /** Gives the memory back; every entry is 0. */
    void free(final TableMemory memory) {
        memory.free(entries, pages << 3);
        memory.free(used, usedBytes(pages));
        if (privateBase != 0) {
            memory.free(privateBase, pages << FRAME_SHIFT);
        }
    }

    private static long usedBytes(final long pages) {
        return ((pages - 1 >>> CHUNK_SHIFT + WORD_SHIFT) + 1) << 3;
    }

    long entries() {
        return entries;
    }

    long privateBase() {
        return privateBase;
    }

    long frameBase() {
        return frameBase;
    }

    /** Pages that there is room for. */
    long pages() {
        return pages;
    }

    long entry(final long page) {
        assert page >= 0 && page < pages : page;
        return entries + (page << 3);
    }

    /** Where a page's private copy is. */
    long copyAddress(final long page) {
        return privateBase + (page << FRAME_SHIFT);
    }

    /** Notes that an entry is about to be used; before its bit is taken. A sweep that misses this comes before the size check. */
    void use(final long page) {
        final long word = used + (page >>> CHUNK_SHIFT + WORD_SHIFT << 3);
        final long bit = 1L << (page >>> CHUNK_SHIFT);
        if ((OffHeap.getLongVolatile(word) & bit) == 0) {
            OffHeap.getAndOrLong(word, bit);
        }
    }

    /** What a sweep does with an entry that is not 0. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Looks at an entry.
         *
         * @param page  its number in the region
         * @param word  its address
         * @param entry what it is; its bit is taken, and given back by the visitor
         * @return false to end the sweep
         */
        boolean visit(long page, long word, long entry);
    }

    /** Visits the entries of a range that are not 0, in ascending order, each under its bit. */
    void sweep(final long first, final long last, final Visitor visitor) {
        if (first == last) {
            visit(first, visitor);
            return;
        }
        long page = first;
        while (page <= last) {
            final long bits = OffHeap.getLongVolatile(used + (page >>> CHUNK_SHIFT + WORD_SHIFT << 3))
                >>> (page >>> CHUNK_SHIFT);
            if (bits == 0) {
                page = (page >>> CHUNK_SHIFT + WORD_SHIFT) + 1 << CHUNK_SHIFT + WORD_SHIFT;
            } else if ((bits & 1) == 0) {
                page = (page >>> CHUNK_SHIFT) + Long.numberOfTrailingZeros(bits) << CHUNK_SHIFT;
            } else {
                final long end = Math.min(last, page | (1L << CHUNK_SHIFT) - 1);
                while (page <= end) {
                    if (!visit(page++, visitor)) {
                        return;
                    }
                }
            }
        }
    }

    private boolean visit(final long page, final Visitor visitor) {
        final long word = entry(page);
        final long entry = Entry.lockPresent(word);
        return entry == 0 || visitor.visit(page, word, entry);
    }
}
