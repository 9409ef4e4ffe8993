package io.quire.engine.tree;

/**
 * Where tests can stop, or count, what goes on in a tree ({@link io.quire.engine.lock.StopPoints}). There is no
 * mapping.
 */
enum TreePoint {
    /** An ordered search is about to look at the marks of a node. The number is the index of the node's first page. */
    SCAN_NODE,
    /** A lookup without the lock has read the word of a node, and will read a slot of that node. The number is the index looked for. */
    LOOKUP_NODE,
    /** Who asks for a mark without the lock has read the root word. The number is 0. */
    ROOT_READ_FOR_MARKS
}
