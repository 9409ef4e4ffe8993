package io.quire.fuse.vfs;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.PageCache;
import io.quire.engine.store.Attributes;
import io.quire.engine.store.DirectoryFile;
import io.quire.engine.store.SourceNode;
import io.quire.engine.store.StoreAttributes;

/**
 * The pages of a regular file and what tells whether the file was changed by somebody else.
 *
 * <p><b>Pages.</b> One handle of the cache, the base, is opened with the first use and stays until the kernel has
 * forgotten the inode, so that pages survive closing. Each open of the kernel's has a handle of its own beside it.
 *
 * <p><b>Changes from outside</b> show in size, modification and change time, which our own changes move too; those are
 * counted, see {@link DirectoryFile#activity}.
 *
 * <p>Attributes say something only when they were read while nothing was in flight and nothing began meanwhile. If
 * nothing began since the last such look, then any difference is from outside. If something did, the change time tells nothing, and the
 * modification time only if nothing of it could have moved that, see {@link DirectoryFile#modifications}; a size that is not ours is
 * from outside. Either way the look becomes the last one.
 *
 * <pre>
 *   monitor: base (writes), opens, stamp fields, drops, dropsAtOpen
 *   volatile: base (reads), capabilityChecked (a hint)
 * </pre>
 */
final class FileData {
    private static final Logger LOG = System.getLogger(FileData.class.getName());

    private final SourceNode source;
    private final DirectoryFile file;
    private volatile CachedFile base;
    private int opens;

    private boolean stamped;
    private long stampActivity;
    private long stampModifications;
    private long stampSize;
    private long stampModifiedSeconds;
    private long stampChangedSeconds;
    private int stampModifiedNanos;
    private int stampChangedNanos;

    /** How often the pages were dropped because of a change from outside, and that number at the last open. */
    private long drops;
    private long dropsAtOpen;

    /** When the source was last seen to have no security.capability, {@link System#nanoTime}; 0 for never. */
    private volatile long capabilityChecked;

    FileData(final SourceNode source) {
        this.source = source;
        this.file = source.file();
    }

    /** Begins a change of our own to data or size. */
    void begin() {
        file.beginChange();
    }

    /** Ends a change of our own. */
    void end() {
        file.endChange();
    }

    /** The base handle, opened when it is not. */
    CachedFile base(final PageCache cache) throws CacheException {
        final CachedFile present = base;
        return present != null ? present : openBase(cache);
    }

    private synchronized CachedFile openBase(final PageCache cache) throws CacheException {
        if (base == null) {
            base = cache.open(file);
        }
        return base;
    }

    /**
     * Opens a handle for the kernel.
     *
     * @return 0 or negative errno
     */
    int open(final PageCache cache, final FileHandle handle) throws CacheException {
        final int result = handle.writes() ? file.openForWriting() : file.openForReading();
        if (result < 0) {
            return result;
        }
        synchronized (this) {
            handle.file = base(cache).reopen();
            opens++;
        }
        return 0;
    }

    /**
     * Opens the first handle of a file that was just made, with the attributes that its making gave: the source need not be
     * asked for them again, nor whether somebody else changed the file.
     *
     * @return 0 or negative errno
     */
    int openMade(final PageCache cache, final FileHandle handle, final Attributes made) throws CacheException {
        synchronized (this) {
            if (base == null) {
                final StoreAttributes attributes = new StoreAttributes();
                made.copyTo(attributes);
                base = cache.open(file, attributes);
                // No change was begun before the file had a node. If one was since, times say nothing at the next look.
                stamp(made, 0, 0);
                capability(true, System.nanoTime());
            }
        }
        return open(cache, handle);
    }

    /** Closes a handle; with the last one the source's descriptors go. */
    void close(final FileHandle handle) throws CacheException {
        try {
            handle.file.close();
        } finally {
            synchronized (this) {
                opens--;
                if (opens == 0) {
                    file.idle();
                }
            }
        }
    }

    /** How many handles the kernel has. */
    synchronized int opens() {
        return opens;
    }

    /** After a change without an open handle, such as truncate(2). */
    synchronized void settle() {
        if (opens == 0) {
            file.idle();
        }
    }

