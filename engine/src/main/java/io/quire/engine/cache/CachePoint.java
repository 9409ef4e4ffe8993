package io.quire.engine.cache;

/**
 * Where a test can stop a thread inside the protocols of this package ({@link io.quire.engine.lock.StopPoints}).
 * The number that goes with a point is the page index, where nothing else is said.
 */
enum CachePoint {
    // ---- lookup: Mapping.getPage ----

    /** The slot was read, and no reference is held yet: the frame may be freed and bound to another page. */
    GET_SLOT_READ,
    /** A reference is held, and slot and binding have not been looked at again. */
    GET_REFERENCED,

    // ---- optimistic read: Mapping.readResident, readHinted ----

    /** State and binding were found good, and nothing was copied yet. */
    COPY_STATE_READ,
    /** The bytes were copied, and the state has not been read again. */
    COPY_DONE,

    // ---- reading through the cache and fault: PageFiller ----

    /** A page was found or faulted in; its reference is held and it may not be uptodate. */
    READ_HAS_PAGE,
    /** The page is uptodate, and the size has not been compared for the copy. */
    READ_UPTODATE,
    /** How much to copy was computed from the size, and nothing was copied. */
    READ_SIZE_READ,
    /** A miss; the fault mutex is not held yet. */
    FAULT_MISSED,
    /** The fault mutex is held, and nothing was looked at under it. */
    FAULT_HAS_STRIPE,
    /** The index was found below the size, under the fault mutex; no frame was taken. */
    FAULT_SIZE_CHECKED,
    /** A frame is at hand, and the page is not in the tree; the fault mutex is held. */
    FAULT_HAS_FRAME,
    /** The page is in the tree, locked and not uptodate; the fault mutex is still held. */
    FAULT_INSERTED,
    /** As before, with the fault mutex given back; the window has not been gathered. */
    FAULT_LEFT_STRIPE,
    /** A further page of the window was found missing and below the size; its fault mutex is held. */
    WINDOW_SIZE_CHECKED,
    /** A further page of the window is in the tree; its fault mutex is still held. */
    WINDOW_INSERTED,
    /** The pages of the window, of which the index is the first, are about to be read from the store. */
    FILL_BEFORE_READ,
    /** The store has answered; no page of the window was settled. */
    FILL_BEFORE_SETTLE,
    /** How many bytes of the page are valid was computed from the size; it is neither zeroed behind them nor unlocked. */
    FILL_SIZE_READ,

    // ---- showing a page in a region: FilePages.tryShow; and writeback: DirtyPages ----

    /** The page was found good and unlocked; its map count was not raised. */
    SHOW_CHECKED,
    /** Its map count was raised; it was not looked at again. */
    SHOW_RAISED,
    /** The pages of a run, of which the index is the first, are not dirty any more and write-protected; the store was not asked. */
    WRITEBACK_PROTECTED,

    // ---- compound pages: LargePages. The index is that of the head ----

    /** A compound page would fit: frames are about to be looked for. */
    LARGE_WANTED,
    /** A block of frames is at hand, of a size that fits the file; the tree lock is not held. */
    LARGE_HAS_FRAMES,
    /** A compound page is in the tree, locked and not uptodate; the fault mutex of its first index is held, if any. */
    LARGE_INSERTED,
    /** Who wants the lock of a page by a tail has read which head it has. The index is that which the tail is bound to. */
    LOCK_HEAD_READ,
    /** A compound page is about to be split; page lock and tree lock are held. */
    SPLIT_BEGUN,
    /** Its frames are pages of their own, and stand in the replacement queues; the locks are still held. */
    SPLIT_DONE,

    // ---- truncate and its kin: PageRemover. The index is the first page beyond the new size ----

