package io.quire.engine.store;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
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
 *
 * <p>{@link KnownNodes} finds nodes, {@link NodeMaker} makes them, {@link NameRemover} and {@link Renamer} take and change names.
 */
public final class DirectoryStore implements Store {
    private static final int SPARE_BUFFERS = 64;

    final DescriptorCache descriptors;
    /** How many nodes keep their descriptor because they have no name. */
    final AtomicInteger kept = new AtomicInteger();
    final InodeHandles handles;
    final NameHints hints = new NameHints();

    private final String path;
    private final KnownNodes nodes;
    private final FileCreator creator = new FileCreator();
    private final NodeMaker maker;
    private final NameRemover remover;
    private final Renamer renamer;
    private final MpmcArrayQueue<Long> spareBuffers = new MpmcArrayQueue<>(SPARE_BUFFERS);
    private volatile Consumer<SourceNode> listener = node -> { };
    private volatile boolean closed;

    private DirectoryStore(final String path, final int fd, final Attributes attributes, final DirectoryOptions options) {
        this.path = path;
        this.descriptors = new DescriptorCache(options.descriptors());
        this.handles = InodeHandles.of(fd, options.handles());
        this.nodes = new KnownNodes(this, fd, attributes);
        this.maker = new NodeMaker(nodes, creator);
        this.remover = new NameRemover(this, nodes);
        this.renamer = new Renamer(nodes, remover);
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
        return new DirectoryStore(source.toString(), fd, attributes, options);
    }

    /**
     * The node of the directory itself.
     *
     * @return the root, which is never dropped
     */
    public SourceNode root() {
        return nodes.root();
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
        return nodes.size();
    }

    /** Whether inodes can be opened by handle, by the file system and the privileges there are. */
    boolean usesHandles() {
        return handles.areUsable();
    }

    boolean isRoot(final SourceNode node) {
        return node == nodes.root();
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
        return nodes.lookup(parent, name, out);
    }

    /** Called by a node when its last reference is gone. */
    void dropped(final SourceNode node) {
        nodes.remove(node);
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
        return maker.create(uid, gid, parent, name, mode, umask, out);
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
        return maker.make(uid, gid, parent, name, mode, umask, out,
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
        return maker.make(uid, gid, parent, name, mode, umask, out, (at, bits) -> PosixNames.mkdirat(at, name, bits));
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
        return maker.make(uid, gid, parent, name, 0777, 0, out, (at, bits) -> PosixNames.symlinkat(target, at, name));
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
        return maker.link(node, parent, name, out);
    }

    /**
     * Removes a name. A node that has no other name stays usable until it is dropped.
     *
     * @param parent a directory
     * @param name   a single component
     * @return 0 or negative errno
     */
    public int unlink(final SourceNode parent, final byte[] name) {
        return remover.remove(parent, name, 0);
    }

    /**
     * Removes an empty directory.
     *
     * @param parent a directory
     * @param name   a single component
     * @return 0 or negative errno
     */
    public int rmdir(final SourceNode parent, final byte[] name) {
        return remover.remove(parent, name, PosixNames.AT_REMOVEDIR);
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
        return renamer.rename(parent, name, newParent, newName, flags);
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
        nodes.root().unkeep();
        descriptors.closeAll();
        handles.close();
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
