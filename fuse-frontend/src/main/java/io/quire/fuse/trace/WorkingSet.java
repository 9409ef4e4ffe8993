package io.quire.fuse.trace;

import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;

/** The different pages of a trace: 64 of them in a word. Not thread-safe. */
final class WorkingSet implements PageConsumer {
    private static final int WORD_SHIFT = 6;

    private final Long2ObjectHashMap<Long2LongHashMap> files = new Long2ObjectHashMap<>();
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
        // What was used stays used.
    }

    private void add(final long file, final long page) {
        references++;
        final Long2LongHashMap words = files.computeIfAbsent(file, key -> new Long2LongHashMap(0));
        final long key = page >>> WORD_SHIFT;
        final long before = words.get(key);
        final long after = before | 1L << page;
        if (after != before) {
            words.put(key, after);
            pages++;
        }
    }

    /** Different pages. */
    long pages() {
        return pages;
    }

    /** How often pages were touched. */
    long references() {
        return references;
    }

    int files() {
        return files.size();
    }
}
