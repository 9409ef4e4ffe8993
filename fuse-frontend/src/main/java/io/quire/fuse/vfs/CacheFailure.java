package io.quire.fuse.vfs;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

import io.quire.engine.cache.CacheException;

/** What becomes of an operation that the cache could not do. */
final class CacheFailure {
    private static final Logger LOG = System.getLogger(Vfs.class.getName());

    private CacheFailure() {
    }

    /** The answer to the kernel, a negative error number. */
    static int answer(final CacheException e) {
        LOG.log(Level.DEBUG, "an operation failed", e);
        return -e.errno();
    }
}
