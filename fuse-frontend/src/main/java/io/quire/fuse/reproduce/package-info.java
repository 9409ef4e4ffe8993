/**
 * Writes a file from a mapping of the same file, which is what once deadlocked kernels that kept a batch of pages locked
 * while they copied: on a mount, with mmap and pwritev of the kernel, and inside the engine, with its own regions.
 *
 * <p>{@link io.quire.fuse.reproduce.WriteCase} says what is written from where, and {@link
 * io.quire.fuse.reproduce.CaseRunner} what the file must hold afterwards; both know nothing of how a {@link
 * io.quire.fuse.reproduce.CaseFile} writes. {@link io.quire.fuse.reproduce.EngineReproducer} runs the cases in this process,
 * {@link io.quire.fuse.reproduce.MountWorker} in one of its own, because a thread that is stuck in the kernel takes its
 * process along; {@link io.quire.fuse.reproduce.Watchdog} looks after that. The story is in
 * {@code native-notes/deadlock.md}.
 */
package io.quire.fuse.reproduce;
