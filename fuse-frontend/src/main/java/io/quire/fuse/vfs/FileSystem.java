package io.quire.fuse.vfs;

import io.quire.engine.store.Attributes;
import io.quire.engine.store.FileSystemStatistics;
import java.util.function.LongConsumer;

/**
 * A filesystem as a FUSE transport drives it. Nodes are numbers, names are bytes without NUL, results are zero or
 * positive, and errors are negative error numbers. The out-parameters are reusable holders owned by the calling worker
 * thread. Thread-safe.
 *
 * <p>No operation throws, except for a defect in the implementation, which a transport answers with EIO and logs.
 *
 * <p>The kernel checks permissions ({@code default_permissions}) and keeps file locks; names given here are single
 * components. Kernel umasks are not applied by the kernel (FUSE_DONT_MASK): the file system applies them.
 */
public interface FileSystem extends AutoCloseable {
    /** Node number of the root directory. */
    long ROOT = 1;

    /**
     * Where to send word that the kernel's pages of a node are out of date. It is called from a thread of the file
     * system's own, never from within an operation, so that it may block until the kernel has dropped the pages.
     *
     * @param consumer takes the node number; may throw nothing
     */
    void notifier(LongConsumer consumer);

    /**
     * Finds a name in a directory. On success the node has one more kernel reference.
     *
     * @param c      on whose behalf
     * @param parent directory
     * @param name   a single component
     * @param out    filled in on success; {@link Entry#node} is 0 with a result of 0 when the kernel may remember that
     *               the name does not exist
     * @return 0, or a negative error number
     */
    int lookup(Caller c, long parent, byte[] name, Entry out);

    /**
     * Gives kernel references back.
     *
     * @param node  node
     * @param count how many, 0 or more
     */
    void forget(long node, long count);

    /**
     * Reads attributes.
     *
     * @param node node
     * @param fh   handle, 0 for none
     * @param out  filled in
     * @return 0, or a negative error number
     */
    int getattr(long node, long fh, Attributes out);

    /**
     * Changes attributes.
     *
     * @param c     on whose behalf
     * @param node  node
     * @param fh    handle, 0 for none
     * @param valid which fields count, bits of {@link SetAttributes}; other bits are ignored
     * @param in    the new values
     * @param out   filled in with the attributes afterwards
     * @return 0, or a negative error number
     */
    int setattr(Caller c, long node, long fh, int valid, SetAttributes in, Attributes out);

    /**
     * How long the kernel may believe attributes that {@link #getattr} and {@link #setattr} answered.
     *
     * @return nanoseconds
     */
    long attrTimeoutNanos();

    /**
     * Reads where a symbolic link points.
     *
     * @param node   node
     * @param target filled in from the start; 4096 bytes hold any target
     * @return length of the target, or a negative error number
     */
    int readlink(long node, byte[] target);

    /**
     * Makes a file, device node, fifo or socket file.
     *
     * @param c      who will own it
     * @param parent directory
     * @param name   a single component
     * @param mode   type and permission bits
     * @param umask  umask of the caller, not applied yet
     * @param rdev   device number as makedev(3) composes it
     * @param out    filled in; the node has one more kernel reference
     * @return 0, or a negative error number
     */
    int mknod(Caller c, long parent, byte[] name, int mode, int umask, long rdev, Entry out);

    /**
     * Makes a directory.
     *
     * @param c      who will own it
     * @param parent directory
     * @param name   a single component
     * @param mode   permission bits
     * @param umask  umask of the caller, not applied yet
     * @param out    filled in; the node has one more kernel reference
     * @return 0, or a negative error number
     */
    int mkdir(Caller c, long parent, byte[] name, int mode, int umask, Entry out);

    /**
     * Removes a name of something that is not a directory.
     *
     * @param c      on whose behalf
     * @param parent directory
     * @param name   a single component
     * @return 0, or a negative error number
     */
    int unlink(Caller c, long parent, byte[] name);

    /**
     * Removes an empty directory.
     *
     * @param c      on whose behalf
     * @param parent directory
     * @param name   a single component
     * @return 0, or a negative error number
     */
    int rmdir(Caller c, long parent, byte[] name);

    /**
     * Makes a symbolic link.
     *
     * @param c      who will own it
     * @param target where it points, any bytes but NUL
     * @param parent directory
     * @param name   a single component
     * @param out    filled in; the node has one more kernel reference
     * @return 0, or a negative error number
     */
    int symlink(Caller c, byte[] target, long parent, byte[] name, Entry out);

    /**
     * Renames, replacing what has the new name.
     *
     * @param c         on whose behalf
     * @param parent    directory
     * @param name      a single component
     * @param newParent directory
     * @param newName   a single component
     * @return 0, or a negative error number
     */
    int rename(Caller c, long parent, byte[] name, long newParent, byte[] newName);

    /**
     * Gives a node another name.
     *
     * @param c         on whose behalf
     * @param node      node, not a directory
     * @param newParent directory
     * @param newName   a single component
     * @param out       filled in; the node has one more kernel reference
     * @return 0, or a negative error number
     */
    int link(Caller c, long node, long newParent, byte[] newName, Entry out);

    /**
     * Opens a regular file.
     *
     * @param c     on whose behalf
     * @param node  node
     * @param flags as in open(2), Linux values; O_TRUNC is obeyed
     * @param out   filled in
     * @return 0, or a negative error number
     */
    int open(Caller c, long node, int flags, OpenResult out);

