package io.quire.engine.lock;

/**
 * The classes of the engine's locks, outermost first: a thread that holds a lock may wait only for locks of later classes,
 * or for a lock of the same class whose order is declared (ascending page index within a mapping, ascending stripe within
 * a table) or was learnt.
 *
 * <p>The order is the one written at the head of Linux's {@code mm/rmap.c} and {@code mm/filemap.c}, reduced to the locks
 * that the engine has.
 */
public enum LockClass {
    /** The capacity of a cache: resize and compaction against each other. */
    CAPACITY,
    /** The write lock of a mapping: its size, and writers of it against each other. */
    MAPPING,
    /** The table of mapped regions. */
    REGIONS,
    /** A stripe of the fault-mutex table: fills of an index against each other and against truncation. */
    STRIPE,
    /** A page lock: the page's binding, and its bytes while they are not uptodate. Several in ascending index. */
    PAGE,
    /** The lock of a mapping's tree: slots and marks. */
    TREE,
    /** The list of mappings: opening, teardown and walks. */
    MAPPINGS,
    /** Free frames and replacement queues. */
    ALLOCATOR,
    /** A bucket of the wait table: its queue and the WAITERS bits of the pages that hash to it. A leaf. */
    WAIT_BUCKET
}
