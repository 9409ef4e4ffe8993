package io.quire.engine.cache;

import io.quire.engine.store.Errno;

/**
 * An access to a value went beyond the end of its file, through a mapped region or by {@link CachedFile#getLong}: what SIGBUS is
 * to a program. The file may have been longer a moment ago. Its errno is EFAULT, as for a system call that is given such memory.
 */
public final class BeyondEndException extends CacheException {
    private static final long serialVersionUID = 1L;

    /** First byte of the file that was asked for. */
    private final long position;
    /** Size of the file when it was refused. */
    private final long size;

    /**
     * Makes the exception.
     *
     * @param file     what the file is called in messages
     * @param position first byte of the file that was asked for
     * @param length   bytes that were asked for
     * @param size     size of the file
     */
    public BeyondEndException(final String file, final long position, final long length, final long size) {
        super(Errno.EFAULT, length + " bytes at " + position + " of " + file + " go beyond its size of " + size
            + " bytes; make the file longer before you use this part of it");
        this.position = position;
        this.size = size;
    }

    /**
     * Where the access began.
     *
     * @return first byte of the file that was asked for
     */
    public long position() {
        return position;
    }

    /**
     * The size of the file when the access was refused. It may have changed since.
     *
     * @return bytes
     */
    public long size() {
        return size;
    }
}