    /** Whether pages that the kernel has from earlier opens are still right; the next open starts anew. */
    synchronized boolean keepsKernelPages() {
        final boolean keeps = drops == dropsAtOpen && stamped;
        dropsAtOpen = drops;
        return keeps;
    }

    /**
     * Compares attributes with the last look and drops the pages when they tell of a change from outside.
     *
     * @param seen attributes as they were read, replaced by newer ones when they differ
     * @return whether pages were dropped, so that the kernel's are out of date too
     */
    boolean revalidate(final Attributes seen) throws CacheException {
        if (base == null) {
            return false;
        }
        synchronized (this) {
            if (stamped && matches(seen)) {
                return false;
            }
            return look(seen);
        }
    }

    /** Takes the stamp anew, so that what we changed is not taken for a change from outside later. */
    void refresh(final Attributes scratch) throws CacheException {
        if (base == null) {
            return;
        }
        synchronized (this) {
            if (!stamped || stampActivity != file.activity()) {
                look(scratch);
            }
        }
    }

    private boolean look(final Attributes fresh) throws CacheException {
        final long modifications = file.modifications();
        final long before = file.activity();
        // Attributes that were read before the monitor was taken may be older than the stamp: read them again.
        if (before < 0 || source.attributes(fresh) < 0 || file.activity() != before) {
            return false;
        }
        return judge(fresh, before, modifications);
    }

    /**
     * Reads attributes and makes them the last look at once, since they are known to differ from it after a change of ours.
     *
     * @return 0, 1 when pages were dropped, so that the kernel's are out of date too, or negative errno
     */
    int lookAnew(final Attributes out) throws CacheException {
        if (base == null) {
            return source.attributes(out);
        }
        synchronized (this) {
            final long modifications = file.modifications();
            final long before = file.activity();
            final int result = source.attributes(out);
            if (result < 0 || before < 0 || file.activity() != before) {
                return result;
            }
            return judge(out, before, modifications) ? 1 : 0;
        }
    }

    /** Whether attributes, read while nothing of ours was under way, tell of a change from outside; they become the last look. */
    private boolean judge(final Attributes fresh, final long before, final long modifications) throws CacheException {
        final boolean ours = stampActivity != before;
        final boolean modified = stampModifications != modifications;
        final boolean changed = stamped && !matches(fresh)
            && (!ours || fresh.size != base.size() || !modified && !matchesModification(fresh))
            || !stamped && fresh.size != base.size();
        stamp(fresh, before, modifications);
        if (changed) {
            drops++;
            capabilityChecked = 0;
            base.invalidate();
        }
        return changed;
    }

    private void stamp(final Attributes seen, final long activity, final long modifications) {
        stamped = true;
        stampActivity = activity;
        stampModifications = modifications;
        stampSize = seen.size;
        stampModifiedSeconds = seen.mtimeSeconds;
        stampModifiedNanos = seen.mtimeNanos;
        stampChangedSeconds = seen.ctimeSeconds;
        stampChangedNanos = seen.ctimeNanos;
    }

    private boolean matches(final Attributes seen) {
        return seen.size == stampSize && matchesModification(seen) && seen.ctimeSeconds == stampChangedSeconds
            && seen.ctimeNanos == stampChangedNanos;
    }

    private boolean matchesModification(final Attributes seen) {
        return seen.mtimeSeconds == stampModifiedSeconds && seen.mtimeNanos == stampModifiedNanos;
    }

    /** What reads see is the cache's size, so that is what attributes have to say. */
    void correctSize(final Attributes attributes) {
        final CachedFile present = base;
        if (present != null) {
            attributes.size = present.size();
        }
    }

    /** Whether the source was seen within the time to have no security.capability, which the kernel asks per write. */
    boolean lacksCapability(final long now, final long within) {
        final long checked = capabilityChecked;
        return checked != 0 && now - checked < within;
    }

    void capability(final boolean absent, final long now) {
        capabilityChecked = absent ? now | 1 : 0;
    }

    /** The kernel has forgotten the inode: the pages go. */
    synchronized void drop() {
        if (base != null) {
            try {
                base.close();
            } catch (final CacheException e) {
                // Nobody is left who could be told.
                LOG.log(Level.WARNING, "closing a forgotten file failed: " + source, e);
            }
        }
    }
}
