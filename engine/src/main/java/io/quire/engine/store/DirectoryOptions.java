package io.quire.engine.store;

/**
 * How a {@link DirectoryStore} behaves.
 *
 * @param descriptors how many descriptors of the source it may keep open, 64 or more; 0 for a quarter of the process's
 *                    limit, but at most 16384. More are open only while more are in use at the same time
 * @param handles     whether files may be opened again by file handle, where the filesystem and the privileges of the
 *                    process allow it; otherwise by name only
 */
public record DirectoryOptions(int descriptors, boolean handles) {
    /** Fewest descriptors that a store works with. */
    public static final int MIN_DESCRIPTORS = 64;
    private static final int MAX_DEFAULT_DESCRIPTORS = 16384;

    /** Checks and completes the values. */
    public DirectoryOptions {
        if (descriptors == 0) {
            descriptors = Math.clamp(PosixProcess.getrlimit(PosixProcess.RLIMIT_NOFILE) / 4, MIN_DESCRIPTORS,
                MAX_DEFAULT_DESCRIPTORS);
        } else if (descriptors < MIN_DESCRIPTORS) {
            throw new IllegalArgumentException("a directory store needs at least " + MIN_DESCRIPTORS
                + " descriptors, not " + descriptors + "; raise the limit on open files");
        }
    }

    /**
     * What suits a daemon.
     *
     * @return descriptors by the process's limit, handles where possible
     */
    public static DirectoryOptions defaults() {
        return new DirectoryOptions(0, true);
    }
}
