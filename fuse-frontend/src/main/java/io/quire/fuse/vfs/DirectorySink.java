package io.quire.fuse.vfs;

import io.quire.engine.store.DirectoryStream;

/**
 * Takes the entries of a directory, one by one, until it is full: one that was not taken will be offered again by the next readdir
 * at the {@code nextOffset} of the entry before it. A name is only valid during the call; inode numbers are the source's.
 */
@FunctionalInterface
public interface DirectorySink extends DirectoryStream.Sink {
}
