package io.quire.fuse.vfs;

import io.quire.engine.store.SourceNode;

/**
 * What the file system knows of a node that the kernel knows: the inode of the source and, for a regular file that was
 * opened or cut, its data. Lives as long as the source's node, whose references count the kernel's lookups and the open
 * handles.
 */
final class Inode {
    final SourceNode source;
    private volatile FileData data;
    /**
     * What the kernel takes for the size: what it was told last, or more by what it wrote. It appends there and reads no further,
     * whatever an open finds out; so an open has to tell when the size is another. A hint: concurrent requests may leave another value.
     */
    volatile long toldSize;

    Inode(final SourceNode source) {
        this.source = source;
    }

    long id() {
        return source.id;
    }

    /** The data, or null when none was needed yet. */
    FileData data() {
        return data;
    }

    /** The data of a regular file. */
    FileData needData() {
        final FileData present = data;
        return present != null ? present : makeData();
    }

    private synchronized FileData makeData() {
        if (data == null) {
            data = new FileData(source);
        }
        return data;
    }
}
