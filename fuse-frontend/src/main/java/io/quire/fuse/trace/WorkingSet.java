package io.quire.fuse.trace;

import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * The most pages of a trace that were used and still existed at one time: a cache of that size would only miss first uses.
 *
 * <p>Pages of journals and temporary files that come and go count as many times as they exist at once, not as often as they are
 * made. A word of 64 bits stands for 64 pages. Not thread-safe.
 */
final class WorkingSet implements PageConsumer {
    private static final int WORD_SHIFT = 6;
    private static final long WORD_MASK = (1L << WORD_SHIFT) - 1;

    private final Long2ObjectHashMap<Long2LongHashMap> files = new Long2ObjectHashMap<>();
    private long present;
    private long pages;
    private long references;

    static WorkingSet of(final TraceReader trace) throws TraceException {
        final WorkingSet set = new WorkingSet();
        trace.forEachPage(set);
        return set;
    }

    @Override
    public void read(final long file, final long page) {
        add(file, page);
    }

    @Override
    public void written(final long file, final long page, final boolean whole) {
        add(file, page);
    }

    @Override
    public void removed(final long file, final long from, final long to) {
        final Long2LongHashMap words = files.get(file);
        if (words == null || from >= to) {
            return;
        }
        final long first = from >>> WORD_SHIFT;
        final long last = to - 1 >>> WORD_SHIFT;
        if (last - first < words.size()) {
            for (long key = first; key <= last; key++) {
                clear(words, key, from, to);
            }
        } else {
            // The range may have 2^51 pages, the file only has what was used of it.
            for (final long key : words.keySet().toArray(Long[]::new)) {
                clear(words, key, from, to);
            }
        }
    }

    private void add(final long file, final long page) {
        references++;
        final Long2LongHashMap words = files.computeIfAbsent(file, key -> new Long2LongHashMap(0));
        final long key = page >>> WORD_SHIFT;
        final long before = words.get(key);
        final long after = before | 1L << page;
        if (after != before) {
            words.put(key, after);
            present++;
            pages = Math.max(pages, present);
        }
    }

    /** Forgets the pages of [from, to) that are in a word. */
    private void clear(final Long2LongHashMap words, final long key, final long from, final long to) {
        final long start = key << WORD_SHIFT;
        if (from > start + WORD_MASK || to <= start) {
            return;
        }
        final long upper = to > start + WORD_MASK ? -1L : (1L << to) - 1;
        final long lower = from <= start ? -1L : -1L << from;
        final long before = words.get(key);
        final long gone = before & upper & lower;
        present -= Long.bitCount(gone);
        if (before == gone) {
            words.remove(key);
        } else {
            words.put(key, before & ~gone);
        }
    }

    /** Most pages that were used and existed at one time. */
    long pages() {
        return pages;
    }

    /** How often pages were touched. */
    long references() {
        return references;
    }

    /** Files that were used at any time. */
    int files() {
        return files.size();
    }
}
