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
    /** A reader has read a root word that is the only entry, and will read the index of that entry. The number is 0. */
    ROOT_READ_ALONE,
    /** That reader has read the index, and will read the root word again. The number is 0. */
    INDEX_READ_ALONE,
    /** The last entry but one has left: the other is about to move from its leaf into the root word. The number is its index. */
    COLLAPSE,
    /** The root word is the last entry; the nodes that led to it are not emptied yet. The number is its index. */
    COLLAPSED,
    /** Who asks for a mark without the lock has read the root word. The number is 0. */
    ROOT_READ_FOR_MARKS
}
