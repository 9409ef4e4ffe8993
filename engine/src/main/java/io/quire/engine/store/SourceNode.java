package io.quire.engine.store;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * One inode of a {@link DirectoryStore}'s source, whatever names it has. There is at most one live node for an inode,
 * so hard links share it. Thread-safe.
 *
 * <p><b>Life.</b> A node counts references: those of the kernel (or another user), those of the names of known
 * children, and those of operations. With the last one it is dropped: it leaves the index, its descriptor is closed and
 * the store's listener is told. A dropped node is never revived; the next lookup makes another, with another
 * {@link #id}.
 *
 * <p><b>Reaching the inode.</b> The node's own descriptor (O_PATH) may be closed at any time and is opened again by
 * file handle, or by one of the names under which the node was seen, and is then checked to be the same inode. A node
 * that can be reached in neither way, because its last known name was removed, keeps its descriptor until it is
 * dropped.
 *
 * <pre>
 *   guarded by this node's monitor: references, lookups, opens, dropped, kept, names
 *   volatile: birth, handle, retired. The monitor of one node is never taken while that of another is held.
 * </pre>
 */
public final class SourceNode extends InodeDescriptor {
    private static final byte[] EMPTY = {};

    /** Number of the node, positive, never reused; the root's is 1. */
    public final long id;
    /** Device of the inode. */
    public final long dev;
    /** Number of the inode. */
    public final long ino;

    private final DirectoryStore store;
    private final int type;
    private final boolean mayHaveHandle;
    private final DirectoryFile file;
    private volatile long birth;
    /** Null before it was asked for, which is when the last descriptor is closed; {@link #EMPTY} when there is none. */
    private volatile byte[] handle;
    private volatile boolean retired;
    private volatile boolean removedHere;

    private long references;
    private long lookups;
    private int opens;
    private boolean dropped;
    private boolean kept;
    private NodeName names;

    SourceNode(final DirectoryStore store, final long id, final Attributes attributes, final boolean mayHaveHandle) {
        super(store.descriptors);
        this.store = store;
        this.id = id;
        this.dev = attributes.dev;
        this.ino = attributes.ino;
        this.type = attributes.type();
        this.mayHaveHandle = mayHaveHandle;
        this.birth = birth(attributes);
        this.file = attributes.isRegular() ? new DirectoryFile(store, this) : null;
        this.references = 1;
        this.lookups = 1;
    }

    /**
     * The file type.
     *
     * @return one of {@code PosixAttributes.S_IF*}
     */
    public int type() {
        return type;
    }

    /**
     * Whether this is a directory.
     *
     * @return true for a directory
     */
    public boolean isDirectory() {
        return type == PosixAttributes.S_IFDIR;
    }

    /**
     * The data of a regular file.
     *
     * @return the node's one file, or null when it is not a regular file
     */
    public DirectoryFile file() {
        return file;
    }

    /** Creation time as one number; 0 when it is not known. */
    private static long birth(final Attributes attributes) {
        return (attributes.mask & PosixAttributes.STATX_BTIME) == 0 ? 0
            : attributes.btimeSeconds * 1_000_000_000L + attributes.btimeNanos;
    }

    /** Told of attributes that were read through this node's own descriptor: an overlay changes the birth on copy-up.
     * */
    @Override
    void seen(final Attributes attributes) {
        final long now = birth(attributes);
        if (now != birth) {
            birth = now;
        }
    }

    @Override
    void beginChange() {
        if (file != null) {
            file.beginAttributeChange();
        }
    }

    @Override
    void beginChangeOfTimes() {
        if (file != null) {
            file.beginChange();
        }
    }

    @Override
    void endChange() {
        if (file != null) {
            file.endChange();
        }
    }

    /**
     * Whether attributes found by name are of this node's inode, and not of a later one with the same number. An open
     * descriptor keeps the number from being reused; otherwise the creation time decides, then the handle.
     */
    boolean isSameInode(final Attributes found, final int directory, final byte[] name) {
        if (retired || found.dev != dev || found.ino != ino || found.type() != type) {
            return false;
        }
        final long foundBirth = birth(found);
        if (foundBirth != 0 && foundBirth == birth) {
            return true;
        }
        if (isHeld()) {
            birth = foundBirth;
            return true;
        }
        if (foundBirth != 0 || birth != 0) {
            return false;
        }
        return isHandleOf(directory, name);
    }

    /** Whether a name has the handle that this node has; true when the node has none. */
    private boolean isHandleOf(final int directory, final byte[] name) {
        final byte[] mine = handle;
        return mine == null || mine.length == 0 || Arrays.equals(mine, store.handles.handleOf(directory, name));
    }

    private boolean isHeld() {
        return isOpen() || file != null && file.isOpen();
    }

    /** As long as a descriptor is open nobody needs the handle; most files are forgotten before they need it. */
    @Override
    void closing(final int fd) {
        if (mayHaveHandle && handle == null && !isHeld() && !isDropped()) {
            handle = store.handles.handleOf(fd, EMPTY);
        }
    }

    private synchronized boolean isDropped() {
        return dropped;
    }

    @Override
    BoundedDescriptor openData() {
        return file == null ? null : file.openData();
    }

    /** As {@link #acquire}, for a call that takes a name in this directory; EINVAL for a name that could lead out of it. */
    int acquireFor(final byte[] name) {
        final int wrong = PathComponent.check(name);
        return wrong < 0 ? wrong : acquire();
    }

    /** Takes a reference for a kernel lookup. */
    synchronized boolean look() {
        if (dropped) {
            return false;
        }
        references++;
        lookups++;
        return true;
    }

    /**
     * Takes a reference, to be given back with {@link #unreference}.
     *
     * @return false when the node is dropped
     */
    public synchronized boolean reference() {
        if (dropped) {
            return false;
        }
        references++;
        return true;
    }

    /** Gives a reference of {@link #reference} back. */
    public void unreference() {
        drop(1, false);
    }

    /**
     * Gives references back that lookups and creations took.
     *
     * @param count how many; more than were taken count as all
     */
    public void forget(final long count) {
        drop(count, true);
    }

    private void drop(final long count, final boolean looked) {
        SourceNode node = this;
        long given = count;
        boolean byLookup = looked;
        ArrayDeque<SourceNode> parents = null;
        while (node != null) {
            if (node.giveBack(given, byLookup)) {
                store.dropped(node);
                for (NodeName name = node.takeNames(); name != null; name = name.older()) {
                    store.hints.remove(node, name.parent(), name.name());
                    if (parents == null) {
                        parents = new ArrayDeque<>();
                    }
                    parents.add(name.parent());
                }
            }
            node = parents == null ? null : parents.poll();
            given = 1;
            byLookup = false;
        }
    }

    /** Returns whether the node is dropped by this. */
    private synchronized boolean giveBack(final long count, final boolean looked) {
        final long given = looked ? Math.min(count, lookups) : count;
        if (looked) {
            lookups -= given;
        }
        references -= given;
        assert references >= 0 : "a reference was given back twice";
        if (references > 0 || dropped) {
            return false;
        }
        dropped = true;
        return true;
    }

    private synchronized NodeName takeNames() {
        final NodeName taken = names;
        names = null;
        return taken;
    }

    /**
     * Tells that a handle was opened on the node: until {@link #closed} it can be used even when its last name goes.
     *
     * @return false when the node is dropped
     */
    public synchronized boolean opened() {
        if (dropped) {
            return false;
        }
        references++;
        opens++;
        return true;
    }

    /** Tells that a handle of {@link #opened} was closed. */
    public void closed() {
        final boolean unused;
        synchronized (this) {
            opens--;
            unused = opens == 0;
        }
        if (unused && store.keepsTooMany()) {
            unkeep();
        }
        unreference();
    }

    synchronized boolean isOpened() {
        return opens > 0;
    }

    /** Remembers a name under which the node was found; the caller has a reference on the directory. */
    void learn(final SourceNode directory, final byte[] bytes) {
        store.hints.put(this, directory, bytes);
        synchronized (this) {
            if (NodeName.has(names, directory, bytes)) {
                return;
            }
        }
        if (!directory.reference()) {
            return;
        }
        final NodeName learnt = new NodeName(directory, bytes.clone(), null);
        final NodeName lost;
        synchronized (this) {
            if (dropped || NodeName.has(names, directory, bytes)) {
                lost = learnt;
            } else if (isDirectory()) {
                lost = names;
                names = learnt;
            } else {
                removedHere = false;
                names = new NodeName(directory, learnt.name(), names);
                lost = NodeName.behindLimit(names);
                names = NodeName.withinLimit(names);
            }
        }
        for (NodeName name = lost; name != null; name = name.older()) {
            name.parent().unreference();
        }
        if (!retired && isReachable()) {
            unkeep();
        }
    }

    /** Forgets a name that is no longer the node's. */
    void unlearn(final SourceNode directory, final byte[] bytes) {
        final boolean known;
        synchronized (this) {
            known = NodeName.has(names, directory, bytes);
            if (known) {
                names = NodeName.without(names, directory, bytes);
            }
        }
        if (known) {
            store.hints.remove(this, directory, bytes);
            directory.unreference();
        }
    }

    synchronized NodeName names() {
        return names;
    }

    /** Whether the descriptor, which is open now, can be opened again once it is closed. */
    boolean isReachable() {
        if (names() != null) {
            return true;
        }
        if (mayHaveHandle && handle == null) {
            final int fd = acquire();
            if (fd >= 0) {
                try {
                    handle = store.handles.handleOf(fd, EMPTY);
                } finally {
                    release();
                }
            }
        }
        return hasHandle();
    }

    /** Whether the handle is known, so that the inode can be opened by it. */
    boolean hasHandle() {
        final byte[] mine = handle;
        return mine != null && mine.length > 0;
    }

    /** Whether no name is known under which the inode could be found. */
    boolean isNameless() {
        return names() == null;
    }

    /** Pins the descriptor until the node is dropped, so that the inode can be used after its last name is gone. */
    boolean keep() {
        synchronized (this) {
            if (kept || dropped) {
                return kept;
            }
        }
        if (acquire() < 0) {
            return false;
        }
        synchronized (this) {
            if (!kept && !dropped) {
                kept = true;
                store.kept.incrementAndGet();
                return true;
            }
        }
        release();
        return true;
    }

    /** Gives the pin of {@link #keep} back. */
    void unkeep() {
        synchronized (this) {
            if (!kept) {
                return;
            }
            kept = false;
            store.kept.decrementAndGet();
        }
        release();
    }

    /** The inode has no name any more: its number may soon be another's. */
    void retire() {
        retired = true;
    }

    /** The last name that was known has been removed through us. */
    void removedHere() {
        removedHere = true;
    }

    /**
     * Whether the last name was removed through this store. The kernel does not remember that name, so who comes still was
     * on the way.
     *
     * @return false when others may have removed it
     */
    public boolean isRemovedHere() {
        return removedHere;
    }

    boolean isRetired() {
        return retired;
    }

    @Override
    int openNow() {
        final int byData = file == null ? CLOSED : file.reopenAsPath();
        if (byData >= 0) {
            return byData;
        }
        if (hasHandle()) {
            final int fd = store.handles.open(handle);
            if (fd >= 0) {
                return fd;
            }
            if (fd == -Errno.EMFILE || fd == -Errno.ENFILE) {
                return fd;
            }
        }
        return NodeOpener.openByName(this);
    }

    /** Whether a descriptor is of this inode, and not of a later one with the same number. */
    boolean isThisInode(final int fd) {
        final Attributes found = new Attributes();
        if (PosixAttributes.fstat(fd, found) < 0 || found.dev != dev || found.ino != ino || found.type() != type) {
            return false;
        }
        final long foundBirth = birth(found);
        if (foundBirth != 0 && birth != 0) {
            return foundBirth == birth;
        }
        return isHandleOf(fd, EMPTY);
    }

    @Override
    public String toString() {
        return "inode " + ino + " of device " + dev;
    }
}
