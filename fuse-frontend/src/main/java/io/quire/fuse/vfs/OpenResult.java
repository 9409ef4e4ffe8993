package io.quire.fuse.vfs;

/** The answer to an open. A mutable holder owned by one worker thread; not thread-safe. */
public final class OpenResult {
    /** Handle number, positive, never reused; the kernel names it in later operations. */
    public long fh;
    /** Whether the kernel must not cache pages of this handle. */
    public boolean directIo;
    /** Whether pages that the kernel has from earlier opens are still right. */
    public boolean keepCache;
    /** Whether the kernel need not tell when a descriptor of this handle is closed; it may do so nevertheless. */
    public boolean noFlush;
    /** Whether the kernel has to forget the attributes that it was told before, since the file has another size. */
    public boolean forgetAttributes;

    /** Makes an empty holder. */
    public OpenResult() {
        fh = 0;
    }

    /**
     * Sets everything; the kernel will tell of closing, and its attributes are right.
     *
     * @param newFh        handle number
     * @param newDirectIo  whether the kernel must not cache pages
     * @param newKeepCache whether earlier pages are still right
     */
    public void set(final long newFh, final boolean newDirectIo, final boolean newKeepCache) {
        fh = newFh;
        directIo = newDirectIo;
        keepCache = newKeepCache;
        noFlush = false;
        forgetAttributes = false;
    }
}
