/**
 * The {@code quire} command: {@code mount}, {@code umount}, {@code stats}, {@code demo}. {@link
 * io.quire.fuse.command.Main} is the door.
 *
 * <p>A mount has two sides. The daemon ({@code Daemon}) owns the cache, the filesystem and the transport, and leaves
 * its counters, its control socket and a description of itself in a state directory ({@code MountState}). The other
 * commands are short-lived readers of that directory and of the kernel's mount table ({@code MountTable}); they never
 * touch the mount itself, because a mount whose daemon is gone or stuck would take them along.
 */
package io.quire.fuse.command;