    /** The smaller size is not visible yet. */
    TRUNCATE_BEFORE_PUBLISH,
    /** The smaller size is visible; no fault mutex was passed. */
    TRUNCATE_SIZE_PUBLISHED,
    /** Every fault mutex was passed; no page was removed. */
    TRUNCATE_STRIPES_PASSED,
    /** A pass over the pages ended that found some; another will follow. */
    TRUNCATE_BETWEEN_PASSES,
    /** No page is left beyond the size; the tail of the last page was not zeroed. */
    TRUNCATE_BEFORE_TAIL,
    /** The tail is zero; the store has still the old size. */
    TRUNCATE_BEFORE_STORE,
    /** A growing truncate has zeroed the tail; the store was not asked. */
    GROW_TAIL_SETTLED,
    /** A growing truncate has the store's consent; the larger size was not published. */
    GROW_BEFORE_PUBLISH,
    /** A page that was cut off too early has left, under its fault mutex; the larger size was not published. */
    RESTORE_PAGE_REMOVED,
    /** A closed mapping is torn down; no fault mutex was passed. */
    TEARDOWN_BEGUN,
    /** A closed mapping is torn down; every fault mutex was passed, no page was removed. */
    TEARDOWN_STRIPES_PASSED,

    // ---- removal in batches. The index is that of the first page of the batch ----

    /** A batch of pages was found and referenced; none is locked. */
    REMOVE_COLLECTED,
    /** The pages of a batch are locked; all are in the tree. */
    REMOVE_LOCKED,
    /** The last page was found and referenced, and is not locked; its tail, or a part of it, is to be zeroed. */
    ZERO_FOUND,

    // ---- punch ----

    /** The store has not been asked for the hole. */
    PUNCH_BEFORE_STORE,
    /** The hole is in the store; no page was looked for. */
    PUNCH_STORED,
    /** A page of the hole was found and referenced; its fault mutex is not held. */
    PUNCH_FOUND,
    /** Its fault mutex is held; its page lock is not. */
    PUNCH_HAS_STRIPE,
    /** Both are held; the page is in the tree. */
    PUNCH_HAS_PAGE,

    // ---- eviction: Reclaimer ----

    /** The victim is referenced; its lock was not tried. */
    EVICT_REFERENCED,
    /** Its lock is held; its tree's lock was not tried. */
    EVICT_LOCKED,
    /** Its count is frozen; it was not tested for dirt. Tree lock held. */
    EVICT_FROZEN,
    /** Its slot holds a shadow; the frame is not unbound. Tree lock held. */
    EVICT_SHADOWED,
    /** It is out of the tree and unbound, the tree lock given back; it is locked, and its frame is not free. */
    EVICT_DETACHED,

    // ---- write: WriteOperation ----

    /** The page was found and referenced, and is not locked. */
    WRITE_FOUND,
    /** The page was missing and a frame is at hand; it is not in the tree. */
    WRITE_HAS_FRAME,
    /** The page is grabbed: locked, nothing copied into it. */
    WRITE_GRABBED,
    /** The page is unlocked and uptodate; its bytes are not in the store. */
    WRITE_UNLOCKED,
    /** The batch, of which the index is the first page, is about to go to the store. */
    WRITE_BEFORE_STORE,
    /** The batch is in the store; a larger size was not published. */
    WRITE_STORED,

    // ---- migration: Migrator ----

    /** The page was found and referenced; its lock was not tried. */
    MIGRATE_REFERENCED,
    /** Its lock is held; it was not looked at under it. */
    MIGRATE_LOCKED,
    /** It was taken back from regions; its count is not frozen, and the tree lock not held. */
    MIGRATE_UNMAPPED,
    /** Its count is frozen, under the tree lock; the new frame is not bound. */
    MIGRATE_FROZEN,
    /** The new frame is bound and locked; it has neither bytes nor UPTODATE. Tree lock held. */
    MIGRATE_BOUND,
    /** The new frame has the bytes and is uptodate; the slot holds the old one. Tree lock held. */
    MIGRATE_COPIED,
    /** The slot holds the new frame; the old one is bound still. Tree lock held. */
    MIGRATE_REPLACED,

    // ---- the close of a handle: CachedFile ----

    /** The handle is marked closed; its mapping does not know. */
    CLOSE_MARKED,

    // ---- the list of mappings: MappingTable ----

    /** A mapping that is torn down has lost its pages and was seen not to be held; the list's mutex was not taken. */
    TEARDOWN_NOT_HELD,
    /** It was found held after all, under the list's mutex, which was given back; it will be waited for again. */
    TEARDOWN_HELD_AGAIN,
    /** A mapping is held by a walk over all of them, and the list's mutex given back. */
    WALK_HELD
}
