/**
 * Traces: what a mount was asked to do, recorded operation by operation, and replayed into a page cache.
 *
 * <p>{@link io.quire.fuse.trace.TraceLayout} says how a trace looks. {@link io.quire.fuse.trace.TraceReader} is the door for
 * those who read one: its records, and the pages that they touched. The invariants are in {@code native-notes/traces.md}.
 */
package io.quire.fuse.trace;
