package io.quire.fuse.vfs;

import java.util.concurrent.atomic.AtomicLong;

import org.jctools.maps.NonBlockingHashMapLong;

/** What the kernel has open, by the numbers it was given. Thread-safe. */
final class HandleTable {
    private final NonBlockingHashMapLong<FileHandle> files = new NonBlockingHashMapLong<>();
    private final NonBlockingHashMapLong<DirectoryHandle> directories = new NonBlockingHashMapLong<>();
    private final AtomicLong last = new AtomicLong();

    /** Gives a file a number. */
    long add(final FileHandle handle) {
        final long fh = last.incrementAndGet();
        files.put(fh, handle);
        return fh;
    }

    /** Gives a directory a number. */
    long add(final DirectoryHandle handle) {
        final long fh = last.incrementAndGet();
        directories.put(fh, handle);
        return fh;
    }

    /** A file, or null when no open one has the number. */
    FileHandle file(final long fh) {
        return files.get(fh);
    }

    /** A directory, or null when no open one has the number. */
    DirectoryHandle directory(final long fh) {
        return directories.get(fh);
    }

    /** Takes a number back; null when no open file has it. */
    FileHandle removeFile(final long fh) {
        return files.remove(fh);
    }

    /** Takes a number back; null when no open directory has it. */
    DirectoryHandle removeDirectory(final long fh) {
        return directories.remove(fh);
    }

    long[] openFiles() {
        return files.keySetLong();
    }

    long[] openDirectories() {
        return directories.keySetLong();
    }

    int size() {
        return files.size() + directories.size();
    }
}
