package io.quire.engine.store;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.quire.engine.memory.NativeMemory;
import org.jctools.queues.MpmcArrayQueue;

/**
 * A directory of the system as a store: inodes, names and attributes, and the data of its files. Thread-safe.
 *
 * <p><b>It cannot be left.</b> Everything starts from one descriptor of the directory and goes by single names, which
 * are refused when they are empty, ".", ".." or have a slash; symbolic links are never followed.
 *
 * <p><b>It is bounded.</b> However many inodes are known, descriptors stay within {@link DirectoryOptions#descriptors},
 * but for those in use at one moment and those of files that are open without having a name any more.
 *
 * <p>Operations on names and attributes follow the system call convention: zero or more on success, or a negative error
 * number. Names are bytes without NUL. {@link DirectoryFile} throws {@link StoreException}, as a {@link StoreFile}
 * does.
 *
 * <p>Creations take effect as the user they are for, by setfsuid(2) on the calling platform thread, when the process is
 * root. The umask of the process is applied too and should be zero.
 */
public final class DirectoryStore implements Store {
    private static final byte[] EMPTY = {};
    private static final int LOOK = PosixNames.AT_SYMLINK_NOFOLLOW | PosixNames.AT_NO_AUTOMOUNT;
    private static final int SPARE_BUFFERS = 64;

    final DescriptorCache descriptors;
    /** How many nodes keep their descriptor because they have no name. */
    final AtomicInteger kept = new AtomicInteger();

    private final String path;
    private final NodeIndex index = new NodeIndex();
    private final AtomicLong lastId = new AtomicLong();
    private final MpmcArrayQueue<Long> spareBuffers = new MpmcArrayQueue<>(SPARE_BUFFERS);
    private final FileCreator creator = new FileCreator();
    private final SourceNode rootNode;
    private final long rootMount;
    /** For open_by_handle_at, which takes no O_PATH descriptor; -1 when handles cannot be used. */
    private final int mount;
    private volatile Consumer<SourceNode> listener = node -> { };
    private volatile boolean closed;
    /** Whether the source's file system is not known to refuse RENAME_NOREPLACE; some network file systems do. */
    private volatile boolean knowsNoReplace = true;

    private DirectoryStore(final String path, final int fd, final int mount, final Attributes attributes,
                           final DirectoryOptions options) {
        this.path = path;
        this.descriptors = new DescriptorCache(options.descriptors());
        this.mount = mount;
        this.rootMount = attributes.mountId;
        this.rootNode = new SourceNode(this, lastId.incrementAndGet(), attributes, false);
        rootNode.adopt(fd);
        rootNode.keep();
        index.put(null, rootNode);
    }

    /**
     * Opens a directory.
     *
     * @param source  the directory; a symbolic link to one is followed
     * @param options how it behaves
     * @return the store
     * @throws StoreException ENOENT, ENOTDIR, EACCES or what else the system says
     */
    public static DirectoryStore open(final Path source, final DirectoryOptions options) throws StoreException {
        final byte[] name = PathBytes.of(source);
        final int fd = PosixNames.open(name, Posix.O_PATH | Posix.O_DIRECTORY, 0);
        if (fd < 0) {
            throw new StoreException(-fd, "the source directory " + source + " cannot be opened");
        }
        final Attributes attributes = new Attributes();
        final int result = PosixAttributes.fstat(fd, attributes);
        if (result < 0) {
            Posix.close(fd);
            throw new StoreException(-result, "the source directory " + source + " cannot be examined");
        }
        return new DirectoryStore(source.toString(), fd, options.handles() ? handleMount(fd) : -1, attributes, options);
    }

    /** A descriptor for open_by_handle_at, or -1 when the filesystem or the privileges do not allow handles. */
    private static int handleMount(final int fd) {
        final byte[] handle = new byte[PosixNames.MAX_HANDLE_SIZE];
        final int length = PosixNames.nameToHandleAt(fd, EMPTY, handle, PosixNames.AT_EMPTY_PATH);
        if (length < 0) {
            return -1;
        }
        final int mount = PosixNames.reopen(fd, Posix.O_RDONLY | Posix.O_DIRECTORY);
        if (mount < 0) {
            return -1;
        }
        final int probe = PosixNames.openByHandleAt(mount, handle, length, Posix.O_PATH);
        if (probe < 0) {
            Posix.close(mount);
            return -1;
        }
        Posix.close(probe);
        return mount;
    }

