package io.quire.fuse.vfs;

/** Takes the entries of a directory, one by one, until it is full. */
@FunctionalInterface
public interface DirectorySink {
    /**
     * Offers an entry.
     *
     * @param name       name, without NUL; only valid during the call
     * @param ino        inode number at the source
     * @param type       DT_ type of readdir(3), which is the file type of the mode shifted right by 12; 0 unknown
     * @param nextOffset where to go on after this entry
     * @return false when there was no room: the entry was not taken and will be offered again by the next readdir at
     *         the {@code nextOffset} of the entry before it
     */
    boolean add(byte[] name, long ino, int type, long nextOffset);
}
