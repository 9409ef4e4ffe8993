/**
 * The {@code jnr} transport: mounted and negotiated by libfuse 2.9's low-level interface through jnr-ffi, served by Java threads.
 *
 * <p>The door is {@link io.quire.fuse.jnr.JnrTransport}. It mounts, starts long-lived platform threads that read
 * requests, and translates each into one call of {@link io.quire.fuse.vfs.FileSystem}; nothing else is decided here.
 * The rules it keeps (each request answered exactly once, nothing thrown into native code, who frees what) are numbered
 * in {@code native-notes/fuse-protocol.md} as F1 and following.
 */
package io.quire.fuse.jnr;