    /**
     * The node of the directory itself.
     *
     * @return the root, which is never dropped
     */
    public SourceNode root() {
        return rootNode;
    }

    /**
     * Sets who is told when a node is dropped: nobody has a reference on it, nor will ever have.
     *
     * @param newListener called without locks, on the thread that gave the last reference back
     */
    public void listener(final Consumer<SourceNode> newListener) {
        listener = newListener;
    }

    /**
     * How many descriptors are open now, apart from the store's own two.
     *
     * @return descriptors
     */
    public int openDescriptors() {
        return descriptors.size();
    }

    /**
     * How many nodes are known now.
     *
     * @return nodes
     */
    public int knownNodes() {
        return index.size();
    }

    /** Whether inodes can be opened by handle, by the file system and the privileges there are. */
    boolean usesHandles() {
        return mount >= 0;
    }

    boolean isRoot(final SourceNode node) {
        return node == rootNode;
    }

    /** Whether so many nameless nodes keep a descriptor that only open ones may. */
    boolean keepsTooMany() {
        return kept.get() > descriptors.capacity() / 2;
    }

    /**
     * Finds a name. The node gets a reference, to be given back with {@link SourceNode#forget}.
     *
     * @param parent a directory
     * @param name   a single component
     * @param out    filled in on success
     * @return 0 or negative errno
     */
    public int lookup(final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int wrong = checkName(name);
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final Attributes found = out.attributes;
            final int result = PosixAttributes.statx(directory, name, LOOK, PosixAttributes.STATX_ALL, found);
            if (result < 0) {
                return result;
            }
            final SourceNode known = index.get(found.dev, found.ino);
            if (known != null && known.isSameInode(found, directory, name) && known.look()) {
                known.learn(parent, name);
                out.node = known;
                return 0;
            }
            return intern(directory, parent, name, out);
        } finally {
            parent.release();
        }
    }

    /** Opens a name and makes or finds its node. */
    private int intern(final int directory, final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int fd = PosixNames.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
        if (fd < 0) {
            return fd;
        }
        final int result = PosixAttributes.fstat(fd, out.attributes);
        if (result < 0) {
            Posix.close(fd);
            return result;
        }
        out.node = nodeOf(fd, parent, name, out.attributes);
        out.node.adopt(fd);
        return 0;
    }

    /** The node of a descriptor, with one lookup more; it can be reached by the name or the handle. */
    private SourceNode nodeOf(final int fd, final SourceNode parent, final byte[] name, final Attributes found) {
        SourceNode fresh = null;
        for (;;) {
            final SourceNode known = index.get(found.dev, found.ino);
            if (known != null && known.isSameInode(found, fd, EMPTY) && known.look()) {
                known.learn(parent, name);
                if (fresh != null) {
                    fresh.forget(1);
                }
                return known;
            }
            if (fresh == null) {
                final boolean mayHaveHandle = mount >= 0 && found.dev == rootNode.dev && found.mountId == rootMount;
                fresh = new SourceNode(this, lastId.incrementAndGet(), found, mayHaveHandle);
                fresh.learn(parent, name);
            }
            if (index.put(known, fresh)) {
                return fresh;
            }
        }
    }

    /** The file handle of a name, of no length when there is none. */
    byte[] handleOf(final int directory, final byte[] name) {
        final byte[] handle = new byte[PosixNames.MAX_HANDLE_SIZE];
        final int length = PosixNames.nameToHandleAt(directory, name, handle,
            name.length == 0 ? PosixNames.AT_EMPTY_PATH : 0);
        return length < 0 ? EMPTY : Arrays.copyOf(handle, length);
    }

    int openHandle(final byte[] handle) {
        return PosixNames.openByHandleAt(mount, handle, handle.length, Posix.O_PATH | Posix.O_NOFOLLOW);
    }

    private static int checkName(final byte[] name) {
        if (name.length == 0 || name.length == 1 && name[0] == '.'
            || name.length == 2 && name[0] == '.' && name[1] == '.') {
            return -Errno.EINVAL;
        }
        for (final byte b : name) {
            if (b == '/') {
                return -Errno.EINVAL;
            }
        }
        return 0;
    }

    /** Called by a node when its last reference is gone. */
    void dropped(final SourceNode node) {
        index.remove(node);
        node.unkeep();
        if (node.file() != null) {
            node.file().idle();
        }
        node.closeSoon();
        listener.accept(node);
    }

    /**
     * Opens a directory for reading.
     *
     * @param node a directory
     * @return the open directory, to be closed
     * @throws StoreException ENOTDIR, EACCES or what else the system says
     */
    public DirectoryStream openDirectory(final SourceNode node) throws StoreException {
        if (!node.isDirectory()) {
            throw new StoreException(Errno.ENOTDIR, "reading a directory: " + node);
        }
        final Long spare = spareBuffers.poll();
        final DirectoryStream stream = new DirectoryStream(this, node,
            spare != null ? spare : NativeMemory.reserve(DirectoryStream.BUFFER_SIZE, false));
        final int result = stream.open();
        if (result < 0) {
            stream.close();
            throw new StoreException(-result, "reading a directory: " + node);
        }
        return stream;
    }

    void giveBack(final long buffer) {
        if (closed || !spareBuffers.offer(buffer)) {
            NativeMemory.release(buffer, DirectoryStream.BUFFER_SIZE);
        }
    }

    /**
     * Makes a regular file, which must not exist yet.
     *
     * @param uid    who will own it
     * @param gid    its group, unless the directory gives its own to new files
     * @param parent a directory
     * @param name   a single component
     * @param mode   permission bits
     * @param umask  bits that the file does not get, unless the directory has a default ACL
     * @param out    filled in; the node has one reference more, and its file is open for writing
     * @return 0 or negative errno: EEXIST
     */
    public int create(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
                      final int umask, final SourceEntry out) {
        final int wrong = checkName(name);
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW | Posix.O_NOCTTY;
            final FileCreator.Maker maker = (at, bits) -> PosixNames.openat(at, name, flags, bits);
            int fd = creator.as(uid, gid, parent, directory, mode, umask, maker);
            if (creator.isDenied(fd, uid)) {
                fd = creator.masked(parent, directory, mode, umask, maker);
                if (fd >= 0) {
                    final int given = FileCreator.giveTo(uid, gid, directory, fd);
                    if (given < 0) {
                        Posix.close(fd);
                        return FileCreator.removeUngiven(directory, name, given);
                    }
                }
            }
            if (fd < 0) {
                return fd;
            }
            final int result = PosixAttributes.fstat(fd, out.attributes);
            if (result < 0) {
                Posix.close(fd);
                return result;
            }
            out.node = nodeOf(fd, parent, name, out.attributes);
            out.node.file().adoptWriter(fd);
            return 0;
        } finally {
            parent.release();
        }
    }

    /**
     * Makes a regular file, fifo, socket file or device node.
     *
     * @param uid    who will own it
     * @param gid    its group, unless the directory gives its own to new files
     * @param parent a directory
     * @param name   a single component
     * @param mode   type and permission bits
     * @param umask  bits that the file does not get, unless the directory has a default ACL
     * @param rdev   device number
     * @param out    filled in; the node has one reference more
     * @return 0 or negative errno
     */
    public int mknod(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
                     final int umask, final long rdev, final SourceEntry out) {
        return make(uid, gid, parent, name, mode, umask, out,
            (at, bits) -> PosixNames.mknodat(at, name, mode & PosixAttributes.S_IFMT | bits, rdev));
    }

    /**
     * Makes a directory.
     *
     * @param uid    who will own it
     * @param gid    its group, unless the parent gives its own to new files
     * @param parent a directory
     * @param name   a single component
     * @param mode   permission bits
     * @param umask  bits that it does not get, unless the parent has a default ACL
     * @param out    filled in; the node has one reference more
     * @return 0 or negative errno
     */
    public int mkdir(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
                     final int umask, final SourceEntry out) {
        return make(uid, gid, parent, name, mode, umask, out, (at, bits) -> PosixNames.mkdirat(at, name, bits));
    }

    /**
     * Makes a symbolic link.
     *
     * @param uid    who will own it
     * @param gid    its group, unless the directory gives its own to new files
     * @param target where it points, not checked
     * @param parent a directory
     * @param name   a single component
     * @param out    filled in; the node has one reference more
     * @return 0 or negative errno
     */
    public int symlink(final int uid, final int gid, final byte[] target, final SourceNode parent, final byte[] name,
                       final SourceEntry out) {
        return make(uid, gid, parent, name, 0777, 0, out, (at, bits) -> PosixNames.symlinkat(target, at, name));
    }

    private int make(final int uid, final int gid, final SourceNode parent, final byte[] name, final int mode,
                     final int umask, final SourceEntry out, final FileCreator.Maker maker) {
        final int wrong = checkName(name);
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            int result = creator.as(uid, gid, parent, directory, mode, umask, maker);
            final boolean denied = creator.isDenied(result, uid);
            if (denied) {
                result = creator.masked(parent, directory, mode, umask, maker);
            }
            if (result < 0) {
                return result;
            }
            if (denied) {
                final int fd = PosixNames.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
                if (fd < 0) {
                    return fd;
                }
                final int given = FileCreator.giveTo(uid, gid, directory, fd);
                Posix.close(fd);
                if (given < 0) {
                    return FileCreator.removeUngiven(directory, name, given);
                }
            }
            return intern(directory, parent, name, out);
        } finally {
            parent.release();
        }
    }

    /**
     * Gives a node another name.
     *
     * @param node   node, not a directory
     * @param parent a directory
     * @param name   a single component
     * @param out    filled in; the node has one reference more
     * @return 0 or negative errno
     */
    public int link(final SourceNode node, final SourceNode parent, final byte[] name, final SourceEntry out) {
        final int wrong = checkName(name);
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final int fd = node.acquire();
            if (fd < 0) {
                return fd;
            }
            try {
                node.beginChange();
                int result;
                try {
                    result = PosixNames.linkat(PosixNames.AT_FDCWD, PosixNames.descriptorPath(fd), directory, name,
                        PosixNames.AT_SYMLINK_FOLLOW);
                } finally {
                    node.endChange();
                }
                if (result < 0) {
                    return result;
                }
                result = PosixAttributes.fstat(fd, out.attributes);
                if (result < 0) {
                    return result;
                }
            } finally {
                node.release();
            }
            if (!node.look()) {
                return -Errno.ESTALE;
            }
            node.learn(parent, name);
            out.node = node;
            return 0;
        } finally {
            parent.release();
        }
    }

    /**
     * Removes a name. A node that has no other name stays usable until it is dropped.
     *
     * @param parent a directory
     * @param name   a single component
     * @return 0 or negative errno
     */
    public int unlink(final SourceNode parent, final byte[] name) {
        return remove(parent, name, 0);
    }

    /**
     * Removes an empty directory.
     *
     * @param parent a directory
     * @param name   a single component
     * @return 0 or negative errno
     */
    public int rmdir(final SourceNode parent, final byte[] name) {
        return remove(parent, name, PosixNames.AT_REMOVEDIR);
    }

    private int remove(final SourceNode parent, final byte[] name, final int flags) {
        final int wrong = checkName(name);
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final Attributes found = new Attributes();
            final SourceNode node = find(directory, name, found);
            if (node == null) {
                return PosixNames.unlinkat(directory, name, flags);
            }
            node.beginChange();
            try {
                final boolean held = holdBeforeRemoval(node);
                final int result = PosixNames.unlinkat(directory, name, flags);
                settleAfterRemoval(node, found, parent, name, held, result == 0);
                return result;
            } finally {
                settled(node);
            }
        } finally {
            parent.release();
        }
    }

    /** The known node of a name, with a reference for the caller, or null. */
    private SourceNode find(final int directory, final byte[] name, final Attributes found) {
        if (PosixAttributes.statx(directory, name, LOOK, PosixAttributes.STATX_ALL, found) < 0) {
            return null;
        }
        final SourceNode node = index.get(found.dev, found.ino);
        return node != null && node.isSameInode(found, directory, name) && node.reference() ? node : null;
    }

    /** Before a name goes: the descriptor must be open by then, since it may be the last name. */
    private boolean holdBeforeRemoval(final SourceNode node) {
        return (!keepsTooMany() || node.isOpened()) && node.keep();
    }

    /**
     * After a name went, or did not.
     *
     * @param found attributes before
     * @param held  whether the descriptor is kept open: the number cannot be given to another inode then, so whoever is found
     *              by it is this one
     */
    private void settleAfterRemoval(final SourceNode node, final Attributes found, final SourceNode parent,
                                    final byte[] name, final boolean held, final boolean removed) {
        if (removed) {
            node.unlearn(parent, name);
            if (node.isNameless()) {
                node.removedHere();
            }
            if (!held && isGone(node)) {
                node.retire();
                index.remove(node);
            }
        }
        final boolean last = removed && (found.nlink <= 1 || node.isDirectory());
        if (held && !last && node.isReachable() && !(removed && node.isNameless() && isGone(node))) {
            node.unkeep();
        }
    }

    private boolean isGone(final SourceNode node) {
        final Attributes now = new Attributes();
        return node.attributes(now) < 0 || now.nlink == 0 || node.isDirectory();
    }

    /**
     * Renames, replacing what has the new name.
     *
     * @param parent    a directory
     * @param name      a single component
     * @param newParent a directory
     * @param newName   a single component
     * @param flags     0 or bits {@code RENAME_} of {@link PosixNames}
     * @return 0 or negative errno
     */
    public int rename(final SourceNode parent, final byte[] name, final SourceNode newParent, final byte[] newName,
                      final int flags) {
        final int wrong = Math.min(checkName(name), checkName(newName));
        if (wrong < 0) {
            return wrong;
        }
        final int directory = parent.acquire();
        if (directory < 0) {
            return directory;
        }
        try {
            final int newDirectory = newParent.acquire();
            if (newDirectory < 0) {
                return newDirectory;
            }
            try {
                return rename(parent, directory, name, newParent, newDirectory, newName, flags);
            } finally {
                newParent.release();
            }
        } finally {
            parent.release();
        }
    }

    private int rename(final SourceNode parent, final int directory, final byte[] name, final SourceNode newParent,
                       final int newDirectory, final byte[] newName, final int flags) {
        final SourceNode moved = find(directory, name, new Attributes());
        if (moved != null) {
            moved.beginChange();
        }
        try {
            // Most names that are given are new: then there is nothing to be looked up and held.
            int result = flags == 0 && knowsNoReplace
                ? PosixNames.renameat2(directory, name, newDirectory, newName, PosixNames.RENAME_NOREPLACE) : -Errno.EEXIST;
            if (result == -Errno.EEXIST || result == -Errno.EINVAL) {
                final boolean unknown = result == -Errno.EINVAL;
                result = replace(moved, parent, directory, name, newParent, newDirectory, newName, flags);
                if (unknown && result == 0) {
                    knowsNoReplace = false;
                }
            } else if (result == 0) {
                follow(moved, parent, name, newParent, newName);
            }
            return result;
        } finally {
            settled(moved);
        }
    }

    private int replace(final SourceNode moved, final SourceNode parent, final int directory, final byte[] name,
                        final SourceNode newParent, final int newDirectory, final byte[] newName, final int flags) {
        final Attributes found = new Attributes();
        final SourceNode replaced = find(newDirectory, newName, found);
        if (replaced != null) {
            replaced.beginChange();
        }
        try {
            final boolean held = replaced != null && moved != replaced && holdBeforeRemoval(replaced);
            final int result = PosixNames.renameat2(directory, name, newDirectory, newName, flags);
            // Two names of one inode: rename(2) does nothing and both stay.
            if (moved != replaced) {
                final boolean exchanged = (flags & PosixNames.RENAME_EXCHANGE) != 0;
                if (result == 0) {
                    follow(moved, parent, name, newParent, newName);
                }
                if (result == 0 && exchanged) {
                    follow(replaced, newParent, newName, parent, name);
                }
                if (replaced != null) {
                    settleAfterRemoval(replaced, found, newParent, newName, held, result == 0 && !exchanged);
                }
            }
            return result;
        } finally {
            settled(replaced);
        }
    }

    private static void settled(final SourceNode node) {
        if (node != null) {
            node.endChange();
            node.unreference();
        }
    }

    private static void follow(final SourceNode node, final SourceNode parent, final byte[] name,
                               final SourceNode newParent, final byte[] newName) {
        if (node != null) {
            // The new name first: the node must not be without any.
            node.learn(newParent, newName);
            node.unlearn(parent, name);
        }
    }

    /**
     * Opens a file by its path in the directory.
     *
     * @param name   path, UTF-8, components separated by single slashes; it may pass through no symbolic link
     * @param create whether to make the file (not its directories) when it does not exist
     * @return the file
     * @throws StoreException EINVAL for a path with empty, "." or ".." components, EISDIR when it is not a regular file
     */
    @Override
    public StoreFile open(final String name, final boolean create) throws StoreException {
        return OwnedFile.open(this, name, create);
    }

    /** Closes all descriptors. The store and its files cannot be used any more. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        rootNode.unkeep();
        descriptors.closeAll();
        if (mount >= 0) {
            Posix.close(mount);
        }
        for (Long buffer = spareBuffers.poll(); buffer != null; buffer = spareBuffers.poll()) {
            NativeMemory.release(buffer, DirectoryStream.BUFFER_SIZE);
        }
    }

    FileCreator creator() {
        return creator;
    }

    @Override
    public String toString() {
        return "directory " + path;
    }
}
