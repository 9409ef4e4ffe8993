package io.quire.fuse.trace;

import java.util.HashMap;
import java.util.Map;

/**
 * Turns records into the pages that they touch. It keeps what the filesystem kept: sizes, and what the kernel and open handles
 * hold, because the pages of a file go when neither holds it any more. Not thread-safe.
 */
final class PageReferences implements RecordConsumer<RuntimeException> {
    static final int PAGE_SHIFT = 12;
    static final long PAGE_SIZE = 1L << PAGE_SHIFT;

    private static final int FATTR_SIZE = 8;
    private static final int O_TRUNC = 0x200;
    private static final int PUNCH_HOLE = 2;
    private static final int ZERO_RANGE = 16;
    private static final int KEEP_SIZE = 1;

    private final PageConsumer consumer;
    private final Map<Long, FileState> files = new HashMap<>();
    private final Map<Long, Long> handles = new HashMap<>();

    /** What holds a file, and how large it is. */
    private static final class FileState {
        private long references;
        private long size;
        private boolean touched;
    }

    PageReferences(final PageConsumer consumer) {
        this.consumer = consumer;
    }

    @Override
    public void accept(final TraceRecord record) {
        if (record.result() < 0) {
            return;
        }
        switch (record.kind()) {
            case LOOKUP -> {
                if (record.argument() != 0) {
                    found(record.argument()).size = record.length();
                }
            }
            case MKNOD, LINK -> found(record.argument());
            case GETATTR -> file(record.node()).size = record.length();
            case SETATTR -> {
                if ((record.argument() & FATTR_SIZE) != 0) {
                    resize(record.node(), record.offset());
                }
            }
            case CREATE -> {
                final FileState file = found(record.argument());
                if ((record.offset() & O_TRUNC) != 0) {
                    resize(record.argument(), 0);
                }
                file.size = record.length();
                opened(record.argument(), record.handle());
            }
            case OPEN -> {
                if ((record.argument() & O_TRUNC) != 0) {
                    resize(record.node(), 0);
                }
                opened(record.node(), record.handle());
            }
            case RELEASE -> {
                final Long node = handles.remove(record.handle());
                if (node != null) {
                    release(node, 1);
                }
            }
            case FORGET -> release(record.node(), record.length());
            case READ -> read(record);
            case WRITE -> write(record);
            case FALLOCATE -> allocate(record);
            default -> { }
        }
    }

    private FileState file(final long node) {
        return files.computeIfAbsent(node, key -> new FileState());
    }

    private FileState found(final long node) {
        final FileState file = file(node);
        file.references++;
        return file;
    }

    private void opened(final long node, final long handle) {
        found(node);
        handles.put(handle, node);
    }

    private void release(final long node, final long count) {
        final FileState file = files.get(node);
        if (file != null) {
            file.references -= count;
            if (file.references <= 0) {
                files.remove(node);
                if (file.touched) {
                    consumer.removed(node, 0, Long.MAX_VALUE);
                }
            }
        }
    }

    private void resize(final long node, final long size) {
        final FileState file = file(node);
        if (size < file.size || size == 0) {
            consumer.removed(node, pages(size), Long.MAX_VALUE);
        }
        file.size = size;
    }

    private void read(final TraceRecord record) {
        if (record.result() > 0) {
            final FileState file = file(record.node());
            final long end = record.offset() + record.result();
            for (long page = record.offset() >>> PAGE_SHIFT; page < pages(end); page++) {
                consumer.read(record.node(), page);
            }
            file.touched = true;
            file.size = Math.max(file.size, end);
        }
    }

    private void write(final TraceRecord record) {
        if (record.result() > 0) {
            final FileState file = file(record.node());
            final long start = record.offset();
            final long end = start + record.result();
            for (long page = start >>> PAGE_SHIFT; page < pages(end); page++) {
                final long first = page << PAGE_SHIFT;
                consumer.written(record.node(), page, (start <= first || file.size <= first)
                    && (end >= first + PAGE_SIZE || end >= file.size));
            }
            file.touched = true;
            file.size = Math.max(file.size, end);
        }
    }

    private void allocate(final TraceRecord record) {
        final Long node = record.node() != 0 ? Long.valueOf(record.node()) : handles.get(record.handle());
        if (node == null) {
            return;
        }
        final long end = record.offset() + record.length();
        if ((record.argument() & (PUNCH_HOLE | ZERO_RANGE)) != 0 && pages(record.offset()) < end >>> PAGE_SHIFT) {
            consumer.removed(node, pages(record.offset()), end >>> PAGE_SHIFT);
        }
        if ((record.argument() & KEEP_SIZE) == 0) {
            file(node).size = Math.max(file(node).size, end);
        }
    }

    /** Pages that bytes from 0 on fill or begin. */
    private static long pages(final long bytes) {
        return (bytes >>> PAGE_SHIFT) + ((bytes & PAGE_SIZE - 1) != 0 ? 1 : 0);
    }
}
