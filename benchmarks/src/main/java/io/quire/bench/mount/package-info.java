/**
 * The mount beside its peers: Quire by each write policy, the C file systems that pass through, and the bare directory, all over one
 * source, measured in turns.
 *
 * <p>{@link io.quire.bench.mount.Compare} is the way in ({@code scripts/compare}). A {@code Session} takes one {@code Place} after the
 * other; for each it has a {@code Site}, the source with every {@code Server} mounted over it, and runs each {@code Workload} on each of
 * them, repetition by repetition. What a workload gives, nanoseconds for an operation of a {@code Row}, goes into {@code Results}; a
 * {@code Table}, a {@code Chart} and JSON are made of these. See {@code native-notes/comparison.md}.
 */
package io.quire.bench.mount;
