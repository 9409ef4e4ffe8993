package io.quire.fuse.jnr;

import java.util.Locale;

/** The kinds of request that the kernel sends, for latencies and for log messages. */
public enum OperationKind {
    /** Finds a name in a directory. */
    LOOKUP,
    /** Gives lookup counts back, for one node or for many. */
    FORGET,
    /** Reads attributes. */
    GETATTR,
    /** Changes attributes, the size included. */
    SETATTR,
    /** Reads a symbolic link. */
    READLINK,
    /** Makes a file, fifo, socket or device. */
    MKNOD,
    /** Makes a directory. */
    MKDIR,
    /** Removes a name of a file. */
    UNLINK,
    /** Removes a directory. */
    RMDIR,
    /** Makes a symbolic link. */
    SYMLINK,
    /** Renames. */
    RENAME,
    /** Makes a hard link. */
    LINK,
    /** Opens a file. */
    OPEN,
    /** Reads from a file. */
    READ,
    /** Writes to a file. */
    WRITE,
    /** One descriptor was closed. */
    FLUSH,
    /** The last descriptor of an open file was closed. */
    RELEASE,
    /** Makes a file durable. */
    FSYNC,
    /** Opens a directory. */
    OPENDIR,
    /** Reads directory entries. */
    READDIR,
    /** The last descriptor of an open directory was closed. */
    RELEASEDIR,
    /** Makes a directory durable. */
    FSYNCDIR,
    /** Reads the file system's statistics. */
    STATFS,
    /** Sets an extended attribute. */
    SETXATTR,
    /** Reads an extended attribute. */
    GETXATTR,
    /** Lists extended attributes. */
    LISTXATTR,
    /** Removes an extended attribute. */
    REMOVEXATTR,
    /** Checks permissions. */
    ACCESS,
    /** Makes and opens a file. */
    CREATE,
    /** Device control. */
    IOCTL,
    /** Allocates or punches. */
    FALLOCATE;

    private final String label = name().toLowerCase(Locale.ROOT);

    /**
     * The kind's name in statistics.
     *
     * @return the name in lower case, such as {@code getattr}
     */
    public String label() {
        return label;
    }
}
