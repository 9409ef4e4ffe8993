package io.quire.fuse.trace;

/** Turns what a trace does to files into the pages that it touches. */
final class PageReferences implements FileEvents<RuntimeException> {
    static final int PAGE_SHIFT = 12;
    static final long PAGE_SIZE = 1L << PAGE_SHIFT;

    private final PageConsumer consumer;

    PageReferences(final PageConsumer consumer) {
        this.consumer = consumer;
    }

    @Override
    public void opened(final long node, final long handle, final long size) {
        // Opening touches no page.
    }

    @Override
    public void closed(final long node, final long handle) {
        // The pages stay.
    }

    @Override
    public void read(final long node, final long handle, final long offset, final long asked, final long count,
        final long size) {
        for (long page = offset >>> PAGE_SHIFT; count > 0 && page < pages(offset + count); page++) {
            consumer.read(node, page);
        }
    }

    @Override
    public void written(final long node, final long handle, final long offset, final long count, final long sizeBefore) {
        final long end = offset + count;
        for (long page = offset >>> PAGE_SHIFT; page < pages(end); page++) {
            final long first = page << PAGE_SHIFT;
            consumer.written(node, page, (offset <= first || sizeBefore <= first)
                && (end - first >= PAGE_SIZE || end >= sizeBefore));
        }
    }

    @Override
    public void resized(final long node, final long sizeBefore, final long size) {
        if (size < sizeBefore || size == 0) {
            consumer.removed(node, pages(size), Long.MAX_VALUE);
        }
    }

    @Override
    public void punched(final long node, final long offset, final long length) {
        final long from = pages(offset);
        final long to = offset + length >>> PAGE_SHIFT;
        if (from < to) {
            consumer.removed(node, from, to);
        }
    }

    @Override
    public void allocated(final long node, final long offset, final long length, final long size) {
        // Space is no page.
    }

    @Override
    public void synced(final long node, final long handle, final boolean dataOnly) {
        // Pages are written through.
    }

    @Override
    public void gone(final long node) {
        consumer.removed(node, 0, Long.MAX_VALUE);
    }

    /** Pages that bytes from 0 on fill or begin. */
    static long pages(final long bytes) {
        return (bytes >>> PAGE_SHIFT) + ((bytes & PAGE_SIZE - 1) != 0 ? 1 : 0);
    }
}
