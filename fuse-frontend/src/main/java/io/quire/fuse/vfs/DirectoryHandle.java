package io.quire.fuse.vfs;

import io.quire.engine.store.DirectoryStream;

/**
 * A directory that the kernel has open.
 *
 * @param inode  the directory
 * @param stream its entries
 */
record DirectoryHandle(Inode inode, DirectoryStream stream) {
}
