package io.quire.fuse.trace;

import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Follows the files of a trace: how large they are, which handles belong to them, and what holds them. The pages of a file go
 * when neither the kernel nor a handle holds it any more, as they do in the filesystem that was recorded. Not thread-safe.
 *
 * @param <E> what its listener may throw
 */
final class FileTracker<E extends Exception> implements RecordConsumer<E> {
    private static final int FATTR_SIZE = 8;
    private static final int O_TRUNC = 0x200;
    private static final int PUNCH_HOLE = 2;
    private static final int ZERO_RANGE = 16;
    private static final int KEEP_SIZE = 1;

    private final FileEvents<E> events;
    private final Long2ObjectHashMap<FileState> files = new Long2ObjectHashMap<>();
    private final Long2LongHashMap handles = new Long2LongHashMap(0);
    private long data;

    /** What holds a file, and how large it is. */
    private static final class FileState {
        private long references;
        private long size;
        private boolean touched;
    }

    FileTracker(final FileEvents<E> events) {
        this.events = events;
    }

    /** Records so far that were about the data of a file. */
    long data() {
        return data;
    }

    @Override
    public void accept(final TraceRecord record) throws E {
        if (record.result() < 0) {
            return;
        }
        data += switch (record.kind()) {
            case OPEN, CREATE, RELEASE, READ, WRITE, FALLOCATE, FSYNC -> 1;
            case SETATTR -> (record.argument() & FATTR_SIZE) != 0 ? 1 : 0;
            default -> 0;
        };
        switch (record.kind()) {
            case LOOKUP, MKNOD, LINK -> {
                if (record.argument() != 0) {
                    found(record.argument(), record.length());
                }
            }
            case GETATTR -> file(record.node()).size = record.length();
            case SETATTR -> {
                if ((record.argument() & FATTR_SIZE) != 0) {
                    resize(record.node(), record.offset());
                }
            }
            case CREATE -> create(record);
            case OPEN -> {
                if ((record.argument() & O_TRUNC) != 0) {
                    resize(record.node(), 0);
                }
                open(record.node(), record.handle());
            }
            case RELEASE -> {
                final long node = handles.remove(record.handle());
                if (node != 0) {
                    events.closed(node, record.handle());
                    release(node, 1);
                }
            }
            case FORGET -> release(record.node(), record.length());
            case READ -> read(record);
            case WRITE -> write(record);
            case FALLOCATE -> allocate(record);
            case FSYNC -> {
                final long node = handles.get(record.handle());
                if (node != 0) {
                    events.synced(node, record.handle(), record.argument() != 0);
                }
            }
            default -> { }
        }
    }

    private FileState file(final long node) {
        return files.computeIfAbsent(node, key -> new FileState());
    }

    private void found(final long node, final long size) {
        final FileState file = file(node);
        file.references++;
        file.size = size;
    }

    private void create(final TraceRecord record) throws E {
        if ((record.offset() & O_TRUNC) != 0 && files.containsKey(record.argument())) {
            resize(record.argument(), 0);
        }
        found(record.argument(), record.length());
        open(record.argument(), record.handle());
    }

    private void open(final long node, final long handle) throws E {
        final FileState file = file(node);
        file.references++;
        handles.put(handle, node);
        events.opened(node, handle, file.size);
    }

    private void release(final long node, final long count) throws E {
        final FileState file = files.get(node);
        if (file != null) {
            file.references -= count;
            if (file.references <= 0) {
                files.remove(node);
                if (file.touched) {
                    events.gone(node);
                }
            }
        }
    }

    private void resize(final long node, final long size) throws E {
        final FileState file = file(node);
        events.resized(node, file.size, size);
        file.touched = true;
        file.size = size;
    }

    private void read(final TraceRecord record) throws E {
        final FileState file = file(record.node());
        if (record.result() > 0) {
            file.size = Math.max(file.size, record.offset() + record.result());
        }
        file.touched = true;
        events.read(record.node(), record.handle(), record.offset(), record.length(), record.result(), file.size);
    }

    private void write(final TraceRecord record) throws E {
        if (record.result() > 0) {
            final FileState file = file(record.node());
            events.written(record.node(), record.handle(), record.offset(), record.result(), file.size);
            file.touched = true;
            file.size = Math.max(file.size, record.offset() + record.result());
        }
    }

    private void allocate(final TraceRecord record) throws E {
        final FileState file = file(record.node());
        file.touched = true;
        if ((record.argument() & (PUNCH_HOLE | ZERO_RANGE)) != 0) {
            events.punched(record.node(), record.offset(), record.length());
        }
        if ((record.argument() & PUNCH_HOLE) == 0) {
            if ((record.argument() & KEEP_SIZE) == 0) {
                file.size = Math.max(file.size, record.offset() + record.length());
            }
            events.allocated(record.node(), record.offset(), record.length(), file.size);
        }
    }
}
