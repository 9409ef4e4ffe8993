/**
 * The filesystem as the kernel sees it: inodes with lookup counts, open handles, credentials of the caller, and file
 * data through the page cache.
 *
 * <p>{@link io.quire.fuse.vfs.FileSystem} is what a transport calls: every operation returns zero or a positive result,
 * or a negative error number, and works on node numbers and byte-exact names. Transports only translate.
 */
package io.quire.fuse.vfs;
