package io.quire.fuse.trace;

/**
 * What a trace does to the data of files, as {@link FileTracker} makes it out. Only operations that succeeded.
 *
 * @param <E> what the methods may throw
 */
interface FileEvents<E extends Exception> {
    /** A handle was opened; the file has this size, as far as is known, or -1. */
    void opened(long node, long handle, long size) throws E;

    /** A handle was closed. */
    void closed(long node, long handle) throws E;

    /** Bytes were read: so many of those that were asked for; the file has this size. */
    void read(long node, long handle, long offset, long asked, long count, long size) throws E;

    /** Bytes were written, to a file of this size before. */
    void written(long node, long handle, long offset, long count, long sizeBefore) throws E;

    /** The size was set. */
    void resized(long node, long sizeBefore, long size) throws E;

    /** A range became zeros. */
    void punched(long node, long offset, long length) throws E;

    /** Space was reserved; the file has this size afterwards. */
    void allocated(long node, long offset, long length, long size) throws E;

    /** The file was made durable. */
    void synced(long node, long handle, boolean dataOnly) throws E;

    /** Neither the kernel nor a handle holds the file any more: its pages are dropped. */
    void gone(long node) throws E;
}
