package io.quire.engine.store;

/**
 * What {@code statfs(2)} says of a file system, decoded. A mutable holder that is reused; not thread-safe. Block counts
 * are in units of {@link #fragmentSize}.
 */
public final class FileSystemStatistics {
    /** Magic number of the kind of file system. */
    public long type;
    /** Preferred transfer size in bytes. */
    public long blockSize;
    /** Unit of the block counts in bytes; never 0. */
    public long fragmentSize;
    /** Blocks in all. */
    public long blocks;
    /** Free blocks. */
    public long blocksFree;
    /** Free blocks that an unprivileged user may take. */
    public long blocksAvailable;
    /** Inodes in all. */
    public long files;
    /** Free inodes. */
    public long filesFree;
    /** Longest name in bytes. */
    public long nameLength;
    /** Mount flags, bits {@code ST_*} of {@code statvfs(3)}. */
    public long flags;

    /** Makes an empty holder. */
    public FileSystemStatistics() {
        type = 0;
    }
}
