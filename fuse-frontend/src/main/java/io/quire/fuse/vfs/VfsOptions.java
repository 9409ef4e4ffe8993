package io.quire.fuse.vfs;

import java.util.concurrent.TimeUnit;

/**
 * How a {@link Vfs} behaves.
 *
 * @param exclusive         whether nobody changes the source but this file system, so that the kernel may remember
 * names
 *                          that do not exist
 * @param readOnly          whether every change is refused with EROFS
 * @param entryTimeoutNanos how long the kernel may believe names, nanoseconds, 0 or more
 * @param attrTimeoutNanos  how long the kernel may believe attributes, nanoseconds, 0 or more
 * @param directIo          whether the kernel is told to cache no file data, so that every read and write comes in
 */
public record VfsOptions(boolean exclusive, boolean readOnly, long entryTimeoutNanos, long attrTimeoutNanos,
                         boolean directIo) {
    private static final long SHARED_TIMEOUT = TimeUnit.SECONDS.toNanos(1);
    private static final long EXCLUSIVE_TIMEOUT = TimeUnit.HOURS.toNanos(1);

    /** Checks the values. */
    public VfsOptions {
        if (entryTimeoutNanos < 0 || attrTimeoutNanos < 0) {
            throw new IllegalArgumentException("a timeout is negative");
        }
    }

    /**
     * For a source that others may change: names and attributes are believed for a second.
     *
     * @return the options
     */
    public static VfsOptions shared() {
        return new VfsOptions(false, false, SHARED_TIMEOUT, SHARED_TIMEOUT, false);
    }

    /**
     * For a source that nobody else changes: names and attributes are believed for an hour, and so is the absence of a
     * name.
     *
     * @return the options
     */
    public static VfsOptions alone() {
        return new VfsOptions(true, false, EXCLUSIVE_TIMEOUT, EXCLUSIVE_TIMEOUT, false);
    }

    /**
     * The same, refusing changes or not.
     *
     * @param refuse whether every change is refused
     * @return the options
     */
    public VfsOptions withReadOnly(final boolean refuse) {
        return new VfsOptions(exclusive, refuse, entryTimeoutNanos, attrTimeoutNanos, directIo);
    }

    /**
     * The same, with or without the kernel's own cache of file data.
     *
     * @param direct whether the kernel caches no file data, except for files that are mapped
     * @return the options
     */
    public VfsOptions withDirectIo(final boolean direct) {
        return new VfsOptions(exclusive, readOnly, entryTimeoutNanos, attrTimeoutNanos, direct);
    }
}
