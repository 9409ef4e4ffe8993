package io.quire.fuse.trace;

import java.util.Locale;

/**
 * What a record tells of. Its number in the file never changes. Unless said otherwise node is the file or directory, and
 * fields that are not named are 0. Failed operations are recorded too; what they would have found or made is then 0.
 */
public enum TraceKind {
    /** Finds a name: node is the directory, argument the node found (0 for none), length its size. One kernel reference. */
    LOOKUP(1),
    /** Gives kernel references back: length is how many. */
    FORGET(2),
    /** Reads attributes: length is the size. */
    GETATTR(3),
    /** Changes attributes: argument is the kernel's mask; with {@code FATTR_SIZE} (8) in it, offset is the new size. */
    SETATTR(4),
    /** Reads a symbolic link. */
    READLINK(5),
    /** Makes a file or device: node is the directory, argument the new node. One kernel reference. */
    MKNOD(6),
    /** Makes a directory: node is the directory, argument the new node. One kernel reference. */
    MKDIR(7),
    /** Removes a name: node is the directory. */
    UNLINK(8),
    /** Removes a directory: node is the one that holds it. */
    RMDIR(9),
    /** Makes a symbolic link: node is the directory, argument the new node. One kernel reference. */
    SYMLINK(10),
    /** Renames: node is the directory, argument the new directory. */
    RENAME(11),
    /** Makes a hard link: node is the new directory, argument the node. One kernel reference. */
    LINK(12),
    /** Opens a file: argument has the flags of open(2), handle is the new handle. */
    OPEN(13),
    /** Reads: offset and length as asked, result the bytes read. */
    READ(14),
    /** Writes: offset, of an append where it went, and length as asked, result the bytes written. */
    WRITE(15),
    /** A descriptor was closed: handle. */
    FLUSH(16),
    /** The last descriptor was closed: handle. */
    RELEASE(17),
    /** Makes a file durable: handle, argument 1 for data only. */
    FSYNC(18),
    /** Opens a directory: handle is the new handle. */
    OPENDIR(19),
    /** Reads entries: handle, offset. */
    READDIR(20),
    /** The last descriptor of a directory was closed: handle. */
    RELEASEDIR(21),
    /** Makes a directory durable: handle, argument 1 for data only. */
    FSYNCDIR(22),
    /** Reads the filesystem's statistics. */
    STATFS(23),
    /** Sets an extended attribute. */
    SETXATTR(24),
    /** Reads an extended attribute. */
    GETXATTR(25),
    /** Lists extended attributes. */
    LISTXATTR(26),
    /** Removes an extended attribute. */
    REMOVEXATTR(27),
    /** Checks permissions: argument is the mask. */
    ACCESS(28),
    /** Makes and opens a file: node is the directory, argument the new node, handle the new handle, length its size, offset
     *  the flags of open(2). One kernel reference. */
    CREATE(29),
    /** Allocates or frees space: handle, offset, length, argument is the mode of fallocate(2). */
    FALLOCATE(30);

    private static final TraceKind[] BY_NUMBER = new TraceKind[values().length + 1];

    static {
        for (final TraceKind kind : values()) {
            BY_NUMBER[kind.number] = kind;
        }
    }

    private final int number;
    private final String label = name().toLowerCase(Locale.ROOT);

    TraceKind(final int number) {
        this.number = number;
    }

    /**
     * The kind's number in the file.
     *
     * @return 1 to 255
     */
    public int number() {
        return number;
    }

    /**
     * The kind's name in reports.
     *
     * @return the name in lower case, such as {@code getattr}
     */
    public String label() {
        return label;
    }

    /** The kind of a number, or null. */
    static TraceKind of(final int number) {
        return number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }
}