    /**
     * Makes a regular file, unless the name exists, and opens it.
     *
     * @param c      who will own it
     * @param parent directory
     * @param name   a single component
     * @param mode   permission bits
     * @param umask  umask of the caller, not applied yet
     * @param flags  as in open(2), Linux values; O_EXCL and O_TRUNC are obeyed
     * @param entry  filled in; the node has one more kernel reference
     * @param out    filled in
     * @return 0, or a negative error number
     */
    int create(Caller c, long parent, byte[] name, int mode, int umask, int flags, Entry entry, OpenResult out);

    /**
     * Reads from an open file.
     *
     * @param node    node
     * @param fh      handle
     * @param offset  first byte, 0 or more
     * @param address absolute address of the target
     * @param length  bytes, 0 or more
     * @return bytes read, fewer only at the end of the file, or a negative error number
     */
    int read(long node, long fh, long offset, long address, int length);

    /**
     * Writes to an open file.
     *
     * @param node    node
     * @param fh      handle
     * @param offset  first byte, 0 or more
     * @param address absolute address of the source
     * @param length  bytes, 0 or more
     * @return bytes written, fewer than asked when the source stopped early, or a negative error number
     */
    int write(long node, long fh, long offset, long address, int length);

    /**
     * Tells that a descriptor of the handle is being closed.
     *
     * @param fh handle
     * @return 0, or a negative error number
     */
    int flush(long fh);

    /**
     * Writes at the end of a file, wherever that is by now.
     *
     * @param node    node
     * @param fh      handle
     * @param offset  where the caller believes the end to be, bytes
     * @param address native address of the data
     * @param length  bytes to write
     * @param out     where they went, when bytes were written
     * @return bytes written, or a negative error number
     */
    default int append(final long node, final long fh, final long offset, final long address, final int length, final Appended out) {
        out.offset = offset;
        return write(node, fh, offset, address, length);
    }

    /**
     * Gives a handle back.
     *
     * @param fh handle, no longer valid afterwards
     * @return 0, or a negative error number
     */
    int release(long fh);

    /**
     * Waits until a file is on stable storage. An error of an earlier write is told once per handle.
     *
     * @param fh       handle
     * @param dataOnly whether attributes that reading does not need may stay behind
     * @return 0, or a negative error number
     */
    int fsync(long fh, boolean dataOnly);

    /**
     * Opens a directory for reading.
     *
     * @param c    on whose behalf
     * @param node node
     * @param out  filled in
     * @return 0, or a negative error number
     */
    int opendir(Caller c, long node, OpenResult out);

    /**
     * Offers entries from an offset on, until the sink is full or the directory ends. Includes "." and "..".
     *
     * @param fh     handle
     * @param offset 0 for the beginning, otherwise the {@code nextOffset} of an entry
     * @param sink   takes the entries
     * @return 0, or a negative error number
     */
    int readdir(long fh, long offset, DirectorySink sink);

    /**
     * Gives a directory handle back.
     *
     * @param fh handle, no longer valid afterwards
     * @return 0, or a negative error number
     */
    int releasedir(long fh);

    /**
     * Waits until a directory is on stable storage.
     *
     * @param fh       handle
     * @param dataOnly whether attributes that reading does not need may stay behind
     * @return 0, or a negative error number
     */
    int fsyncdir(long fh, boolean dataOnly);

    /**
     * Reads the numbers of the source's filesystem.
     *
     * @param node any node
     * @param out  filled in
     * @return 0, or a negative error number
     */
    int statfs(long node, FileSystemStatistics out);

    /**
     * Sets an extended attribute.
     *
     * @param c     on whose behalf
     * @param node  node
     * @param name  with its namespace, such as {@code user.x}
     * @param value value
     * @param flags 0, XATTR_CREATE (1) or XATTR_REPLACE (2)
     * @return 0, or a negative error number
     */
    int setxattr(Caller c, long node, byte[] name, byte[] value, int flags);

    /**
     * Reads an extended attribute.
     *
     * @param node  node
     * @param name  with its namespace
     * @param value filled in from the start; empty (or null) only asks for the size
     * @return size of the value, or a negative error number: ERANGE when it does not fit
     */
    int getxattr(long node, byte[] name, byte[] value);

    /**
     * Lists the names of the extended attributes.
     *
     * @param node node
     * @param list filled in from the start with names, each followed by NUL; empty (or null) only asks for the size
     * @return size of the list, or a negative error number: ERANGE when it does not fit
     */
    int listxattr(long node, byte[] list);

    /**
     * Removes an extended attribute.
     *
     * @param c    on whose behalf
     * @param node node
     * @param name with its namespace
     * @return 0, or a negative error number
     */
    int removexattr(Caller c, long node, byte[] name);

    /**
     * Checks permissions as access(2) does. The kernel does this itself under {@code default_permissions}.
     *
     * @param c    on whose behalf
     * @param node node
     * @param mask R_OK 4, W_OK 2, X_OK 1, or F_OK 0
     * @return 0, or a negative error number
     */
    int access(Caller c, long node, int mask);

    /**
     * Allocates or frees space of a file.
     *
     * @param node   node
     * @param fh     handle
     * @param mode   as in fallocate(2)
     * @param offset first byte, 0 or more
     * @param length bytes, 1 or more
     * @return 0, or a negative error number: EOPNOTSUPP for modes that the source does not have
     */
    int fallocate(long node, long fh, int mode, long offset, long length);

    /** Gives every descriptor and page back. No operation may run then or later. */
    @Override
    void close();
}
